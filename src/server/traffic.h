/* The traffic: every connection, the requests that arrive on them and the
 * answers that go out. One thread, the reactor's. */
#ifndef SERVER_TRAFFIC_H
#define SERVER_TRAFFIC_H

#include "api/response.h"
#include "base/arena.h"
#include "server/conn.h"
#include "server/hub.h"
#include "server/timers.h"

struct crypto;
struct kit;
struct queue;

enum { TRAFFIC_INPUT_SIZE = 64 * 1024 };

struct traffic {
	int epoll; /* the reactor's; events on connections point to them */
	struct queue *queue;
	struct conns conns;
	struct hub hub;       /* who waits for what */
	struct timers timers; /* the waiters' */
	struct places *places;
	bool draining; /* connections are closed behind their answers */
	bool noticed;  /* something came for a busy one in this round */
	bool cut_off;  /* the database is away, and streams have been told */

	/* for the answers that the reactor gives itself */
	struct crypto *crypto;
	struct arena arena;
	struct response response;

	uint8_t input[TRAFFIC_INPUT_SIZE];
};

void traffic_init(struct traffic *t, int epoll, struct queue *queue,
    const struct kit *kit);
/* Closes what connections are left. No worker may have a task any more. */
void traffic_release(struct traffic *t);

/* A connection that was accepted: non-blocking. */
void traffic_add(struct traffic *t, int fd);

/* A round: its beginning takes the workers' answers, its end closes what has
 * run out of time. Between them come the events. */
void traffic_begin_round(struct traffic *t);
void traffic_take_event(struct traffic *t, struct conn *c, uint32_t events);
void traffic_end_round(struct traffic *t);

/* For what waits: the answer's bytes are sent, or in the connection's queue.
 * Goes on with whatever comes next. */
void traffic_follow(struct traffic *t, struct conn *c);
/* The connection is of no more use; why is for the log, if it has a waiter. */
void traffic_close(struct traffic *t, struct conn *c, const char *why);

/* When there is something to do next; INT64_MAX: never. */
int64_t traffic_next_deadline(const struct traffic *t);

/* From now on connections are let go as soon as nothing stands in them. */
void traffic_drain(struct traffic *t);

#endif
