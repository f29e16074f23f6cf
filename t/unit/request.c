/* CGI variables to a request. */
#include "api/request.h"

#include "base/scope.h"
#include "tap.h"

#include <string.h>

static bool
read_into(struct request *req, struct scope *s, const char *const *variables)
{
	char *copies[20] = {0};

	for (size_t i = 0; variables[i] != NULL; i++)
		copies[i] = arena_copy(
		    s->arena, variables[i], strlen(variables[i]));
	return request_read(req, s, copies);
}

static void
test_all(struct scope *s)
{
	static const char *const variables[] = {"REQUEST_METHOD=GET",
	    "PATH_INFO=/v1/jobs/x", "REQUEST_URI=/v1/jobs/x?a=b",
	    "QUERY_STRING=a=b&c==", "HTTP_AUTHORIZATION=Bearer x",
	    "REDIRECT_HTTP_AUTHORIZATION=Bearer y",
	    "HTTP_X_SHOPIFY_HMAC_SHA256=aGk=", "HTTP_IF_NONE_MATCH=\"t\"",
	    "HTTP_ORIGIN=https://h", "HTTP_ACCESS_CONTROL_REQUEST_METHOD=HEAD",
	    "SERVER_SOFTWARE=nginx/1.22.1", NULL};
	struct request req;

	ok(read_into(&req, s, variables), "a request");
	is_text(req.method, TEXT("GET"), "method");
	is_text(req.path_info, TEXT("/v1/jobs/x"), "path_info");
	is_text(req.request_uri, TEXT("/v1/jobs/x?a=b"), "request_uri");
	is_text(req.query, TEXT("a=b&c=="), "query, with its own '='");
	is_text(req.authorization, TEXT("Bearer x"), "authorization");
	is_text(req.redirected_authorization, TEXT("Bearer y"), "redirected");
	is_text(req.hmac, TEXT("aGk="), "hmac");
	is_text(req.if_none_match, TEXT("\"t\""), "if_none_match");
	is_text(req.origin, TEXT("https://h"), "origin");
	is_text(req.requested_method, TEXT("HEAD"), "requested_method");
	is_text(req.server, TEXT("nginx/1.22.1"), "server");
	ok(!req.has_body, "no body");
}

static void
test_few(struct scope *s)
{
	static const char *const variables[] = {"", "=", "X", "=GET",
	    "REQUEST_METHODS=PUT", "request_method=PUT", "REQUEST_METHOD",
	    "QUERY_STRING=", "CONTENT_LENGTH=", "REQUEST_METHOD=HEAD",
	    "REQUEST_METHOD=POST", NULL};
	struct request req;

	ok(read_into(&req, s, variables), "odd variables are passed over");
	is_text(req.method, TEXT("HEAD"), "the first of two equal names");
	is_text(req.query, (struct text){0}, "an empty variable is absent");
	is_text(req.path_info, (struct text){0}, "as is one that was not sent");
}

/* No browser sends two origins, and which of them counts is not for us to
 * say. */
static void
test_lone(struct scope *s)
{
	static const char *const cases[][6] = {
	    {"REQUEST_METHOD=GET", "HTTP_ORIGIN=https://a",
		"HTTP_ORIGIN=https://b", NULL},
	    {"REQUEST_METHOD=GET", "HTTP_ORIGIN=https://a",
		"HTTP_ORIGIN=https://a", NULL},
	    {"REQUEST_METHOD=GET", "HTTP_ORIGIN=https://a",
		"HTTP_ORIGIN=https://b", "HTTP_ORIGIN=https://a", NULL},
	};
	static const char *const empty[] = {"REQUEST_METHOD=GET",
	    "HTTP_ORIGIN=", "HTTP_ORIGIN=https://a", "HTTP_ORIGIN=", NULL};
	struct request req;

	for (size_t i = 0; i < N_OF(cases); i++) {
		ok(read_into(&req, s, cases[i]), "several origins");
		is_text(req.origin, TEXT(""), "are none");
	}
	ok(read_into(&req, s, empty), "empty ones");
	is_text(req.origin, TEXT("https://a"), "are not counted");
}

static void
test_none(struct arena *a)
{
	static const char *const none[] = {NULL};
	static const char *const empty[] = {"REQUEST_METHOD=", "A=b", NULL};
	struct request req;
	struct scope s;

	scope_init(&s, a, 0, 0);
	ok(!read_into(&req, &s, none), "no variables, no request");
	ok(s.problem == NULL, "nothing to tell the client");
	is_str(s.cause, "no REQUEST_METHOD", "but the log");
	ok(!read_into(&req, &s, empty), "an empty method is none");
}

int
main(void)
{
	struct arena a;
	struct scope s;

	arena_init(&a, 1024);
	scope_init(&s, &a, 0, 0);
	test_all(&s);
	test_few(&s);
	test_lone(&s);
	test_none(&a);
	arena_release(&a);
	return tap_done();
}
