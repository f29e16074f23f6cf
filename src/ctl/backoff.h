/* How long to wait before asking again. */
#ifndef CTL_BACKOFF_H
#define CTL_BACKOFF_H

#include <stdint.h>

/* Zeroed, nothing has failed yet. */
struct backoff {
	int failures; /* one after the other */
};

/* After one more failure: 1 to 30 s, longer from time to time, at random so
 * that many who failed together do not come back together. An answer's own
 * wish is honoured instead, from 1 s to an hour; it is -1 without one. */
int64_t backoff_fail_ms(struct backoff *b, int64_t wish_s, uint32_t random);

void backoff_reset(struct backoff *b);

/* After an answer without news, which took so long: the rest of the
 * interval, so that one who was made to wait asks again at once. */
int64_t backoff_idle_ms(int64_t interval_s, int64_t took_ms);

#endif
