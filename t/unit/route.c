/* Method and path to a route. */
#include "api/route.h"

#include "api/problem.h"
#include "api/request.h"
#include "base/scope.h"
#include "tap.h"

#include <stdio.h>

static const char *const patterns[] = {
    "/v1/jobs/{id}/events",
    "/v1/jobs/{id}",
};

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define LOW "01arz3ndektsv4rrffq69g5fav"
#define EVENTS "GET events " ID
#define DETAIL "GET detail " ID

static const struct {
	const char *method, *path_info, *uri, *base, *found;
} cases[] = {
    {"GET", "/v1/jobs/" ID "/events", NULL, NULL, EVENTS},
    {"HEAD", "/v1/jobs/" ID "/events", NULL, NULL, "HEAD events " ID},
    {"OPTIONS", "/v1/jobs/" ID, NULL, NULL, "OPTIONS detail " ID},
    {"GET", "/v1/jobs/" ID, NULL, NULL, DETAIL},
    {"GET", "/v1/jobs/" LOW "/events", NULL, NULL, EVENTS},
    /* methods; they come before the path */
    {"POST", "/v1/jobs/" ID, NULL, NULL, "405"},
    {"get", "/v1/jobs/" ID, NULL, NULL, "405"},
    {"GETS", "/nothing", NULL, NULL, "405"},
    {"TRACE", NULL, NULL, NULL, "405"},
    {"GE", "/v1/jobs/" ID, NULL, NULL, "405"},
    /* bad ids are routes */
    {"GET", "/v1/jobs/x/events", NULL, NULL, "GET events -"},
    {"GET", "/v1/jobs/x", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/events", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/events/events", NULL, NULL, "GET events -"},
    {"GET", "/v1/jobs/" ID "x/events", NULL, NULL, "GET events -"},
    {"GET", "/v1/jobs/" ID "%2Fevents", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/" ID "\n", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/" ID "?", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/\xc0\xaf", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/..", NULL, NULL, "GET detail -"},
    {"GET", "/v1/jobs/8ZZZZZZZZZZZZZZZZZZZZZZZZZ/events", NULL, NULL,
	"GET events -"},
    {"GET", "/v1/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAI/events", NULL, NULL,
	"GET events -"},
    {"GET", "/v1/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAu/events", NULL, NULL,
	"GET events -"},
    /* no routes */
    {"GET", NULL, NULL, NULL, "404"},
    {"GET", "", NULL, NULL, "404"},
    {"GET", "/", NULL, NULL, "404"},
    {"GET", "/v1/jobs", NULL, NULL, "404"},
    {"GET", "/v1/jobs/", NULL, NULL, "404"},
    {"GET", "/v1/jobs//events", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/events/", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/events/x", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/event", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/eventss", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/EVENTS", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "//events", NULL, NULL, "404"},
    {"GET", "//v1/jobs/" ID "/events", NULL, NULL, "404"},
    {"GET", "/V1/jobs/" ID "/events", NULL, NULL, "404"},
    {"GET", "v1/jobs/" ID "/events", NULL, NULL, "404"},
    {"GET", "/x/v1/jobs/" ID "/events", NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID "/events\n", NULL, NULL, "404"},
    {"GET", "/v2/jobs/" ID, NULL, NULL, "404"},
    /* the path of REQUEST_URI, where PATH_INFO leads nowhere */
    {"GET", NULL, "/v1/jobs/" ID "/events", NULL, EVENTS},
    {"GET", NULL, "/v1/jobs/" ID "/events?since=1", NULL, EVENTS},
    {"GET", NULL, "/v1/jobs/" ID "?a=/events", NULL, DETAIL},
    {"GET", "/" ID "/events", "/v1/jobs/" ID "/events", NULL, EVENTS},
    {"GET", "/v1/jobs/x", "/v1/jobs/" ID "/events", NULL, "GET detail -"},
    {"GET", NULL, "/v1/jobs/%3001ARZ3NDEKTSV4RRFFQ69G5FAV", NULL,
	"GET detail -"},
    {"GET", NULL, "/v1/jobs/%301ARZ3NDEKTSV4RRFFQ69G5FAV", NULL, DETAIL},
    {"GET", NULL, "/v1/%6aobs/" ID, NULL, DETAIL},
    {"GET", NULL, "/v1/jobs/" ID "%2Fevents", NULL, EVENTS},
    {"GET", NULL, "/v1/jobs/" ID "%252Fevents", NULL, "GET detail -"},
    {"GET", NULL, "/v1/jobs/" ID "+", NULL, "GET detail -"},
    {"GET", NULL, "/v1/jobs/" ID "%00", NULL, "GET detail -"},
    {"GET", NULL, "/v1/jobs/%zz", NULL, "404"},
    {"GET", NULL, "/v1/jobs/%", NULL, "404"},
    {"GET", NULL, "?/v1/jobs/" ID, NULL, "404"},
    {"GET", NULL, "", NULL, "404"},
    {"GET", NULL, "*", NULL, "404"},
    /* base_path */
    {"GET", "/api/v1/jobs/" ID, NULL, "/api", DETAIL},
    {"GET", "/api/v1/jobs/" ID, NULL, "/api/", DETAIL},
    {"GET", "/v1/jobs/" ID, NULL, "/api", DETAIL},
    {"GET", NULL, "/api/v1/jobs/" ID "/events?x", "/api", EVENTS},
    {"GET", "/apiv1/jobs/" ID, NULL, "/api", "404"},
    {"GET", "/apix/v1/jobs/" ID, NULL, "/api", "404"},
    {"GET", "/api/api/v1/jobs/" ID, NULL, "/api", "404"},
    {"GET", "/api", NULL, "/api", "404"},
    {"GET", "/api/v1/jobs/" ID, NULL, NULL, "404"},
    {"GET", "/v1/jobs/" ID, NULL, "/", DETAIL},
    {"GET", "/v1/jobs/" ID, NULL, "", DETAIL},
    {"GET", "/v1/jobs/v1/jobs/" ID, NULL, "/v1/jobs", DETAIL},
};

static const char *
describe(char *out, size_t size, const struct route *route)
{
	static const char *const methods[] = {
	    [METHOD_GET] = "GET",
	    [METHOD_HEAD] = "HEAD",
	    [METHOD_OPTIONS] = "OPTIONS",
	};

	snprintf(out, size, "%s %s %s", methods[route->method],
	    route->pattern == 0 ? "events" : "detail",
	    route->has_id ? route->id : "-");
	return out;
}

static void
test_cases(struct arena *a)
{
	char got[100];

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .method = text_of(cases[i].method),
		    .path_info = text_of(cases[i].path_info),
		    .request_uri = text_of(cases[i].uri),
		};
		struct route route;
		struct scope s;

		scope_init(&s, a, 0, 0);
		if (route_find(&route, &s, &req, cases[i].base, patterns, 2))
			describe(got, sizeof(got), &route);
		else
			snprintf(got, sizeof(got), "%d", s.problem->status);
		is_str(got, cases[i].found, "%s PATH_INFO=%s URI=%s base=%s",
		    cases[i].method, cases[i].path_info == NULL
			? "-" : cases[i].path_info,
		    cases[i].uri == NULL ? "-" : cases[i].uri,
		    cases[i].base == NULL ? "-" : cases[i].base);
	}
}

static void
test_query(struct arena *a)
{
	struct request req = {
	    .method = TEXT("GET"),
	    .path_info = TEXT("/v1/jobs/" ID "/events"),
	    .request_uri = TEXT("/v1/jobs/" ID "/events?since=8"),
	    .query = TEXT("since=7&limit=0"),
	};
	struct route route;
	struct scope s;

	scope_init(&s, a, 0, 0);
	ok(route_find(&route, &s, &req, NULL, patterns, 2),
	    "a bad parameter is no matter of the route");
	is_int(route.params.of[PARAM_SINCE].value, 7,
	    "parameters are QUERY_STRING's");
	is_int((int)route.params.of[PARAM_LIMIT].fault, FAULT_TOO_SMALL,
	    "faults are kept");
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1024);
	test_cases(&a);
	test_query(&a);
	arena_release(&a);
	return tap_done();
}
