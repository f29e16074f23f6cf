/* A connection from a web server, and the lists in which the reactor keeps
 * them. Each state has one time-out, so each list is in the order of its
 * deadlines. */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include "server/gate.h"
#include "server/outq.h"

#include <sys/queue.h>

struct task;
struct waiter;

enum conn_state {
	CONN_IDLE,    /* kept; the next request has not begun */
	CONN_HEAD,    /* a request is arriving */
	CONN_BUSY,    /* its task is in the queue or with a worker */
	CONN_HELD,    /* its request waits for something to happen */
	CONN_SENDING, /* the peer is slow to take the answer */
	CONN_CLOSED,  /* only its memory is left, for events under way */
	N_CONN_STATES,
};

struct conn {
	TAILQ_ENTRY(conn) entry;
	int fd;
	enum conn_state state;
	int64_t deadline_ms; /* monotonic; INT64_MAX: none */
	struct gate gate;
	struct task *task;   /* while busy */
	struct waiter *waiter; /* while held, also if the peer is slow then */
	struct outq out;
	struct buf early;    /* what came behind the request's end */
	bool readable;       /* something came that has not been read */
	bool ended;          /* the peer sends no more */
};

TAILQ_HEAD(conn_list, conn);

struct conns {
	struct conn_list in[N_CONN_STATES];
	size_t n; /* without the closed ones */
};

void conns_init(struct conns *all);

/* A new connection, which is to send a request: CONN_HEAD. */
struct conn *conn_new(struct conns *all, int fd, int64_t now_ms);
/* Closes the descriptor; the memory stays until conns_reap(). */
void conn_close(struct conns *all, struct conn *c);
void conns_reap(struct conns *all);

/* Starts the state's time-out, also when it is the state already. */
void conn_enter(struct conns *all, struct conn *c, enum conn_state state,
    int64_t now_ms);

/* A connection whose time is up, or NULL. */
struct conn *conns_expired(const struct conns *all, int64_t now_ms);
/* When the next one's time is up; INT64_MAX: never. */
int64_t conns_next_deadline(const struct conns *all);

#endif
