/* Looks: what is asked of the database for all, and what each one is told. */
#include "server/look.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "adapters/fcgi.h"
#include "api/app.h"
#include "api/response.h"
#include "api/timeline.h"
#include "backend.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "naughty.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 10, BYTES = 1 << 20, CROWD = 8, N_COLUMNS = 20 };

static struct app app;
static struct arena whole, each;
static struct response res;

/* --- the database --- */

/* Keys have names of a letter, events have numbers. */
static struct {
	const char *living;
	const char *named; /* by keys_alive(); NULL: it is missing */
	char odd;          /* authenticate() stumbles over it */
	int64_t last_seq;
	bool gone, closed;
} world;

static struct text
key_of(char letter, char *room)
{
	memset(room, letter, CRYPTO_SHA256_SIZE);
	return (struct text){room, CRYPTO_SHA256_SIZE};
}

static void
name_keys(struct backend_reply *r)
{
	char room[CRYPTO_SHA256_SIZE];

	if (world.named == NULL)
		r->sqlstate = "42883"; /* undefined_function */
	for (const char *c = world.named; c != NULL && *c != '\0'; c++) {
		struct text cell = key_of(*c, room);

		backend_row(r, &cell, 1);
	}
}

static void
say_head(struct backend_reply *r, bool has_job)
{
	struct text cells[N_COLUMNS] = {
	    [COL_PART] = TEXT("h"),
	    [COL_AT] = backend_int8(0),
	    [COL_TENANT_ID] = backend_int8(1),
	    [COL_KEY_ID] = backend_int8(2),
	    [COL_CAPABLE] = TEXT("\1"),
	};

	if (has_job) {
		cells[COL_JOB_ID] = backend_int8(3);
		cells[COL_STATUS] = TEXT("IN_PROGRESS");
		cells[COL_JOB_CREATED_AT] = backend_int8(0);
		cells[COL_CLOSED] = world.closed ? TEXT("\1") : TEXT("\0");
		cells[COL_LAST_SEQ] = backend_int8(world.last_seq);
	}
	backend_row(r, cells, N_COLUMNS);
}

static void
say_event(struct backend_reply *r, int64_t seq)
{
	const struct text cells[N_COLUMNS] = {
	    [COL_PART] = TEXT("e"),
	    [COL_SEQ] = backend_int8(seq),
	    [COL_EVENT_TYPE] = TEXT("stage"),
	    [COL_MESSAGE] = TEXT("message"),
	    [COL_CREATED_AT] = backend_int8(0),
	};

	backend_row(r, cells, N_COLUMNS);
}

static void
say_timeline(struct backend_reply *r, const struct backend_query *q)
{
	enum { KEY, ID = 2, SINCE, MAX_EVENTS };
	const struct text more[N_COLUMNS] = {[COL_PART] = TEXT("m")};
	int64_t seq = q->params[SINCE].data == NULL
	    ? 0 : backend_number(q->params[SINCE]);
	int64_t end = seq + backend_number(q->params[MAX_EVENTS]);

	if (q->params[KEY].data[0] == world.odd)
		r->sqlstate = "P0001"; /* raise_exception */
	if (strchr(world.living, q->params[KEY].data[0]) == NULL)
		return;
	if (q->params[ID].data == NULL || world.gone) {
		say_head(r, false);
		return;
	}
	say_head(r, true);
	while (seq < world.last_seq && seq < end)
		say_event(r, ++seq);
	if (seq < world.last_seq)
		backend_row(r, more, N_COLUMNS);
}

static void
answer(struct backend_reply *r, const struct backend_query *q)
{
	if (memmem(q->sql.data, q->sql.size, "keys_alive", 10) != NULL)
		name_keys(r);
	else
		say_timeline(r, q);
}

/* --- those who wait --- */

static struct waiter crowd[CROWD];
static int peers[CROWD];
static struct look *look;

static void
begin(void)
{
	look = look_new(NULL, EVENTS, BYTES);
}

/* One more, who has seen so much. */
static struct waiter *
join(enum form form, char key, int64_t cursor)
{
	struct waiter *w = &crowd[look->n];
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		abort();
	peers[look->n] = fds[1];
	*w = (struct waiter){.fd = fds[0], .id = 1,
	    .hold = naughty_hold(form, true, cursor)};
	w->hold.begun = w->hold.placed = true;
	w->wrote = w->broken = true; /* of an earlier look */
	w->hold.wait_s = 25;
	memset(w->hold.who.key_sha256, key, sizeof(w->hold.who.key_sha256));
	look_add(look, w);
	return w;
}

static void
run(void)
{
	const struct look_tools tools = {&app, &whole, &each, &res};

	look_run(look, &tools);
}

/* With a database that has all this. */
static void
run_with_database(struct backend *b)
{
	struct db_settings settings = {.prepare = DB_PREPARE_OFF};

	backend_start(b, answer);
	settings.conninfo = b->conninfo;
	app.db = db_new(&settings);
	run();
	db_free(app.db);
	(void)backend_asked(b);
	backend_stop(b);
}

static void
is_asked(const char *want)
{
	struct backend b;

	run_with_database(&b);
	is_str(b.names, want, "asked: %s", want);
}

static bool
ends(const char *bytes, ssize_t size)
{
	const ssize_t end = FCGI_HEADER_SIZE + 8;

	return size >= end && bytes[size - end + 1] == FCGI_END;
}

/* What has been sent to one of them begins with its verdict, and a dash if
 * nothing came: numbers of events, a status, a reason. */
static void
is_told(size_t i, const char *want)
{
	static const char *const words[] = {"Status: 200", "Status: 401",
	    "Status: 404", "Status: 500", "Status: 503", "revoked", "upstream",
	    "event: end"};
	char bytes[65536];
	ssize_t size = recv(peers[i], bytes, sizeof(bytes), 0);
	struct buf got = {0};

	buf_string(&got, crowd[i].verdict == VERDICT_HOLD ? "held" : "over");
	for (int seq = 1; size > 0 && seq < 100; seq++) {
		char member[20];
		int n = snprintf(member, sizeof(member), "{\"seq\":%d,", seq);

		if (memmem(bytes, (size_t)size, member, (size_t)n) != NULL)
			buf_printf(&got, " %d", seq);
	}
	for (size_t k = 0; size > 0 && k < N_OF(words); k++)
		if (memmem(bytes, (size_t)size, words[k], strlen(words[k]))
		    != NULL)
			buf_printf(&got, " %s", words[k]);
	is_text(buf_as_text(&got), text_of(want), "told: %s", want);
	is_int(crowd[i].wrote, size > 0, "and known to be");
	is_int(ends(bytes, size), crowd[i].verdict == VERDICT_ANSWER,
	    "the request's end, if it is that");
	buf_release(&got);
}

static void
end(void)
{
	for (size_t i = 0; i < look->n; i++) {
		close(crowd[i].fd);
		close(peers[i]);
		outq_release(&crowd[i].rest);
	}
	look_free(look);
}

/* --- what is asked --- */

static void
test_span(void)
{
	enum { NONE = 99 };
	static const struct {
		int64_t cursors[4];
		bool has_since;
		int64_t since;
	} cases[] = {
	    {{5, 5, 5, 5}, true, 5},
	    {{7, 3, 9, 4}, true, 3},
	    {{3, 7, 9, 4}, true, 3},
	    {{7, 4, 9, -3}, true, -3},
	    {{7, NONE, 9, 4}, false, 0},
	    {{NONE, 7, 9, 4}, false, 0},
	    {{7, 9, 4, NONE}, false, 0},
	    {{NONE, NONE, NONE, NONE}, false, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct waiter w[4] = {0};

		begin();
		for (size_t k = 0; k < 4; k++) {
			w[k].hold.has_cursor = cases[i].cursors[k] != NONE;
			if (w[k].hold.has_cursor)
				w[k].hold.cursor = cases[i].cursors[k];
			look_add(look, &w[k]);
		}
		is_int(look->span.has_since, cases[i].has_since,
		    "%zu: from the start, or not", i);
		if (cases[i].has_since)
			is_int(look->span.since, cases[i].since,
			    "from the lowest cursor");
		ok(look->n == 4 && look->waiters[3] == &w[3]
			&& look->span.max_events == EVENTS
			&& look->span.max_bytes == BYTES,
		    "for all of them");
		look_free(look);
	}
}

/* --- the database is away --- */

static void
test_away(void)
{
	const struct db_settings settings = {.conninfo = "host=/nowhere"};

	app.db = db_new(&settings);
	for (char key = 'a'; key <= 'b'; key++) {
		begin();
		join(FORM_JSON, 'a', 1);
		join(FORM_SSE, key, 1);
		join(FORM_JSON, key, 1)->is_last_look = true;
		join(FORM_JSON, 'a', 1)->is_last_look = true;
		close(peers[3]);
		run();
		ok(!look->reached && !look->found && !look->cut, "away");
		is_told(0, "held");
		is_told(1, "held");
		is_told(2, "over Status: 503");
		ok(!crowd[2].broken && outq_is_empty(&crowd[2].rest),
		    "which its peer has taken");
		ok(crowd[3].verdict == VERDICT_ANSWER && crowd[3].broken,
		    "one whose peer is gone");
		peers[3] = dup(peers[0]);
		end();
	}
	db_free(app.db);
}

/* --- it is there --- */

static void
test_news(void)
{
	begin();
	world.last_seq = 4;
	join(FORM_JSON, 'a', 2);
	join(FORM_SSE, 'a', 3);
	join(FORM_SSE, 'a', 4);
	join(FORM_JSON, 'a', 4);
	join(FORM_JSON, 'a', 4)->is_last_look = true;
	is_asked("timeline ");
	ok(look->reached && look->found && !look->cut, "one key, one question");
	is_int(look->last_seq, 4, "the job's last number");
	is_told(0, "over 3 4 Status: 200");
	is_told(1, "held 4");
	is_int(crowd[1].hold.cursor, 4, "a stream has moved on");
	is_told(2, "held");
	is_int(crowd[2].hold.last_seq, 4, "who knew it knows it is the last");
	is_told(3, "held");
	is_told(4, "over Status: 200");
	end();
}

static void
test_more(void)
{
	begin();
	world.last_seq = 3 + EVENTS;
	join(FORM_SSE, 'a', 2);
	join(FORM_SSE, 'a', 4);
	is_asked("timeline ");
	ok(look->cut, "more than a look reads");
	is_told(0, "held 3 4 5 6 7 8 9 10 11 12");
	is_told(1, "held 5 6 7 8 9 10 11 12");
	ok(crowd[0].hold.more && crowd[1].hold.more, "there is more for both");
	end();
}

static void
test_end(void)
{
	begin();
	world.last_seq = 4;
	world.closed = true;
	join(FORM_JSON, 'a', 4);
	join(FORM_SSE, 'a', 3);
	is_asked("timeline ");
	is_told(0, "over Status: 200");
	is_told(1, "over 4 event: end");
	end();
	begin();
	world.closed = false;
	world.gone = true;
	join(FORM_JSON, 'a', 4);
	join(FORM_SSE, 'a', 3);
	is_asked("timeline ");
	ok(look->reached && !look->found, "a job that is gone");
	is_told(0, "over Status: 404");
	is_told(1, "over upstream");
	world.gone = false;
	end();
}

/* --- keys --- */

/* One that is asked for alone, by the call for the events. */
static void
test_key(void)
{
	begin();
	world.last_seq = 4;
	world.living = "";
	join(FORM_JSON, 'a', 3);
	join(FORM_SSE, 'a', 3);
	is_asked("timeline ");
	ok(look->reached && !look->found, "a dead key sees no job");
	is_told(0, "over Status: 401");
	is_told(1, "over revoked");
	end();
}

/* Several are asked for at once; who is not named, one by one. */
static void
test_keys(void)
{
	static const struct {
		const char *living, *named, *asked;
		const char *told[3]; /* a poll, two streams */
		char odd;
	} cases[] = {
	    {"abc", "abc", "keys_alive timeline ",
		{"over 4 Status: 200", "held 4", "held 4"}},
	    {"ac", "ac", "keys_alive timeline timeline ",
		{"over 4 Status: 200", "over revoked", "held 4"}},
	    {"bc", "bc", "keys_alive timeline timeline ",
		{"over Status: 401", "held 4", "held 4"}},
	    {"", "", "keys_alive timeline timeline timeline ",
		{"over Status: 401", "over revoked", "over revoked"}},
	    /* authenticate() decides, when it is asked */
	    {"abc", "ac", "keys_alive timeline timeline ",
		{"over 4 Status: 200", "held 4", "held 4"}},
	    {"c", NULL, "keys_alive timeline timeline timeline timeline ",
		{"over Status: 401", "over revoked", "held 4"}},
	    /* also behind that */
	    {"c", "abc", "keys_alive timeline timeline timeline ",
		{"over Status: 401", "over revoked", "held 4"}},
	    /* unless it cannot */
	    {"abc", "a", "keys_alive timeline ",
		{"over Status: 500", "over upstream", "over upstream"}, 'b'},
	};

	world.last_seq = 4;
	for (size_t i = 0; i < N_OF(cases); i++) {
		begin();
		world.living = cases[i].living;
		world.named = cases[i].named;
		world.odd = cases[i].odd;
		join(FORM_JSON, 'a', 3);
		join(FORM_SSE, 'b', 3);
		join(FORM_SSE, 'c', 3);
		is_asked(cases[i].asked);
		is_int(look->found, world.living[0] != '\0' && !world.odd,
		    "found, or not");
		ok(look->reached, "the database has answered");
		for (size_t k = 0; k < 3; k++)
			is_told(k, cases[i].told[k]);
		end();
	}
	world.living = world.named = "abc";
	world.odd = '\0';
}

/* --- slow peers --- */

static void
test_slow(void)
{
	static const char filler[4096];
	struct waiter *w;

	begin();
	world.last_seq = 4;
	w = join(FORM_SSE, 'a', 3);
	while (send(w->fd, filler, sizeof(filler), MSG_DONTWAIT) > 0)
		;
	is_asked("timeline ");
	ok(w->verdict == VERDICT_HOLD && w->wrote && !w->broken
		&& !outq_is_empty(&w->rest),
	    "what the peer does not take is kept");
	end();
}

int
main(void)
{
	static const struct config config = {.max_events = EVENTS,
	    .max_bytes = BYTES, .wait_max = 25, .sse_max = 55};

	log_open(LOG_TO_STDERR, LEVEL_ERROR);
	world.living = world.named = "abc";
	arena_init(&whole, 4096);
	arena_init(&each, 4096);
	app = (struct app){.config = &config, .crypto = crypto_new()};
	app.signer = signer_new(&naughty_stores, app.crypto);
	test_span();
	test_away();
	test_news();
	test_more();
	test_end();
	test_key();
	test_keys();
	test_slow();
	response_release(&res);
	signer_free(app.signer);
	crypto_free(app.crypto);
	arena_release(&whole);
	arena_release(&each);
	return tap_done();
}
