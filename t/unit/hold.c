/* Requests to holds: form, wait, cursor; and how long a hold lasts. */
#include "api/hold.h"

#include "adapters/crypto.h"
#include "api/app.h"
#include "api/job.h"
#include "api/places.h"
#include "api/request.h"
#include "base/config.h"
#include "base/scope.h"
#include "tap.h"

#include <string.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define NOW INT64_C(1776254401500000)

static struct arena arena;
static struct scope scope;

static struct config config = {.wait_max = 25, .sse_max = 55};

static struct hold
read_hold(const struct request *req, const char *query, enum method method)
{
	struct route route = {.method = method, .has_id = true};
	struct hold h;

	memcpy(route.id, ID, sizeof(ID));
	params_read(&route.params, &scope, text_of(query));
	memset(&h, 0x55, sizeof(h));
	hold_init(&h, &scope, &config, req, &route);
	arena_reset(&arena);
	return h;
}

static void
test_form(void)
{
	static const struct {
		const char *accept;
		enum method method;
		int64_t sse_max;
		enum form form;
	} cases[] = {
	    {"text/event-stream", METHOD_GET, 55, FORM_SSE},
	    {"application/x-ndjson", METHOD_GET, 55, FORM_NDJSON},
	    {"application/json", METHOD_GET, 55, FORM_JSON},
	    {NULL, METHOD_GET, 55, FORM_JSON},
	    {"text/event-stream", METHOD_HEAD, 55, FORM_JSON},
	    {"application/x-ndjson", METHOD_HEAD, 55, FORM_JSON},
	    {"text/event-stream", METHOD_GET, 0, FORM_JSON},
	    {"text/event-stream", METHOD_GET, 1, FORM_SSE},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {.accept = text_of(cases[i].accept)};

		config.sse_max = cases[i].sse_max;
		is_int((int)read_hold(&req, NULL, cases[i].method).form,
		    cases[i].form, "%s, method %d, sse_max %d",
		    cases[i].accept == NULL ? "absent" : cases[i].accept,
		    (int)cases[i].method, (int)cases[i].sse_max);
	}
	config.sse_max = 55;
}

static void
test_wait(void)
{
	static const struct {
		const char *query, *prefer;
		int64_t wait_max, wait_s;
		bool preferred;
	} cases[] = {
	    {NULL, NULL, 25, 0, false},
	    {"since=7", NULL, 25, 0, false},
	    {"wait=0", NULL, 25, 0, false},
	    {"wait=1", NULL, 25, 1, false},
	    {"wait=25", NULL, 25, 25, false},
	    {"wait=26", NULL, 25, 25, false},
	    {"wait=9223372036854775807", NULL, 25, 25, false},
	    {"wait=99999999999999999999", NULL, 25, 25, false},
	    {"wait=5", NULL, 0, 0, false},
	    /* Prefer means the same ... */
	    {NULL, "wait=5", 25, 5, true},
	    {NULL, "wait=0", 25, 0, true},
	    {NULL, "wait=1000", 25, 25, true},
	    {NULL, "wait=99999999999999999999", 25, 25, true},
	    {NULL, "wait=5", 0, 0, true},
	    {"since=3&limit=2", "respond-async, wait=5", 25, 5, true},
	    /* ... but the query wins, also with nothing ... */
	    {"wait=7", "wait=5", 25, 7, false},
	    {"wait=0", "wait=5", 25, 0, false},
	    {"wait=100", "wait=5", 25, 25, false},
	    /* ... and what is malformed is not there */
	    {NULL, "wait=x", 25, 0, false},
	    {NULL, "wait=-5", 25, 0, false},
	    {"wait=7", "wait=x", 25, 7, false},
	    {NULL, "", 25, 0, false},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {.prefer = text_of(cases[i].prefer)};
		struct hold h;

		config.wait_max = cases[i].wait_max;
		h = read_hold(&req, cases[i].query, METHOD_GET);
		is_int(h.wait_s, cases[i].wait_s, "query %s, Prefer %s",
		    cases[i].query == NULL ? "-" : cases[i].query,
		    cases[i].prefer == NULL ? "-" : cases[i].prefer);
		is_int(h.preferred, cases[i].preferred, "applied or not");
	}
	config.wait_max = 25;
}

static void
test_cursor(void)
{
	static const struct {
		const char *accept, *query, *last_event_id;
		bool has_cursor;
		int64_t cursor;
	} cases[] = {
#define SSE "text/event-stream"
#define NDJSON "application/x-ndjson"
	    {NULL, NULL, NULL, false, 0},
	    {NULL, "since=5", NULL, true, 5},
	    {NULL, "since=-5", NULL, true, -5},
	    {NULL, "since=0", NULL, true, 0},
	    {SSE, NULL, NULL, false, 0},
	    {SSE, "since=5", NULL, true, 5},
	    {SSE, NULL, "7", true, 7},
	    {SSE, "since=5", "7", true, 7},
	    {SSE, "since=7", "5", true, 5},
	    {SSE, "since=5", "-9223372036854775808", true, INT64_MIN},
	    {SSE, "since=5", "9223372036854775807", true, INT64_MAX},
	    {SSE, "since=5", " 7 ", true, 7},
	    {NDJSON, "since=5", "7", true, 7},
	    /* one that is not an integer counts as absent */
	    {SSE, "since=5", "x", true, 5},
	    {SSE, "since=5", "", true, 5},
	    {SSE, "since=5", "1.5", true, 5},
	    {SSE, "since=5", "7x", true, 5},
	    {SSE, "since=5", "9223372036854775808", true, 5},
	    {SSE, "since=5", "-9223372036854775809", true, 5},
	    {SSE, NULL, "x", false, 0},
	    {SSE, NULL, "99999999999999999999", false, 0},
	    /* a document is nobody's stream */
	    {NULL, "since=5", "7", true, 5},
	    {NULL, NULL, "7", false, 0},
	    {"application/json", NULL, "7", false, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .accept = text_of(cases[i].accept),
		    .last_event_id = text_of(cases[i].last_event_id),
		};
		struct hold h = read_hold(&req, cases[i].query, METHOD_GET);

		is_int(h.has_cursor, cases[i].has_cursor,
		    "form %d, %s, Last-Event-ID %s", (int)h.form,
		    cases[i].query == NULL ? "-" : cases[i].query,
		    cases[i].last_event_id == NULL ? "-"
						   : cases[i].last_event_id);
		if (cases[i].has_cursor)
			is_int(h.cursor, cases[i].cursor, "the cursor");
	}
}

/* The rest of it begins empty, whatever stood in the memory. */
static void
test_begin(void)
{
	struct request req = {0};
	struct hold h = read_hold(&req, "limit=3", METHOD_GET);

	is_str(h.id, scope.id, "the request's id");
	is_int(h.began_us, NOW, "its beginning");
	is_str(h.route.id, ID, "its job");
	is_int(h.route.params.of[PARAM_LIMIT].value, 3, "its limit");
	ok(!h.placed && !h.has_page && !h.more && h.n_events == 0
		&& h.n_bytes == 0,
	    "nothing has happened yet");
}

static void
test_keep(void)
{
	struct request req = {0};
	struct hold h = read_hold(&req, "since=9", METHOD_GET);
	struct principal who = {.data_set = DATA_TEST, .key_id = 4};
	struct job job = {.id = 5, .has_last_seq = true, .last_seq = 9};

	ok(!hold_is_ahead(&h, &job), "a cursor at the job's last number");
	hold_keep(&h, &who, &job);
	is_int(h.job_id, 5, "the job");
	is_int(h.last_seq, 9, "its last number");
	is_int(h.who.key_id, 4, "who asks");
	job.last_seq = 8;
	ok(hold_is_ahead(&h, &job), "one past it is ahead");
	h.has_cursor = false;
	ok(!hold_is_ahead(&h, &job), "no cursor never is");
	h.has_cursor = true;
	job.has_last_seq = false;
	ok(!hold_is_ahead(&h, &job), "nor any of a job without a number");
	hold_keep(&h, &who, &job);
	is_int(h.last_seq, INT64_MIN, "which is less than any other");
}

/* Holds are shortened by 0 to 15 %, and by all of that. */
static void
test_jitter(const struct app *app, int64_t most_s)
{
	static const struct principal who;
	int64_t least = INT64_MAX, most = 0, sum = 0;
	enum { N = 2000 };

	for (int i = 0; i < N; i++) {
		struct hold h = {0};

		if (!hold_place(&h, app, &who, most_s))
			break;
		places_give_back(app->places, &who);
		least = h.lasts_ms < least ? h.lasts_ms : least;
		most = h.lasts_ms > most ? h.lasts_ms : most;
		sum += h.lasts_ms;
	}
	ok(most <= most_s * 1000 && least >= most_s * 850,
	    "of %d s: %d to %d ms", (int)most_s, (int)least, (int)most);
	ok(most > most_s * 997 && least < most_s * 853,
	    "the whole range is used");
	ok(sum / N > most_s * 915 && sum / N < most_s * 935, "evenly");
}

static void
test_place(struct app *app)
{
	static const struct principal who = {.key_id = 1};
	struct hold h = {0}, other = {0};
	int64_t lasts_ms;

	ok(hold_place(&h, app, &who, 25) && h.placed, "the only place");
	lasts_ms = h.lasts_ms;
	ok(hold_place(&h, app, &who, 99), "who has one needs no other");
	is_int(h.lasts_ms, lasts_ms, "nor another end");
	ok(!hold_place(&other, app, &who, 25) && !other.placed,
	    "then there is none");
	places_give_back(app->places, &who);
	app->places = NULL;
	ok(!hold_place(&other, app, &who, 25), "nobody may wait");
}

int
main(void)
{
	struct app app = {.crypto = crypto_new()};
	struct places *places = places_new(1, 0, 1);

	arena_init(&arena, 4096);
	scope_init(&scope, &arena, 0, NOW);
	memcpy(scope.id, "01ARZ3NDEKTSV4RRFFQ69G5FAX", sizeof(scope.id));
	test_form();
	test_wait();
	test_cursor();
	test_begin();
	test_keep();
	app.places = places;
	test_jitter(&app, 25);
	test_jitter(&app, 55);
	test_jitter(&app, 86400);
	test_place(&app);
	places_free(places);
	crypto_free(app.crypto);
	arena_release(&arena);
	return tap_done();
}
