/* Lines of the log. */
#include "credentials/report.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "credentials/chain.h"
#include "credentials/credentials.h"

#include <inttypes.h>

enum {
	AGAIN_S = 60,
	SKEW_S = 300, /* what stores mostly forgive is 900 */
};

/* A clock that was set back does not silence it. */
static bool
is_time(int64_t *told_at, int64_t now_s)
{
	if (*told_at != 0 && now_s >= *told_at && now_s - *told_at < AGAIN_S)
		return false;
	*told_at = now_s;
	return true;
}

void
report_success(const struct report *r, const struct chain_step *step,
    int64_t ttl_s, int64_t now_s)
{
	int64_t ends_at = step->credentials->ends_at;
	bool is_short = ends_at - now_s < ttl_s;
	struct buf end = {0};

	if (ends_at == CREDENTIALS_NO_END)
		buf_string(&end, "never");
	else
		clock_print_rfc3339(&end, ends_at * CLOCK_US);
	log_line(is_short ? LEVEL_WARN : LEVEL_NOTICE,
	    "credentials store=\"%s\" source=%s end=%.*s%s", r->store,
	    step->source->name, (int)end.size, end.data,
	    is_short ? " reason=\"that is less than artifact_ttl\" "
		"do=\"have sessions live longer, or lower artifact_ttl\"" : "");
	buf_release(&end);
}

void
report_failure(struct report *r, const struct chain_step *step,
    bool is_urgent, unsigned failures, int64_t now_s)
{
	if (is_time(&r->failure_at, now_s))
		log_line(is_urgent ? LEVEL_ERROR : LEVEL_WARN,
		    "credentials store=\"%s\" source=%s reason=\"%s\" "
		    "failures=%u do=\"jobtail -tt tells more\"", r->store,
		    step->source->name, step->why, failures);
}

void
report_clock(struct report *r, int64_t ahead_s, int64_t now_s)
{
	if ((ahead_s > SKEW_S || ahead_s < -SKEW_S)
	    && is_time(&r->clock_at, now_s))
		log_line(LEVEL_WARN, "clock ahead_s=%" PRId64 " reason=\"an "
		    "endpoint for credentials says so\" do=\"set this "
		    "machine's clock, or stores refuse URLs\"", ahead_s);
}

void
report_none(struct report *r, const char *reason, int64_t now_s)
{
	if (is_time(&r->none_at, now_s))
		log_line(LEVEL_ERROR, "credentials store=\"%s\" reason=\"%s\" "
		    "do=\"jobtail -tt tells more\"", r->store, reason);
}
