/* From a hold to an answer. */
#include "api/again.h"

#include "api/app.h"
#include "api/exchange.h"
#include "api/feed.h"
#include "api/frames.h"
#include "api/problem.h"
#include "api/record.h"
#include "api/response.h"
#include "base/scope.h"

#include <string.h>

static const struct request nothing_more = {.method = {"GET", 3}};

void
again_ask(struct exchange *x, struct scope *s, const struct app *app,
    const struct hold *h, const struct again_span *span)
{
	struct timeline_query query = {
	    .has_since = span->has_since,
	    .since = span->since,
	    .max_events = span->max_events,
	    .max_bytes = span->max_bytes,
	};

	*x = (struct exchange){
	    .app = app,
	    .req = &nothing_more,
	    .resource = "events",
	    .route = h->route,
	    .who = h->who,
	};
	query.public_id = text_of(x->route.id);
	timeline_ask(&x->timeline, s, app, &x->who, &query);
}

bool
again_take(struct exchange *x, struct scope *s)
{
	const struct db_rows *rows = &x->timeline.call.rows;

	if (!timeline_take(&x->timeline, s, &x->who)
	    || !job_find(&x->job, s, rows, text_of(x->route.id)))
		return false;
	events_take(&x->events, s, rows, &x->job);
	return true;
}

static size_t
most_events(const struct hold *h)
{
	const struct param *limit = &h->route.params.of[PARAM_LIMIT];

	return h->form == FORM_JSON && limit->given ? (size_t)limit->value
						    : SIZE_MAX;
}

static const char *
bye_for(const struct problem *problem)
{
	return problem->status == 401 || problem->status == 403 ? "revoked"
								: "upstream";
}

static enum verdict
answer_stream(struct response *res, struct scope *s, struct exchange *x)
{
	enum verdict verdict = VERDICT_ANSWER;

	res->status = 200;
	if (s->problem == NULL)
		verdict = feed(res, s, x);
	else
		frames_bye(&res->body, &x->hold, bye_for(s->problem));
	x->hold.n_bytes += res->body.size;
	return verdict;
}

static enum verdict
answer_poll(struct response *res, struct scope *s, struct exchange *x)
{
	if (s->problem == NULL && feed(res, s, x) == VERDICT_HOLD) {
		response_reset(res); /* the page that was looked at */
		return VERDICT_HOLD;
	}
	if (s->problem == NULL)
		response_end(res, s, false);
	else
		response_problem(
		    res, s, x->app->crypto, &x->route.params, false);
	return VERDICT_ANSWER;
}

enum verdict
again_answer(struct response *res, struct scope *s, struct hold *h,
    const struct exchange *shared, bool is_last)
{
	struct exchange x = *shared;
	struct request req = nothing_more;
	enum verdict verdict;

	x.req = &req;
	x.route = h->route;
	x.who = h->who;
	x.hold = *h;
	x.is_last_look = is_last;
	x.events = events_after(
	    &shared->events, h->has_cursor, h->cursor, most_events(h));
	if (h->has_page)
		req.if_none_match = text_of(h->etag);
	memcpy(s->id, h->id, sizeof(s->id));
	response_reset(res);
	res->lines = h->lines;
	verdict = h->form == FORM_JSON ? answer_poll(res, s, &x)
				       : answer_stream(res, s, &x);
	if (verdict == VERDICT_ANSWER)
		record_answer(res, s, &x);
	if (s->problem == NULL)
		hold_keep(&x.hold, &h->who, &x.job);
	*h = x.hold;
	return verdict;
}
