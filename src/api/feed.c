/* A page of the timeline, and the timeline's state in headers. */
#include "api/feed.h"

#include "api/app.h"
#include "api/document.h"
#include "api/exchange.h"
#include "api/response.h"
#include "api/stream.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	if (hold_is_ahead(&x->hold, &x->job))
		response_header(res, "Jobtail-Cursor", "ahead");
	if (x->hold.preferred)
		response_header_printf(res, "Preference-Applied",
		    "wait=%" PRId64, x->hold.wait_s);
}

static void
answer(struct response *res, const struct scope *s, const struct exchange *x,
    bool closed)
{
	document_begin(res, s, x, closed);
	put_state(res, x, closed);
	if (x->page.cut)
		put_link(res, x);
}

/* Would the client learn of an event, or of the end? New URLs are no news. */
static bool
is_news(const struct exchange *x, bool closed)
{
	if (closed)
		return true;
	return x->page.n_events
	    != (x->hold.has_page ? x->hold.page_events : 0);
}

/* A client that has this page already waits for another one. */
static void
remember_page(struct exchange *x)
{
	struct hold *h = &x->hold;

	h->has_page = etag_matches(x->req->if_none_match, x->etag);
	h->page_events = x->page.n_events;
	memcpy(h->etag, x->etag, sizeof(h->etag));
}

static bool
wants_to_wait(const struct exchange *x)
{
	return x->hold.wait_s > 0 && x->route.method == METHOD_GET
	    && !hold_is_ahead(&x->hold, &x->job);
}

static enum verdict
look(struct response *res, const struct scope *s, struct exchange *x,
    bool closed)
{
	struct hold *h = &x->hold;
	bool waits = wants_to_wait(x);

	if (waits && !h->placed)
		remember_page(x);
	if (waits && !x->is_last_look && !is_news(x, closed)) {
		if (hold_place(h, x->app, &x->who, h->wait_s))
			return VERDICT_HOLD;
		answer(res, s, x, closed);
		response_header(res, "Jobtail-Wait", "declined");
		return VERDICT_ANSWER;
	}
	/* what it waited for has not come: the page is the one it has */
	if (h->has_page && !is_news(x, closed))
		memcpy(x->etag, h->etag, sizeof(x->etag));
	answer(res, s, x, closed);
	return VERDICT_ANSWER;
}

static enum verdict
answer_page(struct response *res, struct scope *s, struct exchange *x)
{
	struct page_cursor cursor = {x->hold.has_cursor, x->hold.cursor};
	bool closed;

	if (!page_render(&x->page, &res->body, s, x->app->signer, &x->job,
		&x->events, &cursor, (size_t)x->app->config->max_bytes))
		return VERDICT_ANSWER;
	closed = x->job.closed && !x->page.cut;
	document_tag(x, res, closed);
	return look(res, s, x, closed);
}

enum verdict
feed(struct response *res, struct scope *s, struct exchange *x)
{
	return x->hold.form == FORM_JSON ? answer_page(res, s, x)
					 : stream(res, s, x);
}
