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
#include "api/timeline.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"

#include <inttypes.h>

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
	void (*answer)(
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

	return limit->given && limit->value < most ? limit->value : most;
}

static bool
are_params_valid(const struct exchange *x)
{
	return !resources[x->route.pattern].has_params
	    || params_valid(&x->route.params);
}

/* Reads key, job and events at once. With a bad parameter only the key is
 * looked at, and a malformed id needs no query of a job. */
static bool
read_all(struct db_rows *rows, struct scope *s, struct exchange *x)
{
	const struct route *route = &x->route;
	const struct param *since = &route->params.of[PARAM_SINCE];
	struct timeline_query query = {
	    .has_since = since->given,
	    .since = since->value,
	    .max_events = max_events(x),
	    .tail = resources[route->pattern].tail,
	};

	if (route->has_id && are_params_valid(x))
		query.public_id = text_of(route->id);
	return timeline_read(rows, s, x->app, &x->who, &query);
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

static bool
find(struct exchange *x, struct scope *s)
{
	struct db_rows rows;

	if (!read_all(&rows, s, x))
		return false;
	if (!are_params_valid(x))
		return scope_fail(s, &problem_parameters);
	if (!job_find(&x->job, s, &rows, text_of(x->route.id)))
		return false;
	events_take(&x->events, s, &rows, &x->job);
	return true;
}

static bool
answer(struct response *res, struct scope *s, struct exchange *x)
{
	if (!route_find(&x->route, s, x->req, x->app->config->base_path,
		patterns, N_PATTERNS))
		return false;
	if (x->route.pattern == EVENTS && issue_is_wanted(x))
		x->route.pattern = TICKET;
	if (x->route.method == METHOD_OPTIONS) {
		response_begin(res, 204);
		response_header(res, "Allow", ROUTE_ALLOW);
		return true;
	}
	if (!identify(x, s) || !find(x, s))
		return false;
	resources[x->route.pattern].answer(res, s, x);
	return true;
}

/* Never a key, a query, a payload or a URL. */
static void
write_log(const struct response *res, const struct scope *s,
    const struct exchange *x)
{
	enum log_level level = res->status == 500 ? LEVEL_ERROR
	    : s->cause[0] != '\0' ? LEVEL_WARN : LEVEL_INFO;
	bool routed = s->problem != &problem_method
	    && s->problem != &problem_no_route;

	if (!log_wants(level))
		return;
	log_line(level,
	    "request id=%s method=%.*s resource=%s job=%s status=%d code=%s "
	    "bytes=%zu events=%zu key=%" PRId64 " ms=%.1f%s%s%s",
	    s->id, x->req->method.size > 16 ? 16 : (int)x->req->method.size,
	    x->req->method.data, routed ? resources[x->route.pattern].name : "-",
	    x->route.has_id ? x->route.id : "-", res->status,
	    s->problem == NULL ? "-" : s->problem->code, res->body.size,
	    x->page.n_events, x->who.key_id,
	    (double)(clock_wall_us() - s->now_us) / 1000.0,
	    s->cause[0] == '\0' ? "" : " cause=\"", s->cause,
	    s->cause[0] == '\0' ? "" : "\"");
}

void
serve_tag(struct scope *s, struct crypto *crypto)
{
	uint8_t random[ULID_RANDOM_SIZE];

	crypto_random(crypto, random, sizeof(random));
	ulid_make(s->id, s->now_us / 1000, random);
}

void
serve(struct response *res, struct scope *s, const struct app *app,
    const struct request *req)
{
	struct exchange x = {.app = app, .req = req};
	bool is_head = text_equal(req->method, TEXT("HEAD"));

	response_reset(res);
	res->lines = cors_lines(app->cors, req);
	serve_tag(s, app->crypto);
	if (answer(res, s, &x))
		response_end(res, s, is_head);
	else
		response_problem(
		    res, s, app->crypto, &x.route.params, is_head);
	write_log(res, s, &x);
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
