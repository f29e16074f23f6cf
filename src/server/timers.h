/* Moments at which something is to be done, the next one first: a heap. */
#ifndef SERVER_TIMERS_H
#define SERVER_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Part of what it is for, which knows it by its address. Zeroed: not set. */
struct timer {
	int64_t due_ms; /* monotonic */
	size_t place;   /* in the heap, from 1; 0: not set */
};

struct timers {
	struct timer **heap; /* heap[0] is not used */
	size_t n, room;
};

/* Sets or moves it. */
void timers_set(struct timers *all, struct timer *t, int64_t due_ms);
/* Takes it away if it is set. */
void timers_clear(struct timers *all, struct timer *t);

/* One whose moment has come, or NULL; it stays set. */
struct timer *timers_due(const struct timers *all, int64_t now_ms);
/* The next moment; INT64_MAX: none. */
int64_t timers_next(const struct timers *all);

void timers_release(struct timers *all);

#endif
