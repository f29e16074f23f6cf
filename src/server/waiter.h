/* A waiter: a request that is held, with its connection. The reactor's, but
 * for the time that a look has it. */
#ifndef SERVER_WAITER_H
#define SERVER_WAITER_H

#include "api/hold.h"
#include "server/outq.h"
#include "server/timers.h"

#include <sys/queue.h>

struct conn;
struct hub_job;

struct waiter {
	TAILQ_ENTRY(waiter) entry; /* in the list that it waits in, if any */
	struct conn *conn;         /* the reactor's; looks do not touch it */
	struct hub_job *job;
	struct timer timer;
	int64_t ends_ms;           /* monotonic; the end of the hold */
	bool lent;                 /* a look has it */
	bool is_blocked;           /* its peer is slow to take what was sent */

	/* for a look */
	int fd;
	uint16_t id; /* of the FastCGI request */
	struct hold hold;
	bool is_last_look;

	/* what came of it */
	enum verdict verdict;
	bool wrote;       /* something went out */
	bool broken;      /* the connection is of no more use */
	struct outq rest; /* what the peer has not taken yet */
};

TAILQ_HEAD(waiter_list, waiter);

#endif
