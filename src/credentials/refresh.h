/* When to ask for credentials next. Pure: time is a parameter, in wall seconds,
 * so that a clock that is set, or a machine that slept, is noticed. */
#ifndef CREDENTIALS_REFRESH_H
#define CREDENTIALS_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

struct refresh {
	int64_t ttl_s;      /* the longest promised life of a URL */
	int64_t life_s;     /* the longest life of one: with its window */
	int64_t due_at;     /* 0: now */
	int64_t asked_at;   /* a clock that is before it was set back */
	unsigned failures;  /* since the last success */
};

/* URLs with these lives are signed too. */
void refresh_cover(struct refresh *r, int64_t ttl_s, int64_t window_s);

/* Some came; ends_at is their end (perhaps CREDENTIALS_NO_END), and are_new
 * says whether they are others than before. reread_s: what has no end is asked
 * for again that often, 0: never. */
void refresh_got(struct refresh *r, int64_t ends_at, bool are_new,
    int64_t reread_s, int64_t now_s);

/* None came. ends_at is the end of those that are there, or 0. */
void refresh_failed(struct refresh *r, int64_t ends_at, int64_t now_s);

bool refresh_is_due(const struct refresh *r, int64_t now_s);

/* Whether it has become urgent: there are none, or they end soon. */
bool refresh_insists(
    const struct refresh *r, int64_t ends_at, int64_t now_s);

#endif
