/* A page of the timeline, and the timeline's state in headers. */
#include "api/feed.h"

#include "api/app.h"
#include "api/document.h"
#include "api/exchange.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/scope.h"

#include <inttypes.h>
#include <stdio.h>

/* The page behind this one (RFC 8288). */
static void
put_link(struct response *res, const struct exchange *x)
{
	const struct config *config = x->app->config;
	const struct param *limit = &x->route.params.of[PARAM_LIMIT];
	struct text public = text_trim_end(text_of(config->public_url), "/");
	struct text base = text_trim_end(text_of(config->base_path), "/");
	char with_limit[32] = "";

	if (limit->given)
		snprintf(with_limit, sizeof(with_limit), "&limit=%" PRId64,
		    limit->value);
	response_header_printf(res, "Link",
	    "<%.*s%.*s/v1/jobs/%s/events?since=%" PRId64 "%s>; rel=\"next\"",
	    (int)public.size, public.data, (int)base.size, base.data,
	    x->job.public_id.data, x->page.latest_seq, with_limit);
}

static int64_t
age_s(const struct exchange *x)
{
	int64_t us = x->job.at_us - x->events.newest_at_us;

	return us < 0 ? 0 : us / CLOCK_US;
}

static int
poll_interval_s(int64_t age)
{
	return age < 60 ? 2 : age < 600 ? 5 : 15;
}

/* Past the job's last event, internal ones included. */
static bool
is_ahead(const struct exchange *x)
{
	const struct param *since = &x->route.params.of[PARAM_SINCE];

	return since->given && x->job.has_last_seq
	    && since->value > x->job.last_seq;
}

static void
put_state(struct response *res, const struct exchange *x, bool closed)
{
	response_header_printf(res, "Jobtail-Job-Status", "%.*s",
	    (int)x->job.status.size, x->job.status.data);
	if (!x->page.cut)
		response_header(res, "Jobtail-Up-To-Date", "true");
	if (closed)
		response_header(res, "Jobtail-Closed", "true");
	if (!x->job.closed) {
		int64_t age = age_s(x);

		response_header_int(res, "Jobtail-Last-Event-Age", age);
		response_header_int(
		    res, "X-Poll-Interval", poll_interval_s(age));
	}
	if (is_ahead(x))
		response_header(res, "Jobtail-Cursor", "ahead");
}

/* The client asked to be held and nothing is there to be told at once.
 * There are no places to wait in yet. */
static bool
would_wait(const struct exchange *x)
{
	return x->route.params.of[PARAM_WAIT].value > 0
	    && x->route.method == METHOD_GET && x->page.n_events == 0
	    && !x->job.closed && !is_ahead(x);
}

void
feed(struct response *res, struct scope *s, struct exchange *x)
{
	const struct param *since = &x->route.params.of[PARAM_SINCE];
	struct page_cursor cursor = {since->given, since->value};
	bool closed;

	page_render(&x->page, &res->body, s, x->app->signer, &x->job,
	    &x->events, &cursor, (size_t)x->app->config->max_bytes);
	closed = x->job.closed && !x->page.cut;
	document_begin(res, s, x, closed);
	put_state(res, x, closed);
	if (x->page.cut)
		put_link(res, x);
	if (would_wait(x))
		response_header(res, "Jobtail-Wait", "declined");
}
