/* A patrol: one question for all who wait, whether their jobs have moved and
 * their keys still live. What was lost on the way to them is found by it. */
#ifndef SERVER_PATROL_H
#define SERVER_PATROL_H

#include "api/keys.h"
#include "api/tails.h"
#include "base/arena.h"

struct app;

struct patrol {
	struct arena arena; /* the lists' */
	struct patrol_part {
		struct tail *tails;
		size_t n_tails;
		struct keys keys;
	} of[N_DATA_SETS];
	bool with_keys;

	bool reached; /* the database has answered something */
};

/* Room for so many of each, in each data set. */
struct patrol *patrol_new(const size_t *n_jobs, const size_t *n_keys);
void patrol_free(struct patrol *p);

/* Asks; run by a worker. Jobs of which nothing is learned stay unknown, keys
 * alive. */
void patrol_run(struct patrol *p, const struct app *app, struct arena *a);

#endif
