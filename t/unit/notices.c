/* Listening: what is made of a notice, whether notices can be relied on, and
 * what becomes of a session that is lost. */
#include "server/notices.h"

#include "backend.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "server/hub.h"
#include "tap.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define MARK "jobtail " ID " 77" /* the last thing that is said */

enum { TOO_LONG_S = 20, BEAT_MS = 10000, ECHO_MS = 5000 };

/* --- the database --- */

static struct {
	const char *setting;   /* jobtail.notify */
	const char *notice;    /* given with each heartbeat, if any ... */
	const char *heartbeat; /* ... and one of somebody else's */
	bool is_deaf;          /* a heartbeat is not heard */
	bool refuses;          /* to listen */
	int n_hang_ups;        /* at the next heartbeats */
} world;

static void
take_heartbeat(struct backend_reply *r, const struct backend_query *q)
{
	static int n;

	if (n++ < world.n_hang_ups) {
		r->hang_up = true;
		return;
	}
	if (world.notice != NULL)
		backend_notice(r, "jobtail", text_of(world.notice));
	if (world.heartbeat != NULL)
		backend_notice(
		    r, "jobtail_heartbeat", text_of(world.heartbeat));
	if (!world.is_deaf)
		backend_notice(r, "jobtail_heartbeat", q->params[1]);
	backend_notice(r, "jobtail", TEXT(MARK));
}

static bool
has(struct text sql, const char *word)
{
	return memmem(sql.data, sql.size, word, strlen(word)) != NULL;
}

static void
answer(struct backend_reply *r, const struct backend_query *q)
{
	struct text setting = text_of(world.setting);

	if (has(q->sql, "current_setting"))
		backend_row(r, &setting, 1);
	else if (has(q->sql, "LISTEN") && world.refuses)
		r->sqlstate = "0A000"; /* a standby has no notices */
	else if (has(q->sql, "pg_notify"))
		take_heartbeat(r, q);
}

/* --- the reactor --- */

static char nowhere[] = "host=/nowhere";
static struct backend backend;
static struct hub *hub;
static struct notices *notices;
static int epoll;

static void
begin_with(char *conninfo)
{
	const struct config config = {.listen_database = conninfo};

	epoll = epoll_create1(EPOLL_CLOEXEC);
	hub = calloc(1, sizeof(*hub));
	hub_init(hub, 1, 1);
	hub->next_tails_ms = INT64_MAX;
	notices = notices_new(&config, epoll, hub);
}

static void
begin(void)
{
	backend_start(&backend, answer);
	begin_with(backend.conninfo);
}

static void
end(void)
{
	notices_free(notices);
	hub_release(hub);
	free(hub);
	close(epoll);
}

static void
end_all(void)
{
	end();
	backend_stop(&backend);
}

static void
turn(void)
{
	struct epoll_event event;

	notices_end_round(notices);
	if (epoll_wait(epoll, &event, 1, 10) == 1)
		notices_take_event(notices);
}

static const struct hub_notice *
last_heard(void)
{
	return &hub->heard[(hub->n_heard - 1) % HUB_MEMORY];
}

/* Until all has come that comes with a heartbeat. */
static void
wait_for_mark(void)
{
	while (hub->n_heard == 0 || last_heard()->seq != 77)
		turn();
}

/* How many lines the log gets. */
static int
lines_of(void (*what)(void))
{
	char text[4096];
	int ends[2], error = dup(STDERR_FILENO), n = 0;
	ssize_t size;

	if (error == -1 || pipe2(ends, O_NONBLOCK) == -1
	    || dup2(ends[1], STDERR_FILENO) == -1)
		abort();
	what();
	if (dup2(error, STDERR_FILENO) == -1)
		abort();
	size = read(ends[0], text, sizeof(text));
	for (ssize_t i = 0; i < size; i++)
		n += text[i] == '\n';
	close(ends[0]);
	close(ends[1]);
	close(error);
	return n;
}

/* --- what is heard --- */

static void
test_payloads(void)
{
	static const struct {
		const char *payload;
		bool is_notice; /* else everybody looks */
		enum data_set data_set;
		int64_t seq;
	} cases[] = {
	    {"jobtail " ID " 12", true, DATA_LIVE, 12},
	    {"jobtail_test " ID " 12", true, DATA_TEST, 12},
	    {"jobtail 01arz3ndektsv4rrffq69g5fav 12", true, DATA_LIVE, 12},
	    {"jobtail " ID " 9223372036854775807", true, DATA_LIVE, INT64_MAX},
	    {"", false, DATA_LIVE, 0},
	    {"jobtail", false, DATA_LIVE, 0},
	    {"jobtail ", false, DATA_LIVE, 0},
	    {"jobtail " ID, false, DATA_LIVE, 0},
	    {"jobtail " ID " ", false, DATA_LIVE, 0},
	    {"jobtail " ID " x", false, DATA_LIVE, 0},
	    {"jobtail " ID " 12 13", false, DATA_LIVE, 0},
	    {"jobtail " ID " 9223372036854775808", false, DATA_LIVE, 0},
	    {"jobtail 01ARZ3NDEKTSV4RRFFQ69G5FA 12", false, DATA_LIVE, 0},
	    {"jobtail 81ARZ3NDEKTSV4RRFFQ69G5FAV 12", false, DATA_LIVE, 0},
	    {"Jobtail " ID " 12", false, DATA_LIVE, 0},
	    {"jobtail_live " ID " 12", false, DATA_LIVE, 0},
	    {" jobtail " ID " 12", false, DATA_LIVE, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct hub_notice *n;
		uint64_t doubt = HUB_MEMORY + 1, more;

		world.notice = cases[i].payload;
		begin();
		wait_for_mark();
		more = hub->n_heard - doubt - 1;
		is_int((int64_t)more, cases[i].is_notice ? 1 : (int64_t)doubt,
		    "<%s> is %s", cases[i].payload,
		    cases[i].is_notice ? "a notice" : "a reason to look");
		n = &hub->heard[(hub->n_heard - 2) % HUB_MEMORY];
		if (cases[i].is_notice)
			ok(n->data_set == cases[i].data_set
				&& n->seq == cases[i].seq
				&& memcmp(n->public_id, ID, ULID_SIZE) == 0,
			    "of that job");
		end_all();
	}
	world.notice = NULL;
}

/* --- whether it hears --- */

static void
test_heartbeat(void)
{
	int64_t now_ms;

	begin();
	ok(!hub->hears, "at first it is not known whether notices come");
	wait_for_mark();
	now_ms = clock_mono_ms();
	ok(hub->hears, "it hears its own heartbeat");
	ok(hub->next_tails_ms <= now_ms && hub->n_heard > HUB_MEMORY,
	    "what happened before is looked for");
	ok(notices_next_deadline(notices) <= now_ms + BEAT_MS
		&& notices_next_deadline(notices) > now_ms + ECHO_MS,
	    "and waits for the next one");
	end_all();

	world.is_deaf = true;
	world.heartbeat = "0123456789abcdef0123456789abcdef";
	begin();
	wait_for_mark();
	ok(!hub->hears, "another's heartbeat is none");
	ok(notices_next_deadline(notices) <= clock_mono_ms() + ECHO_MS,
	    "without an echo it does not wait for long");
	end_all();
	world.is_deaf = false;
	begin();
	wait_for_mark();
	ok(hub->hears, "nor does it harm");
	end_all();
	world.heartbeat = NULL;
}

static void
test_setting(void)
{
	static const struct {
		const char *setting;
		bool hears;
	} cases[] = {{"", true}, {"on", true}, {"1", true}, {"off", false},
	    {"OFF", false}, {"false", false}, {"No", false}, {"0", false},
	    {"offer", true}};

	for (size_t i = 0; i < N_OF(cases); i++) {
		world.setting = cases[i].setting;
		begin();
		is_int(lines_of(wait_for_mark), !cases[i].hears,
		    "jobtail.notify = '%s', in the log or not",
		    cases[i].setting);
		is_int(hub->hears, cases[i].hears, "relied on, or not");
		end_all();
	}
	world.setting = "";
}

/* --- a session that is lost --- */

/* Each vain attempt sets a time for the next one. */
static void
fail_thrice(void)
{
	int64_t last_ms = notices_next_deadline(notices), next_ms;

	for (int n = 0; n < 3; last_ms = next_ms) {
		turn();
		next_ms = notices_next_deadline(notices);
		n += next_ms != last_ms && next_ms != INT64_MAX;
	}
}

static void
test_nobody(void)
{
	int64_t now_ms = clock_mono_ms();

	begin_with(nowhere);
	is_int(lines_of(fail_thrice), 1, "three vain attempts are one line");
	ok(clock_mono_ms() - now_ms >= 100 + 200, "and not made at once");
	ok(!hub->hears, "nothing is heard");
	ok(notices_next_deadline(notices) <= clock_mono_ms() + 400,
	    "there will be another one");
	end();
	world.refuses = true;
	begin();
	is_int(lines_of(fail_thrice), 1, "the same where one cannot listen");
	end_all();
	world.refuses = false;
}

static void
hear_again(void)
{
	while (!hub->hears)
		turn();
}

static void
lose(void)
{
	while (hub->hears)
		turn();
}

static void
test_lost(void)
{
	begin();
	wait_for_mark();
	backend_stop(&backend);
	is_int(lines_of(lose), 1, "a session that ends is a line in the log");
	ok(notices_next_deadline(notices) != INT64_MAX, "it is tried again");
	end();

	world.n_hang_ups = 2;
	begin();
	is_int(lines_of(hear_again), 2, "lost and heard again: two lines");
	is_int((int64_t)(hub->n_heard / (HUB_MEMORY + 1)), 3,
	    "each time everybody looks for what was missed");
	ok(hub->next_tails_ms <= clock_mono_ms(), "at once");
	backend_stop(&backend);
	is_int(lines_of(lose), 1, "lost once more: another line");
	end();
	world.n_hang_ups = 0;
}

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* It ends while it dials, too. */
static void
test_end(void)
{
	int n = count_fds();

	begin();
	turn();
	end_all();
	is_int(count_fds(), n, "it closes the session that it dials");
	begin();
	wait_for_mark();
	end_all();
	is_int(count_fds(), n, "and one that it has");
	begin_with(nowhere);
	turn();
	end();
	is_int(count_fds(), n, "and there may be none");
	notices_free(NULL);
}

int
main(void)
{
	alarm(TOO_LONG_S);
	log_open(LOG_TO_STDERR, LEVEL_NOTICE);
	world.setting = "";
	test_payloads();
	test_heartbeat();
	test_setting();
	test_nobody();
	test_lost();
	test_end();
	return tap_done();
}
