/* The scope of one request: its memory, its deadline, its tag in the log and
 * what went wrong. Every step receives it; a step that returns false has
 * told the scope why, once. */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include "base/arena.h"
#include "base/text.h"

/* What a client is told about a failure; src/api/problem.h has the table. */
struct problem;

struct scope {
	struct arena *arena;
	int64_t deadline_ms; /* monotonic; nothing may wait longer */
	int64_t now_us;      /* wall time at which the request was begun */
	char id[27];         /* the request's ULID */
	const struct problem *problem;
	char cause[256];     /* for the log only; "" when there is none */
};

void scope_init(struct scope *s, struct arena *arena, int64_t deadline_ms,
    int64_t now_us);

/* Says what the client will be told, unless something has been said before.
 * Always false, so that a step can return it. */
bool scope_fail(struct scope *s, const struct problem *problem);

/* Says why, to the log; the first cause stays. Never a key, a payload or a
 * signed URL. */
void scope_cause(struct scope *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Milliseconds until the deadline, never negative. */
int scope_left_ms(const struct scope *s);

#endif
