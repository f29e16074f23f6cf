/* The route table, and the checks in the contract's order. */
#include "api/serve.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "api/app.h"
#include "api/detail.h"
#include "api/exchange.h"
#include "api/feed.h"
#include "api/problem.h"
#include "api/timeline.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"

#include <inttypes.h>

static const char *const patterns[] = {
    "/v1/jobs/{id}/events",
    "/v1/jobs/{id}",
};

/* What answers the pattern, which events it is about, and whether it has
 * parameters; unknown ones are ignored. */
static const struct resource {
	const char *name;
	void (*answer)(
	    struct response *res, struct scope *s, struct exchange *x);
	bool tail;
	bool has_params;
} resources[] = {
    {"events", feed, .has_params = true},
    {"detail", detail, .tail = true},
};

enum { N_RESOURCES = sizeof(resources) / sizeof(resources[0]) };

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

/* Asks for key, job and events at once. With a bad parameter only the key is
 * looked at, and a malformed id needs no query of a job. */
static void
ask(struct exchange *x, struct scope *s)
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
	return route_find(&x->route, s, x->req, x->app->config->base_path,
	    patterns, N_RESOURCES);
}

static bool
identify(struct exchange *x, struct scope *s)
{
	return principal_read(
	    &x->who, s, x->app, x->req, x->route.params.has_key);
}

static void
answer_options(struct response *res)
{
	response_begin(res, 204);
	response_header(res, "Allow", ROUTE_ALLOW);
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

/* What is no problem stands in the response, but for its end. */
static void
finish(struct response *res, struct scope *s, const struct exchange *x)
{
	bool is_head = text_equal(x->req->method, TEXT("HEAD"));

	if (s->problem == NULL)
		response_end(res, s, is_head);
	else
		response_problem(
		    res, s, x->app->crypto, &x->route.params, is_head);
	write_log(res, s, x);
}

bool
serve_begin(struct exchange *x, struct response *res, struct scope *s,
    const struct app *app, const struct request *req)
{
	*x = (struct exchange){.app = app, .req = req};
	response_reset(res);
	serve_tag(s, app->crypto);
	if (find_route(x, s)) {
		if (x->route.method == METHOD_OPTIONS) {
			answer_options(res);
		} else if (identify(x, s)) {
			ask(x, s);
			return true;
		}
	}
	finish(res, s, x);
	return false;
}

void
serve_end(struct response *res, struct scope *s, struct exchange *x)
{
	if (take(x, s))
		resources[x->route.pattern].answer(res, s, x);
	finish(res, s, x);
}

void
serve(struct response *res, struct scope *s, const struct app *app,
    const struct request *req)
{
	struct exchange x;

	if (!serve_begin(&x, res, s, app, req))
		return;
	db_call(app->db, &x.timeline.call);
	serve_end(res, s, &x);
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
