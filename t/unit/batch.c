/* Pages of a timeline, good ones and others. */
#include "ctl/batch.h"

#include "base/buf.h"
#include "base/scope.h"
#include "tap.h"

static const struct mark start = {false, 0};

static bool
read_it(struct batch *b, struct arena *a, struct text json,
    const struct mark *after)
{
	struct scope s;

	scope_init(&s, a, 0, 0);
	return batch_read(b, &s, json, after);
}

#define FIRST \
	"{\"seq\":1,\"event_type\":\"queued\",\"visibility\":\"public\"," \
	"\"stage\":null,\"message\":\"queued\",\"artifacts\":[]," \
	"\"extra\":{},\"created_at\":\"2026-04-15T12:00:01Z\"}"
#define SECOND \
	"{\"seq\":9007199254740993,\"event_type\":\"stage\"," \
	"\"visibility\":\"public\",\"stage\":\"a\\\"b\",\"message\":\"\\n\"," \
	"\"artifacts\":[{\"image_url\":\"https://h/x?a=1&b=2\",\"kind\":" \
	"\"k\",\"role\":\"final\",\"label\":null,\"meta\":{\"n\":1e400}}," \
	"{\"image_url\":\"u\",\"kind\":\"k2\",\"role\":\"r2\",\"label\":" \
	"\"l2\",\"meta\":{}}],\"extra\":{\"n\":12345678901234567890123," \
	"\"d\":1.50},\"created_at\":\"2026-04-15T12:00:02.500000Z\"}"

static void
test_page(struct arena *a)
{
	const struct batch_event *e;
	struct batch b;

	ok(read_it(&b, a, TEXT("{\"public_id\":\"X\",\"events\":[" FIRST
			       "," SECOND "],\"latest_seq\":9007199254740993}"),
	       &start)
		&& b.n == 2 && b.latest.given,
	    "a page");
	is_int(b.latest.seq, 9007199254740993, "its end");
	e = &b.events[0];
	is_int(e->seq, 1, "the first event");
	is_text(e->json, TEXT(FIRST), "as it stands");
	is_text(e->type, TEXT("queued"), "type");
	is_text(e->stage, (struct text){0}, "no stage");
	is_int((int64_t)e->n_artifacts, 0, "no artifact");
	e = &b.events[1];
	is_text(e->json, TEXT(SECOND), "the second as it stands");
	is_int(e->seq, 9007199254740993, "its number, to the last digit");
	is_text(e->stage, TEXT("a\"b"), "its stage");
	is_text(e->message, TEXT("\n"), "its message");
	is_text(e->created_at, TEXT("2026-04-15T12:00:02.500000Z"), "time");
	is_int((int64_t)e->n_artifacts, 2, "artifacts");
	is_text(e->artifacts[0].url, TEXT("https://h/x?a=1&b=2"), "URL");
	is_text(e->artifacts[0].kind, TEXT("k"), "kind");
	is_text(e->artifacts[0].role, TEXT("final"), "role");
	is_text(e->artifacts[0].label, (struct text){0}, "no label");
	is_text(e->artifacts[1].label, TEXT("l2"), "a label");
}

#define E(seq) "{\"seq\":" seq ",\"event_type\":\"stage\"}"
#define PAGE(events, latest) \
	"{\"public_id\":\"X\",\"events\":[" events "],\"latest_seq\":" latest \
	"}"

static const struct mark at_five = {true, 5}, at_least = {true, INT64_MIN};

static const struct {
	const char *json;
	const struct mark *after;
	bool is_page;
} pages[] = {
    {PAGE("", "null"), &start, true},
    {PAGE("", "5"), &at_five, true},
    {PAGE("", "-9223372036854775808"), &at_least, true},
    {PAGE(E("6"), "6"), &at_five, true},
    {PAGE(E("6") "," E("9"), "9"), &at_five, true},
    {PAGE(E("-3"), "-3"), &start, true},
    {PAGE(E("9223372036854775807"), "9223372036854775807"), &start, true},
    {" {\n\t\"latest_seq\" : 6 , \"more\" : [{}] ,\r\n \"events\" : [ "
     E("6") " ] }\n", &at_five, true},
    /* again, backwards, or not to the end */
    {PAGE(E("5"), "5"), &at_five, false},
    {PAGE(E("4") "," E("6"), "6"), &at_five, false},
    {PAGE(E("7") "," E("6"), "6"), &at_five, false},
    {PAGE(E("6") "," E("6"), "6"), &at_five, false},
    {PAGE(E("6"), "7"), &at_five, false},
    {PAGE(E("6"), "5"), &at_five, false},
    {PAGE(E("6"), "null"), &at_five, false},
    {PAGE("", "null"), &at_five, false},
    {PAGE("", "4"), &at_five, false},
    {PAGE("", "6"), &at_five, false},
    {PAGE("", "6"), &start, false},
    /* numbers that are none, or none of 64 bits */
    {PAGE(E("9223372036854775808"), "9223372036854775808"), &start, false},
    {PAGE(E("6.0"), "6"), &start, false},
    {PAGE(E("6e0"), "6"), &start, false},
    {PAGE(E("\"6\""), "6"), &start, false},
    {PAGE(E("true"), "1"), &start, false},
    {PAGE(E("null"), "null"), &start, false},
    {PAGE(E("6"), "\"6\""), &start, false},
    {PAGE(E("6"), "{}"), &start, false},
    /* members that are missing or of the wrong type */
    {"{\"events\":[]}", &start, false},
    {"{\"latest_seq\":null}", &start, false},
    {"{\"events\":{},\"latest_seq\":null}", &start, false},
    {"{\"events\":null,\"latest_seq\":null}", &start, false},
    {PAGE("1", "1"), &start, false},
    {PAGE("{\"event_type\":\"stage\"}", "1"), &start, false},
    {PAGE("{\"seq\":1}", "1"), &start, false},
    {PAGE("{\"seq\":1,\"event_type\":null}", "1"), &start, false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\",\"message\":7}", "1"), &start,
	false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\",\"artifacts\":{}}", "1"), &start,
	false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\",\"artifacts\":[7]}", "1"), &start,
	false},
    /* what is no page at all */
    {"", &start, false},
    {"null", &start, false},
    {"[]", &start, false},
    {"<html>Bad Gateway</html>", &start, false},
    {"{\"error\":{\"code\":\"UNAVAILABLE\"}}", &start, false},
    {PAGE("", "null") "x", &start, false},
    {PAGE("", "null") PAGE("", "null"), &start, false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\",\"extra\":{'a':1}}", "1"), &start,
	false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\",\"extra\":NaN}", "1"), &start,
	false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\xff\"}", "1"), &start, false},
    {PAGE("{\"seq\":1,\"event_type\":\"x\n\"}", "1"), &start, false},
};

static void
test_pages(struct arena *a)
{
	for (size_t i = 0; i < N_OF(pages); i++) {
		struct batch b;

		is_int(read_it(&b, a, text_of(pages[i].json), pages[i].after),
		    pages[i].is_page, "%s", pages[i].json);
	}
}

static void
test_truncated(struct arena *a)
{
	static const char page[] = PAGE(FIRST "," SECOND, "9007199254740993");
	struct batch b;
	size_t n = 0;

	for (size_t size = 0; size < sizeof(page) - 1; size++)
		n += read_it(&b, a, (struct text){page, size}, &start);
	is_int((int64_t)n, 0, "truncated anywhere it is no page");
	ok(read_it(&b, a, (struct text){page, sizeof(page) - 1}, &start),
	    "whole it is");
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 4096);
	test_page(&a);
	test_pages(&a);
	test_truncated(&a);
	arena_release(&a);
	return tap_done();
}
