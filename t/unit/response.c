/* Heads and error bodies, byte for byte. */
#include "api/response.h"

#include "adapters/crypto.h"
#include "api/params.h"
#include "api/problem.h"
#include "base/scope.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static struct arena arena;
static struct crypto *crypto;

static struct scope
scope_with_id(void)
{
	struct scope s;

	scope_init(&s, &arena, 0, 0);
	memcpy(s.id, ID, sizeof(ID));
	return s;
}

static void
test_documents(void)
{
	static const struct {
		int status;
		bool is_head;
		const char *head, *body;
	} cases[] = {
	    {200, false,
		"Status: 200 OK\r\nA: b\r\nN: -7\r\nP: 1-x\r\n"
		"X-Request-Id: " ID "\r\nContent-Length: 4\r\n\r\n", "body"},
	    {200, true,
		"Status: 200 OK\r\nA: b\r\nN: -7\r\nP: 1-x\r\n"
		"X-Request-Id: " ID "\r\n\r\n", ""},
	    {304, false,
		"Status: 304 Not Modified\r\nA: b\r\nN: -7\r\nP: 1-x\r\n"
		"X-Request-Id: " ID "\r\n\r\n", ""},
	    {304, true,
		"Status: 304 Not Modified\r\nA: b\r\nN: -7\r\nP: 1-x\r\n"
		"X-Request-Id: " ID "\r\n\r\n", ""},
	    {204, false,
		"Status: 204 No Content\r\nA: b\r\nN: -7\r\nP: 1-x\r\n"
		"X-Request-Id: " ID "\r\n\r\n", ""},
	};
	struct scope s = scope_with_id();
	struct response res = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		response_reset(&res);
		buf_string(&res.body, "body");
		response_begin(&res, cases[i].status);
		response_header(&res, "A", "b");
		response_header_int(&res, "N", -7);
		response_header_printf(&res, "P", "%d-%s", 1, "x");
		response_end(&res, &s, cases[i].is_head);
		is_text(buf_as_text(&res.head), text_of(cases[i].head),
		    "the head of a %d%s", cases[i].status,
		    cases[i].is_head ? " to HEAD" : "");
		is_text(buf_as_text(&res.body), text_of(cases[i].body),
		    "the body");
		is_int(res.status, cases[i].status, "the status");
	}
	response_release(&res);
}

/* Every head has them, until the response is used again. */
static void
test_lines(void)
{
	struct scope s = scope_with_id();
	struct response res = {.lines = "A: b\r\nC: d\r\n"};

	response_begin(&res, 204);
	response_end(&res, &s, false);
	is_text(buf_as_text(&res.head),
	    TEXT("Status: 204 No Content\r\nA: b\r\nC: d\r\n"
		 "X-Request-Id: " ID "\r\n\r\n"), "lines in a head");
	(void)scope_fail(&s, &problem_no_job);
	response_problem(&res, &s, crypto, NULL, true);
	is_text(buf_as_text(&res.head),
	    TEXT("Status: 404 Not Found\r\nA: b\r\nC: d\r\n"
		 "Content-Type: application/json\r\n"
		 "Cache-Control: no-store\r\n"
		 "X-Request-Id: " ID "\r\n\r\n"), "and in a problem's");
	response_reset(&res);
	response_begin(&res, 204);
	is_text(buf_as_text(&res.head), TEXT("Status: 204 No Content\r\n"),
	    "the next one has none");
	response_release(&res);
}

/* A Link with a long base_path and public_url. */
static void
test_long_header(void)
{
	struct scope s = scope_with_id();
	struct response res = {0};
	char value[2000], want[2300];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(want, sizeof(want), "Status: 200 OK\r\nLink: <%s>\r\n"
	    "X-Request-Id: " ID "\r\nContent-Length: 0\r\n\r\n", value);
	response_begin(&res, 200);
	response_header_printf(&res, "Link", "<%s>", value);
	response_end(&res, &s, false);
	is_text(buf_as_text(&res.head), text_of(want),
	    "a long header is whole");
	response_release(&res);
}

#define COMMON "Content-Type: application/json\r\nCache-Control: no-store\r\n"
#define BAD_SINCE \
	"\"detail\":[{\"loc\":[\"query\",\"since\"],\"msg\":" \
	"\"Input should be a valid integer, unable to parse string as an " \
	"integer\"," \
	"\"type\":\"int_parsing\"}],"

/* The contract's table. A message may change, so only its place is held. */
static const struct {
	const struct problem *problem;
	int status;
	const char *phrase, *code, *headers;
} problems[] = {
    {&problem_no_key, 401, "Unauthorized", "UNAUTHORIZED",
	"WWW-Authenticate: Bearer\r\n"},
    {&problem_no_key_apache, 401, "Unauthorized", "UNAUTHORIZED",
	"WWW-Authenticate: Bearer\r\n"},
    {&problem_bad_key, 401, "Unauthorized", "UNAUTHORIZED",
	"WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"},
    {&problem_bad_ticket, 401, "Unauthorized", "UNAUTHORIZED",
	"WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"},
    {&problem_key_in_query, 401, "Unauthorized", "UNAUTHORIZED",
	"WWW-Authenticate: Bearer error=\"invalid_request\"\r\n"},
    {&problem_not_capable, 403, "Forbidden", "FORBIDDEN",
	"WWW-Authenticate: Bearer error=\"insufficient_scope\", "
	"scope=\"jobs:read\"\r\n"},
    {&problem_no_job, 404, "Not Found", "JOB_NOT_FOUND", ""},
    {&problem_no_route, 404, "Not Found", "NOT_FOUND", ""},
    {&problem_method, 405, "Method Not Allowed", "METHOD_NOT_ALLOWED",
	"Allow: GET, HEAD, OPTIONS\r\n"},
    {&problem_parameters, 422, "Unprocessable Content", "VALIDATION_ERROR",
	""},
    {&problem_internal, 500, "Internal Server Error", "INTERNAL", ""},
};

static void
test_problems(void)
{
	struct buf want = {0}, body = {0};
	struct response res = {0};
	struct params params = {
	    .of = {[PARAM_SINCE] = {true, 0, FAULT_NOT_AN_INTEGER}}};

	for (size_t i = 0; i < N_OF(problems); i++) {
		struct scope s = scope_with_id();

		ok(!scope_fail(&s, problems[i].problem), "failing");
		buf_string(&res.body, "half a document");
		response_problem(&res, &s, crypto, &params, false);
		body.size = want.size = 0;
		buf_printf(&body, "{%s\"error\":{\"code\":\"%s\",\"message\":",
		    problems[i].status == 422 ? BAD_SINCE : "",
		    problems[i].code);
		buf_json(&body, text_of(problems[i].problem->message));
		buf_string(&body, ",\"request_id\":\"" ID "\"}}");
		is_text(buf_as_text(&res.body), buf_as_text(&body), "%d %s",
		    problems[i].status, problems[i].code);
		buf_printf(&want, "Status: %d %s\r\n" COMMON "%s"
		    "X-Request-Id: " ID "\r\nContent-Length: %zu\r\n\r\n",
		    problems[i].status, problems[i].phrase,
		    problems[i].headers, body.size);
		is_text(buf_as_text(&res.head), buf_as_text(&want), "its head");
		response_problem(&res, &s, crypto, &params, true);
		is_int((int64_t)res.body.size, 0, "no body to HEAD");
	}
	buf_release(&want);
	buf_release(&body);
	response_release(&res);
}

static void
test_apache_is_named(void)
{
	ok(strstr(problem_no_key_apache.message, "CGIPassAuth On") != NULL,
	    "Apache's operators are told what to write");
}

static void
test_unavailable(void)
{
	struct response res = {0};
	long seen[7] = {0};
	bool whole = true;

	for (int i = 0; i < 2000; i++) {
		struct scope s = scope_with_id();
		int seconds = 0;
		const char *at;

		(void)scope_fail(&s, &problem_unavailable);
		response_reset(&res);
		response_problem(&res, &s, crypto, NULL, false);
		buf_char(&res.head, '\0');
		at = strstr(res.head.data, "\r\nRetry-After: ");
		whole = whole && at != NULL
		    && sscanf(at, "\r\nRetry-After: %d\r\n", &seconds) == 1
		    && seconds >= 1 && seconds <= 5;
		if (whole)
			seen[seconds]++;
	}
	ok(whole, "503 with Retry-After from 1 to 5");
	for (int i = 1; i <= 5; i++)
		ok(seen[i] > 200, "%d in %ld of 2,000", i, seen[i]);
	response_release(&res);
}

/* The first failure counts. */
static void
test_first_counts(void)
{
	struct scope s = scope_with_id();

	(void)scope_fail(&s, &problem_no_job);
	(void)scope_fail(&s, &problem_internal);
	ok(s.problem == &problem_no_job, "the first problem stays");
	scope_cause(&s, "one %d", 1);
	scope_cause(&s, "two");
	is_str(s.cause, "one 1", "as does the first cause");
}

int
main(void)
{
	arena_init(&arena, 1024);
	crypto = crypto_new();
	test_documents();
	test_lines();
	test_long_header();
	test_problems();
	test_apache_is_named();
	test_unavailable();
	test_first_counts();
	crypto_free(crypto);
	arena_release(&arena);
	return tap_done();
}
