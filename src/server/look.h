/* A look: one read of the database on behalf of requests that wait for the
 * same job, and what it means for each of them. Run by a worker. */
#ifndef SERVER_LOOK_H
#define SERVER_LOOK_H

#include "api/again.h"
#include "server/waiter.h"

struct app;
struct arena;
struct response;

/* No more than so many at once, so that workers share a crowd. */
enum { LOOK_MAX = 4096 };

struct look {
	STAILQ_ENTRY(look) entry; /* the hub's */
	struct hub_job *job;      /* the reactor's */
	bool alone;               /* it is for one who is far behind */
	bool one_page;            /* nobody in it wants more than it reads */
	struct again_span span;
	struct waiter **waiters;
	size_t n, room;

	/* what came of it */
	bool reached;     /* the database has answered */
	bool found;       /* there is such a job */
	bool cut;         /* events were left for another look */
	bool news;        /* there was something to tell */
	int64_t last_seq; /* the job's */
};

STAILQ_HEAD(look_list, look);

/* An empty look, at no more than so much. */
struct look *look_new(
    struct hub_job *job, int64_t max_events, int64_t max_bytes);
/* The waiters are not the look's. */
void look_free(struct look *l);

/* Adds a waiter, and what it wants to see to the span. */
void look_add(struct look *l, struct waiter *w);

/* What a worker lends: arenas for the whole look and for one waiter at a
 * time, and a response. */
struct look_tools {
	const struct app *app;
	struct arena *whole;
	struct arena *each;
	struct response *response;
};

/* Looks, and answers whom there is something to tell. Resets the arenas. */
void look_run(struct look *l, const struct look_tools *tools);

#endif
