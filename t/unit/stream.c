/* Streams, byte for byte. */
#include "api/stream.h"

#include "adapters/crypto.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/places.h"
#include "api/response.h"
#include "base/config.h"
#include "base/scope.h"
#include "naughty.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct scope scope;
static struct app app;
static struct response res;

static void
is_body(const char *want, const char *what)
{
	is_text(buf_as_text(&res.body), text_of(want), "%s", what);
}

static void
put_event(struct buf *out, enum form form, const struct event *e)
{
	put_frame(out, &scope, app.signer, form, e);
}

enum { BEGUN, LATER };

static struct exchange
exchange_of(const struct hold *h, bool closed, size_t n, int when)
{
	struct exchange x = {
	    .app = &app,
	    .hold = *h,
	    .job = naughty_job(closed),
	    .events = {.list = naughty_events, .n = n},
	};

	response_reset(&res);
	x.hold.begun = x.hold.placed = when == LATER;
	return x;
}

/* How the body begins, where a random number of milliseconds stands at the
 * first '#'; what stands there, or -1. */
static int
number_in(struct text *rest, const char *pattern)
{
	const char *at = strchr(pattern, '#');
	size_t before = (size_t)(at - pattern), n = 0;
	int number = 0;

	if (!text_has_prefix(*rest, (struct text){pattern, before}))
		return -1;
	for (n = before; n < rest->size && rest->data[n] >= '0'
	    && rest->data[n] <= '9'; n++)
		number = number * 10 + (rest->data[n] - '0');
	rest->data += n;
	rest->size -= n;
	if (!text_has_prefix(*rest, text_of(at + 1)))
		return -1;
	rest->data += strlen(at + 1);
	rest->size -= strlen(at + 1);
	return number;
}

static bool
has_header(const char *line)
{
	bool there;

	buf_char(&res.head, '\0');
	there = strstr(res.head.data, line) != NULL;
	res.head.size--;
	return there;
}

static void
test_beginning(void)
{
	struct hold h = naughty_hold(FORM_SSE, true, 1);
	struct exchange x = exchange_of(&h, false, 0, BEGUN);
	struct text rest;
	int retry;

	is_int((int)stream(&res, &scope, &x), VERDICT_HOLD, "an open job");
	ok(x.hold.placed, "the stream has a place");
	is_int(res.status, 200, "with a head");
	ok(has_header("Content-Type: text/event-stream\r\n")
		&& has_header("Cache-Control: no-store, no-transform\r\n")
		&& has_header("X-Accel-Buffering: no\r\n"),
	    "that nobody buffers or keeps");
	ok(!has_header("Jobtail-Cursor"), "the cursor is fine");
	rest = buf_as_text(&res.body);
	retry = number_in(&rest, "retry: #\n\n");
	ok(retry >= 3000 && retry <= 4000, "retry: %d", retry);
	is_text(rest, TEXT("id: 1\n\n"), "and where to resume, no more");
	places_give_back(app.places, &x.who);

	h = naughty_hold(FORM_NDJSON, false, 0);
	x = exchange_of(&h, false, 0, BEGUN);
	is_int((int)stream(&res, &scope, &x), VERDICT_HOLD, "lines");
	ok(has_header("Content-Type: application/x-ndjson\r\n"), "their type");
	is_text(buf_as_text(&res.body), TEXT("\n"),
	    "an empty line, so that the head is passed on");
	places_give_back(app.places, &x.who);
}

/* Clients that were cut off together do not come back together. */
static void
test_retry(void)
{
	struct hold h = naughty_hold(FORM_SSE, false, 0);
	int least = INT32_MAX, most = -1;

	for (int i = 0; i < 1000; i++) {
		struct exchange x = exchange_of(&h, false, 0, BEGUN);
		struct text rest;
		int retry;

		(void)stream(&res, &scope, &x);
		places_give_back(app.places, &x.who);
		rest = buf_as_text(&res.body);
		retry = number_in(&rest, "retry: #\n\n");
		least = retry < least ? retry : least;
		most = retry > most ? retry : most;
	}
	ok(least >= 3000 && least < 3050 && most > 3950 && most <= 4000,
	    "between %d and %d ms", least, most);
}

/* What there is to tell, and what has been told before. */
static void
test_news(void)
{
	for (int form = FORM_SSE; form < N_FORMS; form++) {
		struct hold h = naughty_hold((enum form)form, false, 0);
		struct exchange x = exchange_of(&h, false, 2, LATER);
		struct buf want = {0};

		put_event(&want, (enum form)form, &naughty_events[0]);
		put_event(&want, (enum form)form, &naughty_events[1]);
		is_int((int)stream(&res, &scope, &x), VERDICT_HOLD, "news");
		is_int((int64_t)res.head.size, 0, "behind the head");
		is_text(buf_as_text(&res.body), buf_as_text(&want),
		    "form %d: two events", form);
		ok(x.hold.has_cursor && x.hold.cursor == 3 && !x.hold.more
			&& x.hold.n_events == 2,
		    "the hold has moved on");
		buf_release(&want);
	}
}

static void
test_end(void)
{
	struct hold h = naughty_hold(FORM_SSE, true, 3);
	struct exchange x = exchange_of(&h, true, 0, BEGUN);
	struct buf want = {0};

	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "all is told");
	is_int(res.status, 204, "so nobody comes back");
	is_int((int64_t)res.body.size, 0, "to nothing");
	h.has_cursor = false;
	x = exchange_of(&h, true, 0, BEGUN);
	(void)stream(&res, &scope, &x);
	is_int(res.status, 204, "without a cursor too");
	h.has_cursor = true;
	h.cursor = 99;
	x = exchange_of(&h, true, 0, BEGUN);
	(void)stream(&res, &scope, &x);
	is_int(res.status, 204, "and with one past the end");

	x = exchange_of(&h, true, 0, LATER);
	x.hold.cursor = 9;
	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "a stream ends");
	is_body("event: end\ndata: {\"public_id\":\"" NAUGHTY_ID "\","
		"\"latest_seq\":9,\"status\":\"IN_PROGRESS\"}\n\n", "so");

	h = naughty_hold(FORM_NDJSON, true, 9);
	x = exchange_of(&h, true, 0, BEGUN);
	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "lines end");
	is_int(res.status, 200, "at once, but with a 200");
	is_body("{\"latest_seq\":9,\"closed\":true}\n", "and say so");

	h = naughty_hold(FORM_NDJSON, false, 0);
	x = exchange_of(&h, true, 3, BEGUN);
	for (size_t i = 0; i < 3; i++)
		put_event(&want, FORM_NDJSON, &naughty_events[i]);
	buf_string(&want, "{\"latest_seq\":7,\"closed\":true}\n");
	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "events first");
	is_text(buf_as_text(&res.body), buf_as_text(&want), "then the end");
	ok(!x.hold.placed, "which needs no place");
	buf_release(&want);
}

/* Without a place a stream degrades to polling. */
static void
test_busy(void)
{
	struct places *all = app.places;
	struct hold h = naughty_hold(FORM_SSE, true, 0);
	struct exchange x = exchange_of(&h, false, 1, BEGUN);
	struct buf want = {0};
	struct text rest;
	int retry;

	app.places = NULL;
	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "no place");
	is_int(res.status, 200, "is no fault");
	rest = buf_as_text(&res.body);
	ok(number_in(&rest, "retry: #\n\nid: 0\n\n") > 0, "it begins");
	put_event(&want, FORM_SSE, &naughty_events[0]);
	ok(text_has_prefix(rest, buf_as_text(&want)), "tells what is there");
	rest.data += want.size;
	rest.size -= want.size;
	retry = number_in(&rest, "retry: #\n\n");
	ok(retry >= 15000 && retry <= 19000, "retry: %d", retry);
	is_text(rest, TEXT("event: bye\ndata: {\"reason\":\"busy\","
			   "\"latest_seq\":1}\n\n"), "and says why");
	h = naughty_hold(FORM_NDJSON, false, 0);
	x = exchange_of(&h, false, 0, BEGUN);
	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "as do lines");
	is_body("{\"latest_seq\":null,\"closed\":false}\n", "in their way");
	app.places = all;
	buf_release(&want);
}

static enum verdict
go_on(struct exchange *x)
{
	response_reset(&res);
	return stream(&res, &scope, x);
}

/* Who is behind goes on without a place. At the tail it takes one, if there is
 * one by then, or the stream ends. */
static void
test_behind(void)
{
	struct places *all = app.places, *full = places_new(0, 0, 1);
	struct hold h = naughty_hold(FORM_NDJSON, false, 0);
	struct exchange x = exchange_of(&h, false, 1, BEGUN), y = x;
	int64_t lasts_ms;

	app.places = full;
	is_int((int)go_on(&y), VERDICT_ANSWER, "no place, and no more to tell");
	ok(!y.hold.stands, "is no reason to stand");
	y = x;
	x.events.more = y.events.more = true;
	is_int((int)go_on(&x), VERDICT_HOLD, "no place, but more to tell");
	lasts_ms = x.hold.lasts_ms;
	ok(!x.hold.placed && x.hold.stands && lasts_ms > 0,
	    "it goes on, not for ever");
	is_int((int)go_on(&y), VERDICT_ANSWER, "there is room for no other");
	ok(!y.hold.placed && !y.hold.stands, "which has nothing then");
	is_int((int)go_on(&x), VERDICT_HOLD, "the first one goes on again");
	is_int((int64_t)res.head.size, 0, "with one head");
	ok(x.hold.stands && x.hold.lasts_ms == lasts_ms, "nor for longer");
	x.events.more = false;
	y = x;
	is_int((int)go_on(&x), VERDICT_ANSWER, "at the tail it is over");
	hold_leave(&x.hold, full);
	ok(places_stand(full, &x.who), "and the room is free");
	y.job.closed = true;
	is_int((int)go_on(&y), VERDICT_ANSWER, "a closed one is over too");
	ok(text_has_prefix((struct text){res.body.data + res.body.size - 15,
		15}, TEXT("\"closed\":true}\n")), "and says so");
	app.places = all;
	places_free(full);
}

/* It stands in one of the places' rooms, and finds a place. */
static void
test_caught_up(void)
{
	struct places *all = app.places;
	struct hold h = naughty_hold(FORM_NDJSON, false, 0);
	struct exchange x = exchange_of(&h, false, 1, BEGUN);

	app.places = places_new(1, 0, 1);
	ok(places_take(app.places, &x.who), "somebody has the place");
	x.events.more = true;
	is_int((int)go_on(&x), VERDICT_HOLD, "a stream stands");
	places_give_back(app.places, &x.who);
	x.events.more = false;
	is_int((int)go_on(&x), VERDICT_HOLD, "and finds it free in the end");
	ok(x.hold.placed && !x.hold.stands, "so it sits down");
	ok(places_stand(app.places, &x.who), "and leaves its room");
	hold_leave(&x.hold, app.places);
	ok(places_take(app.places, &x.who), "as it leaves its place");
	places_free(app.places);
	app.places = all;
}

static void
test_ahead(void)
{
	struct hold h = naughty_hold(FORM_SSE, true, 10);
	struct exchange x = exchange_of(&h, false, 0, BEGUN);
	struct text rest;

	is_int((int)stream(&res, &scope, &x), VERDICT_ANSWER, "ahead");
	ok(has_header("Jobtail-Cursor: ahead\r\n"), "is told in the head");
	rest = buf_as_text(&res.body);
	ok(number_in(&rest, "retry: #\n\nid: 10\n\n") > 0, "it begins");
	is_text(rest, TEXT("event: bye\ndata: {\"reason\":\"ahead\","
			   "\"latest_seq\":10}\n\n"), "and ends at once");
	ok(!x.hold.placed, "without a place");
	h.cursor = 9;
	x = exchange_of(&h, false, 0, BEGUN);
	is_int((int)stream(&res, &scope, &x), VERDICT_HOLD,
	    "the last number is not ahead, though its event is internal");
	places_give_back(app.places, &x.who);
}

/* --- long ones --- */

/* Takes the stream's pieces until it rests; gives how many there were, and
 * the largest. */
static size_t
take_all(struct buf *out, struct exchange *x, size_t *largest)
{
	struct events all = x->events;
	size_t n = 0;

	*largest = 0;
	do {
		x->events = events_after(
		    &all, x->hold.has_cursor, x->hold.cursor, SIZE_MAX);
		response_reset(&res);
		if (stream(&res, &scope, x) != VERDICT_HOLD)
			break;
		buf_text(out, buf_as_text(&res.body));
		*largest = res.body.size > *largest ? res.body.size
						    : *largest;
		n++;
	} while (x->hold.more && n < all.n);
	return n;
}

static void
test_batches(size_t message_size)
{
	enum { N = 1000 };
	static struct event list[N];
	char *message = calloc(1, message_size + 1);
	struct hold h = naughty_hold(FORM_NDJSON, false, 0);
	struct exchange x = exchange_of(&h, false, 0, LATER);
	struct buf got = {0}, want = {0};
	size_t largest, n;

	memset(message, 'm', message_size);
	for (int i = 0; i < N; i++) {
		list[i] = (struct event){.seq = i + 1, .type = TEXT("stage"),
		    .message = text_of(message), .created_at_us = NAUGHTY_AT};
		put_event(&want, FORM_NDJSON, &list[i]);
	}
	x.job.last_seq = N;
	x.events = (struct events){.list = list, .n = N};
	n = take_all(&got, &x, &largest);
	ok(text_equal(buf_as_text(&got), buf_as_text(&want)),
	    "messages of %zu bytes: each event once and in order",
	    message_size);
	ok(!x.hold.more && x.hold.cursor == N && x.hold.n_events == N,
	    "in %zu pieces", n);
	ok(largest <= STREAM_BATCH + message_size + 1000,
	    "none of which is long: %zu bytes", largest);
	ok(n >= want.size / (STREAM_BATCH + message_size + 1000),
	    "as many as it takes");
	buf_release(&got);
	buf_release(&want);
	free(message);
}

/* The database has more than it gave: the end of the batch is not the end. */
static void
test_more(void)
{
	struct hold h = naughty_hold(FORM_SSE, true, 0);
	struct exchange x = exchange_of(&h, true, 3, LATER);

	x.events.more = true;
	is_int((int)stream(&res, &scope, &x), VERDICT_HOLD,
	    "a closed job with more to come");
	ok(x.hold.more, "comes again");
	x = exchange_of(&h, true, 0, BEGUN);
	x.events.more = false;
	x.hold.cursor = 7;
	(void)stream(&res, &scope, &x);
	is_int(res.status, 204, "until there is no more");
}

int
main(void)
{
	static const struct config config = {.sse_max = 55};

	arena_init(&arena, 4096);
	scope_init(&scope, &arena, 0, NAUGHTY_AT);
	app = (struct app){.config = &config, .crypto = crypto_new(),
	    .places = places_new(1, 0, 1)};
	app.signer = signer_new(&naughty_stores, app.crypto);
	test_beginning();
	test_retry();
	test_news();
	test_end();
	test_busy();
	test_behind();
	test_caught_up();
	test_ahead();
	test_batches(10);
	test_batches(5000);
	test_batches(STREAM_BATCH + 1);
	test_more();
	response_release(&res);
	signer_free(app.signer);
	places_free(app.places);
	crypto_free(app.crypto);
	arena_release(&arena);
	return tap_done();
}
