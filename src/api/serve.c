/* The route table, and the checks in the contract's order. */
#include "api/serve.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "api/app.h"
#include "api/cors.h"
#include "api/detail.h"
#include "api/exchange.h"
#include "api/feed.h"
#include "api/issue.h"
#include "api/problem.h"
#include "api/record.h"
#include "api/stream.h"
#include "api/timeline.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"

/* The first ones have patterns; with ?ticket=new, EVENTS becomes TICKET. */
enum { EVENTS, DETAIL, TICKET };

static const char *const patterns[] = {
    [EVENTS] = "/v1/jobs/{id}/events",
    [DETAIL] = "/v1/jobs/{id}",
};

enum { N_PATTERNS = sizeof(patterns) / sizeof(patterns[0]) };

/* What answers the pattern, which events it is about, and whether it has
 * parameters; unknown ones are ignored. */
static const struct resource {
	const char *name;
	enum verdict (*answer)(
	    struct response *res, struct scope *s, struct exchange *x);
	bool tail;
	bool has_params;
} resources[] = {
    [EVENTS] = {"events", feed, .has_params = true},
    [DETAIL] = {"detail", detail, .tail = true},
    [TICKET] = {"ticket", issue, .tail = true, .has_params = true},
};

static int64_t
max_events(const struct exchange *x)
{
	const struct param *limit = &x->route.params.of[PARAM_LIMIT];
	int64_t most = x->app->config->max_events;

	if (x->hold.form != FORM_JSON)
		return most;
	return limit->given && limit->value < most ? limit->value : most;
}

/* A stream's pieces are shorter than a page. */
static int64_t
max_bytes(const struct exchange *x)
{
	int64_t most = x->app->config->max_bytes;

	return x->hold.form != FORM_JSON && most > STREAM_BATCH
	    ? STREAM_BATCH : most;
}

static bool
are_params_valid(const struct exchange *x)
{
	return !resources[x->route.pattern].has_params
	    || params_valid(&x->route.params);
}

/* Asks for key, job and events at once. With a bad parameter only the key is
 * looked at, and a malformed id needs no query of a job. */
static void
ask(struct exchange *x, struct scope *s)
{
	const struct route *route = &x->route;
	struct timeline_query query = {
	    .has_since = x->hold.has_cursor,
	    .since = x->hold.cursor,
	    .max_events = max_events(x),
	    .max_bytes = max_bytes(x),
	    .tail = resources[route->pattern].tail,
	};

	if (route->has_id && are_params_valid(x))
		query.public_id = text_of(route->id);
	timeline_ask(&x->timeline, s, x->app, &x->who, &query);
}

static bool
take(struct exchange *x, struct scope *s)
{
	const struct db_rows *rows = &x->timeline.call.rows;

	if (!timeline_take(&x->timeline, s, &x->who))
		return false;
	if (!are_params_valid(x))
		return scope_fail(s, &problem_parameters);
	if (!job_find(&x->job, s, rows, text_of(x->route.id)))
		return false;
	events_take(&x->events, s, rows, &x->job);
	return true;
}

static bool
find_route(struct exchange *x, struct scope *s)
{
	if (!route_find(&x->route, s, x->req, x->app->config->base_path,
		patterns, N_PATTERNS))
		return false;
	if (x->route.pattern == EVENTS && issue_is_wanted(x))
		x->route.pattern = TICKET;
	x->resource = resources[x->route.pattern].name;
	return true;
}

/* A ticket opens events and nothing else. */
static bool
identify(struct exchange *x, struct scope *s)
{
	const struct params *params = &x->route.params;

	if (x->route.pattern == EVENTS && x->app->ticket_keys != NULL
	    && params->ticket.data != NULL)
		return principal_read_ticket(
		    &x->who, s, x->app, x->req, &x->route);
	return principal_read(&x->who, s, x->app, x->req, params->has_key);
}

static void
answer_options(struct response *res)
{
	response_begin(res, 204);
	response_header(res, "Allow", ROUTE_ALLOW);
}

void
serve_tag(struct scope *s, struct crypto *crypto)
{
	uint8_t random[ULID_RANDOM_SIZE];

	crypto_random(crypto, random, sizeof(random));
	ulid_make(s->id, s->now_us / 1000, random);
}

/* What is no problem stands in the response, but for its end. */
static void
finish(struct response *res, struct scope *s, const struct exchange *x)
{
	bool is_head = text_equal(x->req->method, TEXT("HEAD"));

	if (s->problem != NULL)
		response_problem(
		    res, s, x->app->crypto, &x->route.params, is_head);
	else if (x->hold.form == FORM_JSON)
		response_end(res, s, is_head);
	else
		response_end_head(res, s);
}

bool
serve_begin(struct exchange *x, struct response *res, struct scope *s,
    const struct app *app, const struct request *req)
{
	*x = (struct exchange){.app = app, .req = req};
	response_reset(res);
	res->lines = cors_lines(app->cors, req);
	serve_tag(s, app->crypto);
	x->hold.began_us = s->now_us;
	if (find_route(x, s)) {
		if (x->route.method == METHOD_OPTIONS) {
			answer_options(res);
		} else if (identify(x, s)) {
			if (x->route.pattern == EVENTS)
				hold_init(&x->hold, s, app->config, req,
				    &x->route);
			x->hold.lines = res->lines;
			ask(x, s);
			return true;
		}
	}
	finish(res, s, x);
	record_answer(res, s, x);
	return false;
}

enum verdict
serve_end(struct response *res, struct scope *s, struct exchange *x)
{
	enum verdict verdict = VERDICT_ANSWER;

	if (take(x, s))
		verdict = resources[x->route.pattern].answer(res, s, x);
	if (verdict == VERDICT_ANSWER || x->hold.form != FORM_JSON)
		finish(res, s, x);
	else
		response_reset(res);
	x->hold.n_bytes = res->body.size;
	if (verdict == VERDICT_ANSWER)
		record_answer(res, s, x);
	else
		hold_keep(&x->hold, &x->who, &x->job);
	return verdict;
}

void
serve_unavailable(
    struct response *res, struct scope *s, struct crypto *crypto)
{
	response_reset(res);
	serve_tag(s, crypto);
	(void)scope_fail(s, &problem_unavailable);
	response_problem(res, s, crypto, NULL, false);
	log_line(LEVEL_WARN, "request id=%s status=503 code=%s cause=\"%s\"",
	    s->id, s->problem->code, s->cause);
}
