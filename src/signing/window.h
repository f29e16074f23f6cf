/* Windows make URLs stable: for W seconds the same time stands in all URLs
 * of a job, and every job rolls over at a moment of its own. */
#ifndef SIGNING_WINDOW_H
#define SIGNING_WINDOW_H

#include "base/text.h"

/* Wall seconds. */
struct window {
	int64_t signed_at;  /* at most now; now when there are no windows */
	int64_t rolls_at;   /* from then on the URLs differ */
	int64_t expires_at; /* at least now + ttl_s */
};

/* ttl_s is the promised life, window_s is W or 0. */
struct window window_at(
    struct text job, int64_t now_s, int64_t ttl_s, int64_t window_s);

/* The window in which URLs of both are good and stay the same. */
struct window window_of_both(
    const struct window *a, const struct window *b);

#endif
