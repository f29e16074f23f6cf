/* Documents, byte for byte and as JSON. */
#include "api/page.h"

#include "adapters/crypto.h"
#include "api/events.h"
#include "api/job.h"
#include "base/scope.h"
#include "signing/signer.h"
#include "signing/store.h"
#include "signing/stores.h"
#include "tap.h"

#include <json-c/json.h>

#include <string.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define CREATED INT64_C(1776254401500000) /* 2026-04-15T12:00:01.5Z */

static struct arena arena;
static struct crypto *crypto;
static struct signer *links, *none; /* secure_link; no URLs at all */
static struct buf body;

static const struct job job = {
    .public_id = TEXT(ID),
    .type = TEXT("ON_MODEL"),
    .status = TEXT("IN_PROGRESS"),
    .created_at_us = CREATED - 1500000,
};

#define ARTIFACT(key) \
	"{\"key\": \"" key "\", \"kind\": \"c\", \"role\": \"final\"}"

static struct event events_list[] = {
    {.seq = 1, .type = TEXT("queued"), .message = TEXT("queued"),
	.created_at_us = CREATED},
    {.seq = 3, .type = TEXT("stage"), .stage = TEXT("a \"b\"\n"),
	.message = TEXT("\xc3\xbc\x01"), .artifacts = TEXT("[]"),
	.extra = TEXT("{\"n\": 123456789012345678901234567890.10}"),
	.created_at_us = CREATED + 500000},
    {.seq = 7, .type = TEXT("succeeded"), .stage = TEXT(""),
	.message = TEXT(""), .artifacts = TEXT("[" ARTIFACT("a b") "]"),
	.extra = TEXT("{}"), .created_at_us = CREATED},
};

#define EVENT_1 \
	"{\"seq\":1,\"event_type\":\"queued\",\"visibility\":\"public\"," \
	"\"stage\":null,\"message\":\"queued\",\"artifacts\":[]," \
	"\"extra\":{},\"created_at\":\"2026-04-15T12:00:01.500000Z\"}"
#define EVENT_3 \
	"{\"seq\":3,\"event_type\":\"stage\",\"visibility\":\"public\"," \
	"\"stage\":\"a \\\"b\\\"\\n\",\"message\":\"\xc3\xbc\\u0001\"," \
	"\"artifacts\":[],\"extra\":" \
	"{\"n\": 123456789012345678901234567890.10}," \
	"\"created_at\":\"2026-04-15T12:00:02Z\"}"
#define EVENT_7(artifacts) \
	"{\"seq\":7,\"event_type\":\"succeeded\",\"visibility\":\"public\"," \
	"\"stage\":\"\",\"message\":\"\",\"artifacts\":[" artifacts "]," \
	"\"extra\":{},\"created_at\":\"2026-04-15T12:00:01.500000Z\"}"

static struct page
render(struct signer *signer, size_t n, bool more,
    const struct page_cursor *cursor, size_t max_bytes)
{
	struct events events = {events_list, n, more, CREATED};
	struct page page;
	struct scope s;

	arena_reset(&arena);
	scope_init(&s, &arena, 0, CREATED);
	body.size = 0;
	page_render(
	    &page, &body, &s, signer, &job, &events, cursor, max_bytes);
	return page;
}

static bool
parses(void)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *object;
	bool fine;

	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tok, body.data, (int)body.size);
	fine = object != NULL
	    && json_tokener_get_parse_end(tok) == body.size;
	json_object_put(object);
	json_tokener_free(tok);
	return fine;
}

/* The contract's four cases of latest_seq. */
static void
test_documents(void)
{
	static const struct {
		const char *what;
		size_t n;
		struct page_cursor cursor;
		const char *events, *latest;
	} cases[] = {
	    {"none, no cursor", 0, {0}, "", "null"},
	    {"none behind the cursor", 0, {true, 5}, "", "5"},
	    {"none, a negative cursor", 0, {true, INT64_MIN}, "",
		"-9223372036854775808"},
	    {"none, cursor 0", 0, {true, 0}, "", "0"},
	    {"one", 1, {0}, EVENT_1, "1"},
	    {"two behind a cursor", 2, {true, -5}, EVENT_1 "," EVENT_3, "3"},
	    {"three, without URLs", 3, {0},
		EVENT_1 "," EVENT_3 "," EVENT_7(""), "7"},
	};
	struct buf want = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct page page = render(
		    none, cases[i].n, false, &cases[i].cursor, 1 << 20);

		want.size = 0;
		buf_printf(&want, "{\"public_id\":\"" ID "\",\"events\":[%s],"
		    "\"latest_seq\":%s}", cases[i].events, cases[i].latest);
		is_text(buf_as_text(&body), buf_as_text(&want), "%s",
		    cases[i].what);
		ok(parses(), "is JSON");
		is_int((int64_t)page.n_events, (int64_t)cases[i].n, "so many");
		ok(!page.cut && page.n_links == 0, "not cut, without links");
		is_int(page.has_latest, strcmp(cases[i].latest, "null") != 0,
		    "has_latest");
	}
	buf_release(&want);
}

static void
test_links(void)
{
	static const char before[] =
	    "{\"image_url\":\"https://h/files/a%20b?md5=";
	static const char after[] =
	    "&expires=1776255301\",\"kind\":\"c\",\"role\":\"final\","
	    "\"label\":null,\"meta\":{}}";
	const struct page_cursor cursor = {0};
	struct page page = render(links, 3, false, &cursor, 1 << 20);

	buf_char(&body, '\0');
	ok(strstr(body.data, before) != NULL
		&& strstr(body.data, after) != NULL,
	    "a link");
	ok(strstr(body.data, "\"a b\"") == NULL, "without the store's key");
	body.size--;
	ok(parses(), "is JSON");
	is_int((int64_t)page.n_links, 1, "one link");
	is_int(page.window.expires_at, CREATED / 1000000 + 900,
	    "the page knows its window");
}

/* The ceiling on bytes takes the event that passes it back, and its links. */
static void
test_ceiling(void)
{
	static const struct page_cursor cursor = {0};
	size_t whole, two, one;

	(void)render(links, 1, false, &cursor, SIZE_MAX);
	one = body.size;
	(void)render(links, 2, false, &cursor, SIZE_MAX);
	two = body.size;
	(void)render(links, 3, false, &cursor, SIZE_MAX);
	whole = body.size;
	for (size_t max = 0; max <= whole + 2; max++) {
		struct page page = render(links, 3, false, &cursor, max);
		size_t want = page.n_events == 1 ? one
		    : page.n_events == 2 ? two : whole;
		static const int64_t seqs[] = {0, 1, 3, 7};
		bool right = page.n_events >= 1 && body.size == want
		    && page.cut == (page.n_events < 3)
		    && page.n_links == (page.n_events == 3)
		    && page.latest_seq == seqs[page.n_events]
		    && page.has_latest;
		/* what is behind the events has no part in the ceiling */
		bool fits = page.n_events == 1
		    || body.size <= max + strlen("],\"latest_seq\":7}");

		if (!right || !fits || !parses()) {
			ok(false, "a ceiling of %zu bytes", max);
			return;
		}
	}
	ok(true, "every ceiling from 0 to %zu bytes", whole + 2);
	is_int((int64_t)render(links, 3, false, &cursor, 0).n_events, 1,
	    "at least one event");
	is_int((int64_t)render(links, 3, false, &cursor, whole).n_events, 3,
	    "all of them when they fit");
	ok(render(links, 2, true, &cursor, SIZE_MAX).cut,
	    "cut when the database has more");
}

static void
render_job(const struct job *a_job, struct event *list, size_t n)
{
	struct events events = {list, n, false, CREATED};
	struct page page;
	struct scope s;

	arena_reset(&arena);
	scope_init(&s, &arena, 0, CREATED);
	body.size = 0;
	page_render_job(&page, &body, &s, none, a_job, &events);
}

#define JOB(status, request, result, latest) \
	"{\"public_id\":\"" ID "\",\"job_type\":\"ON_MODEL\",\"status\":\"" \
	status "\",\"created_at\":\"2026-04-15T12:00:00Z\",\"request\":" \
	request ",\"result\":[" result "],\"latest_event\":" latest "}"

static void
test_job(void)
{
	struct job other = job;

	render_job(&job, NULL, 0);
	is_text(buf_as_text(&body),
	    TEXT(JOB("IN_PROGRESS", "null", "", "null")), "a bare job");
	ok(parses(), "is JSON");
	other.request = TEXT("{\"a\": [1, 1e400]}");
	render_job(&other, events_list, 2);
	is_text(buf_as_text(&body),
	    TEXT(JOB("IN_PROGRESS", "{\"a\": [1, 1e400]}", "", EVENT_3)),
	    "the newest event");
}

/* result: the artifacts of the last succeeded event, once it is a success. */
static void
test_result(void)
{
	struct event list[] = {
	    {.seq = 1, .type = TEXT("succeeded"),
		.artifacts = TEXT("[" ARTIFACT("old") "]")},
	    {.seq = 2, .type = TEXT("succeeded"),
		.artifacts = TEXT("[" ARTIFACT("new") "]")},
	    {.seq = 3, .type = TEXT("other"),
		.artifacts = TEXT("[" ARTIFACT("other") "]")},
	};
	struct events events = {list, 3, false, CREATED};
	struct job done = job;
	struct page page;
	struct scope s;
	const char *result, *latest;

	for (int i = 0; i < 2; i++) {
		arena_reset(&arena);
		scope_init(&s, &arena, 0, CREATED);
		done.status = i == 0 ? TEXT("SUCCESS") : TEXT("FAILURE");
		body.size = 0;
		page_render_job(&page, &body, &s, links, &done, &events);
		ok(parses(), "is JSON");
		buf_char(&body, '\0');
		result = strstr(body.data, "\"result\":[");
		latest = strstr(body.data, "\"latest_event\":{\"seq\":3,");
		ok(result != NULL && latest != NULL && result < latest,
		    "result before latest_event");
		ok(strstr(body.data, "/files/old") == NULL, "not the old one");
		ok((strstr(result, "/files/new") != NULL) == (i == 0),
		    "%s", i == 0 ? "the last one's when it is a success"
				 : "nothing when it is not");
		ok(strstr(latest, "/files/other") != NULL,
		    "the newest event has its own");
	}
}

/* What a page promises is what its own links do, not those of an event that
 * was taken back. */
static void
test_windows(void)
{
	struct store two[] = {
	    {.name = "", .kind = &store_secure_link, .ttl_s = 900,
		.secure_link = {"https://h/files", "x"}},
	    {.name = "brief", .kind = &store_secure_link, .ttl_s = 60,
		.secure_link = {"https://h/brief", "y"}},
	};
	struct event list[] = {
	    {.seq = 1, .type = TEXT("stage"),
		.artifacts = TEXT("[" ARTIFACT("a") "]")},
	    {.seq = 2, .type = TEXT("stage"), .artifacts = TEXT("["
		ARTIFACT("b") ", {\"key\": \"c\", \"kind\": \"c\", \"role\": "
		"\"final\", \"store\": \"brief\"}, " ARTIFACT("d") "]")},
	};
	const struct stores stores = {.list = two, .n = 2};
	const struct page_cursor cursor = {0};
	struct signer *signer = signer_new(&stores, crypto);
	struct events events = {list, 2, false, CREATED};
	struct page page;
	struct scope s;

	arena_reset(&arena);
	scope_init(&s, &arena, 0, CREATED);
	for (int i = 0; i < 2; i++) {
		body.size = 0;
		page_render(&page, &body, &s, signer, &job, &events, &cursor,
		    i == 0 ? SIZE_MAX : 300);
		ok(parses(), "is JSON");
		is_int((int64_t)page.n_links, i == 0 ? 4 : 1, "its links");
		is_int(page.window.expires_at,
		    CREATED / 1000000 + (i == 0 ? 60 : 900),
		    "%s", i == 0 ? "the earliest end" : "of those it has");
		is_int(page.cut, i, "%s", i == 0 ? "all of it" : "cut");
		buf_char(&body, '\0');
		ok(strstr(body.data, "\"store\"") == NULL,
		    "no store is named");
	}
	signer_free(signer);
}

/* Any text in any place still gives a document. */
static void
test_any_text(void)
{
	static const char often[] = "\"\\\n\x01{}[],:/ab";
	struct dice dice = {23};
	const struct page_cursor cursor = {0};
	struct event saved = events_list[0];
	size_t n_good = 0;
	char bytes[3][20];

	for (int round = 0; round < 5000; round++) {
		struct text t[3];

		for (int i = 0; i < 3; i++) {
			t[i] = (struct text){bytes[i], dice_roll(&dice, 20)};
			for (size_t j = 0; j < t[i].size; j++)
				bytes[i][j] = dice_roll(&dice, 3) == 0
				    ? (char)(1 + dice_roll(&dice, 127))
				    : often[dice_roll(
					  &dice, sizeof(often) - 1)];
		}
		events_list[0].type = t[0];
		events_list[0].stage = t[1];
		events_list[0].message = t[2];
		events_list[0].artifacts = t[(size_t)round % 3];
		(void)render(links, 1, false, &cursor, SIZE_MAX);
		n_good += parses();
	}
	events_list[0] = saved;
	is_int((int64_t)n_good, 5000, "any text gives JSON");
}

int
main(void)
{
	struct store with_links = {
	    .name = "",
	    .kind = &store_secure_link,
	    .ttl_s = 900,
	    .secure_link = {"https://h/files", "x"},
	};
	struct store without = {
	    .name = "", .kind = &store_none, .ttl_s = 900};
	const struct stores one = {.list = &with_links, .n = 1};
	const struct stores other = {.list = &without, .n = 1};

	arena_init(&arena, 4096);
	crypto = crypto_new();
	links = signer_new(&one, crypto);
	none = signer_new(&other, crypto);
	test_documents();
	test_links();
	test_ceiling();
	test_job();
	test_result();
	test_windows();
	test_any_text();
	signer_free(links);
	signer_free(none);
	crypto_free(crypto);
	arena_release(&arena);
	buf_release(&body);
	return tap_done();
}
