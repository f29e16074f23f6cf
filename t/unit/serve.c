/* A whole request as far as the database's door: the order of the checks, and
 * an answer in time when nobody is there. */
#include "api/serve.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/cors.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"
#include "signing/signer.h"
#include "signing/store.h"
#include "signing/stores.h"
#include "signing/ticket.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define DETAIL "/v1/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define EVENTS DETAIL "/events"

static struct arena arena;
static struct app app;

static const struct {
	const char *what;
	const char *method, *path, *query, *authorization;
	int status;
	const char *code; /* NULL: no body */
} cases[] = {
    /* method, route, key: each comes before what stands behind it */
    {"a wrong method first", "PUT", "/nothing", "since=x", NULL, 405,
	"METHOD_NOT_ALLOWED"},
    {"then the route", "GET", "/nothing", "since=x", NULL, 404, "NOT_FOUND"},
    {"a trailing slash", "GET", EVENTS "/", NULL, NULL, 404, "NOT_FOUND"},
    {"then the key", "GET", EVENTS, "since=x", NULL, 401, "UNAUTHORIZED"},
    {"a bad id has a route", "GET", "/v1/jobs/x", NULL, NULL, 401,
	"UNAUTHORIZED"},
    {"a bad key", "GET", EVENTS, "since=x", "Bearer abc", 401,
	"UNAUTHORIZED"},
    {"a key in the query, beside a good one", "GET", EVENTS,
	"a=sk_live_x", "Bearer sk_live_x", 401, "UNAUTHORIZED"},
    {"no database: 503 before 422", "GET", EVENTS, "since=x",
	"Bearer sk_live_x", 503, "UNAVAILABLE"},
    {"no database, a bad id", "GET", "/v1/jobs/x", NULL, "Bearer sk_test_x",
	503, "UNAVAILABLE"},
    {"HEAD has no body", "HEAD", "/nothing", NULL, NULL, 404, NULL},
    {"HEAD, 401", "HEAD", EVENTS, NULL, NULL, 401, NULL},
    {"OPTIONS needs no key", "OPTIONS", EVENTS, NULL, NULL, 204, NULL},
    {"but a route", "OPTIONS", "/nothing", NULL, NULL, 404, "NOT_FOUND"},
};

/* With ticket keys. */
static const struct {
	const char *what;
	const char *method, *path, *query, *authorization;
	int status;
	const char *message;
} ticket_cases[] = {
    {"a ticket is looked at before the database", "GET", EVENTS,
	"ticket=x&since=x", "Bearer sk_live_x", 401, "The ticket is not"},
    {"an empty one too", "GET", EVENTS, "ticket", "Bearer sk_live_x", 401,
	"The ticket is not"},
    {"to HEAD", "HEAD", EVENTS, "ticket=x", "Bearer sk_live_x", 401, NULL},
    {"a key in the query comes first", "GET", EVENTS,
	"ticket=x&a=sk_live_x", "Bearer sk_live_x", 401,
	"An API key never belongs"},
    {"a new one needs a key", "GET", EVENTS, "ticket=new", NULL, 401,
	"An API key is needed"},
    {"and a good one", "GET", EVENTS, "ticket=new", "Bearer x", 401,
	"The API key is not"},
    {"and the database", "GET", EVENTS, "ticket=new", "Bearer sk_live_x", 503,
	"The service cannot"},
    {"the last one counts", "GET", EVENTS, "ticket=x&ticket=new",
	"Bearer sk_live_x", 503, "The service cannot"},
    {"the detail takes none", "GET", DETAIL, "ticket=x", NULL, 401,
	"An API key is needed"},
    {"and makes none", "GET", DETAIL, "ticket=new", NULL, 401,
	"An API key is needed"},
    {"it passes over them", "GET", DETAIL, "ticket=x", "Bearer sk_live_x", 503,
	"The service cannot"},
    {"no other method", "POST", EVENTS, "ticket=new", "Bearer sk_live_x", 405,
	"Only GET"},
    {"OPTIONS asks for none", "OPTIONS", EVENTS, "ticket=x", NULL, 204, NULL},
};

static void
serve(struct response *res, struct scope *s, const struct request *req)
{
	struct exchange x;

	if (serve_begin(&x, res, s, &app, req)) {
		db_call(app.db, &x.timeline.call);
		(void)serve_end(res, s, &x);
	}
}

static void
test_tickets(void)
{
	struct response res = {0};

	app.ticket_keys = ticket_keys_new(
	    TEXT("0123456789abcdef"), app.crypto);
	for (size_t i = 0; i < N_OF(ticket_cases); i++) {
		const char *message = ticket_cases[i].message;
		struct request req = {
		    .method = text_of(ticket_cases[i].method),
		    .path_info = text_of(ticket_cases[i].path),
		    .query = text_of(ticket_cases[i].query),
		    .authorization = text_of(ticket_cases[i].authorization),
		};
		struct scope s;

		scope_init(&s, &arena, clock_mono_ms() + 2000,
		    clock_wall_us());
		serve(&res, &s, &req);
		is_int(res.status, ticket_cases[i].status, "%s",
		    ticket_cases[i].what);
		buf_char(&res.body, '\0');
		ok(message == NULL ? res.body.size == 1
			: strstr(res.body.data, message) != NULL,
		    "says %s", message == NULL ? "-" : message);
		arena_reset(&arena);
	}
	ticket_keys_free(app.ticket_keys);
	app.ticket_keys = NULL;
	response_release(&res);
}

/* Each answer of the table begins with the lines, and only while they are
 * wanted. */
static void
test_cors(void)
{
	struct response res = {0};
	char error[100], want[1000];
	struct cors *cors = cors_new("https://h", error, sizeof(error));

	for (size_t i = 0; i < 2 * N_OF(cases); i++) {
		size_t at = i / 2;
		struct request req = {
		    .method = text_of(cases[at].method),
		    .path_info = text_of(cases[at].path),
		    .query = text_of(cases[at].query),
		    .authorization = text_of(cases[at].authorization),
		    .origin = TEXT("https://h"),
		};
		struct scope s;

		app.cors = i % 2 == 0 ? cors : NULL;
		snprintf(want, sizeof(want), "\r\n%s",
		    app.cors == NULL ? "" : cors_lines(cors, &req));
		scope_init(&s, &arena, clock_mono_ms() + 2000,
		    clock_wall_us());
		serve(&res, &s, &req);
		buf_char(&res.head, '\0');
		ok(app.cors != NULL
			? strncmp(strstr(res.head.data, "\r\n"), want,
			      strlen(want)) == 0
			: strstr(res.head.data, "Access-Control") == NULL
			    && strstr(res.head.data, "Vary") == NULL,
		    "%s: CORS %s", cases[at].what,
		    app.cors == NULL ? "off" : "on");
		arena_reset(&arena);
	}
	app.cors = NULL;
	cors_free(cors);
	response_release(&res);
}

static void
test_cases(void)
{
	struct response res = {0};
	char want[100], *head;

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .method = text_of(cases[i].method),
		    .path_info = text_of(cases[i].path),
		    .query = text_of(cases[i].query),
		    .authorization = text_of(cases[i].authorization),
		};
		int64_t began = clock_mono_ms();
		struct scope s;

		scope_init(&s, &arena, began + 2000, clock_wall_us());
		serve(&res, &s, &req);
		is_int(res.status, cases[i].status, "%s", cases[i].what);
		ok(clock_mono_ms() - began < 2500, "in time");
		head = arena_copy(&arena, res.head.data, res.head.size);
		snprintf(want, sizeof(want), "\r\nX-Request-Id: %s\r\n", s.id);
		ok(strlen(s.id) == 26 && strstr(head, want) != NULL,
		    "has its id in the head");
		snprintf(want, sizeof(want), "{\"error\":{\"code\":\"%s\",",
		    cases[i].code == NULL ? "" : cases[i].code);
		ok(cases[i].code == NULL ? res.body.size == 0
			: text_has_prefix(
			    buf_as_text(&res.body), text_of(want)),
		    "says %s", cases[i].code == NULL ? "-" : cases[i].code);
		ok(cases[i].status < 400
			|| strstr(head, "\r\nCache-Control: no-store\r\n")
			    != NULL,
		    "no error is stored");
		arena_reset(&arena);
	}
	response_release(&res);
}

/* No body behind a head without a length, for any error at all. */
static void
test_unavailable(void)
{
	struct response res = {0};
	struct scope s;

	scope_init(&s, &arena, 0, clock_wall_us());
	serve_unavailable(&res, &s, app.crypto);
	is_int(res.status, 503, "the reactor's own 503");
	ok(text_has_prefix(buf_as_text(&res.body),
	       TEXT("{\"error\":{\"code\":\"UNAVAILABLE\",")),
	    "has the envelope");
	response_release(&res);
}

int
main(void)
{
	static const struct config config = {
	    .max_events = 5000, .max_bytes = 4 << 20};
	static struct store none = {.name = "", .kind = &store_none};
	static const struct stores stores = {.list = &none, .n = 1};
	static const struct db_settings nobody = {
	    .conninfo = "host=/nonexistent dbname=x user=x"};

	log_open(LOG_TO_STDERR, LEVEL_ERROR);
	arena_init(&arena, 4096);
	app = (struct app){.config = &config, .db = db_new(&nobody),
	    .crypto = crypto_new()};
	app.signer = signer_new(&stores, app.crypto);
	test_cases();
	test_tickets();
	test_cors();
	test_unavailable();
	signer_free(app.signer);
	db_free(app.db);
	crypto_free(app.crypto);
	arena_release(&arena);
	return tap_done();
}
