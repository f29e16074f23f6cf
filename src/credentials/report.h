/* What the log is told of a store's credentials; what goes on is told once a
 * minute. Never a secret, and no key. */
#ifndef CREDENTIALS_REPORT_H
#define CREDENTIALS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct chain_step;

struct report {
	const char *store; /* its name */
	/* when each was told last */
	int64_t failure_at, clock_at, none_at;
};

/* Others have come; URLs should live for ttl_s. */
void report_success(const struct report *r, const struct chain_step *step,
    int64_t ttl_s, int64_t now_s);

/* None have come; is_urgent: there are none, or not for long. */
void report_failure(struct report *r, const struct chain_step *step,
    bool is_urgent, unsigned failures, int64_t now_s);

/* An endpoint's clock differs, if by more than stores forgive. */
void report_clock(struct report *r, int64_t ahead_s, int64_t now_s);

/* Somebody needed some, and there are none. */
void report_none(struct report *r, const char *reason, int64_t now_s);

#endif
