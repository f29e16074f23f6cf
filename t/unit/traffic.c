/* Connections whose requests wait, from the reactor's side. The test is the
 * web server at one end and the worker at the other. */
#include "server/traffic.h"

#include "adapters/fcgi.h"
#include "api/hold.h"
#include "api/places.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "records.h"
#include "server/kit.h"
#include "server/queue.h"
#include "server/waiter.h"
#include "tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"

enum { REQUEST = 7, PLACES = 3, TOO_LONG_S = 60 };

static const struct config config = {
    .max_events = 5000, .max_bytes = 4 << 20, .wait_max = 25, .sse_max = 55};

static const struct principal who = {.tenant_id = 1, .key_id = 2};

static struct kit kit = {.config = &config};
static struct queue *queue;
static struct traffic *t;
static int server; /* the web server's end */

/* --- the rounds --- */

static void
turn(void)
{
	struct epoll_event events[16];
	int n = epoll_wait(t->epoll, events, 16, 0);

	traffic_begin_round(t);
	for (int i = 0; i < n; i++)
		if (events[i].data.ptr != queue)
			traffic_take_event(t, events[i].data.ptr,
			    events[i].events);
	traffic_end_round(t);
}

static void
connect_server(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		abort();
	traffic_add(t, fds[0]);
	server = fds[1];
}

static void
begin(void)
{
	kit.places = places_new(PLACES, 0, 1);
	queue = queue_new();
	t = memory_new(sizeof(*t));
	traffic_init(t, epoll_create1(EPOLL_CLOEXEC), queue, &kit);
	connect_server();
}

static int64_t
places_left(void)
{
	int64_t n = 0;

	while (places_take(kit.places, &who))
		n++;
	for (int64_t i = 0; i < n; i++)
		places_give_back(kit.places, &who);
	return n;
}

/* Whatever happened, no place is lost. */
static void
end(void)
{
	int epoll = t->epoll;

	traffic_release(t);
	if (!t->draining)
		is_int(places_left(), PLACES, "every place is back");
	ok(places_stand(kit.places, &who) && !places_stand(kit.places, &who),
	    "as is the room to stand");
	close(epoll);
	close(server);
	queue_free(queue);
	places_free(kit.places);
	free(t);
}

/* --- the web server --- */

static void
say(const struct buf *b)
{
	if (write(server, b->data, b->size) != (ssize_t)b->size)
		abort();
}

static void
ask(void)
{
	struct buf b = {0};

	put_request(&b, REQUEST, TEXT("\1\1ab"), TEXT(""));
	say(&b);
	buf_release(&b);
	turn();
}

/* What has come, as bytes. */
static size_t
hear(char *out, size_t size)
{
	ssize_t n = recv(server, out, size, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

static size_t
hear_all(void)
{
	char bytes[65536];
	size_t n, sum = 0;

	while ((n = hear(bytes, sizeof(bytes))) > 0)
		sum += n;
	return sum;
}

static bool
is_hung_up(void)
{
	char byte;

	(void)hear_all();
	return recv(server, &byte, 1, MSG_DONTWAIT) == 0;
}

/* --- the worker --- */

static struct task *
next_task(void)
{
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);

	if (!queue_pop(&list, queue, 1, 1))
		abort();
	return STAILQ_FIRST(&list);
}

/* The request is to be held, in a place or as one that stands. */
static void
hold_so(enum form form, bool placed)
{
	struct task *task = next_task();
	struct hold *h = memory_new(sizeof(*h));

	if (placed ? !places_take(kit.places, &who)
		   : !places_stand(kit.places, &who))
		abort();
	*h = (struct hold){.form = form, .who = who, .placed = placed,
	    .stands = !placed, .more = !placed, .lasts_ms = 20000,
	    .job_id = 3, .last_seq = 5};
	memcpy(h->route.id, ID, sizeof(ID));
	task->hold = h;
	queue_give_back(queue, task);
	turn();
}

static void
hold(enum form form)
{
	hold_so(form, true);
}

static void
hear_notice(int64_t seq)
{
	hub_hear(&t->hub, DATA_LIVE, TEXT(ID), seq, 0);
	turn();
}

/* A look for the only waiter, which the worker has now. */
static struct task *
take_look(int64_t seq)
{
	struct task *task;

	hear_notice(seq);
	task = next_task();
	ok(task->kind == TASK_LOOK && task->look->n == 1, "a look");
	return task;
}

static void
give_look_back(struct task *task, enum verdict verdict, bool broken)
{
	struct look *l = task->look;

	l->reached = l->found = true;
	l->last_seq = 6;
	for (size_t i = 0; i < l->n; i++) {
		l->waiters[i]->verdict = verdict;
		l->waiters[i]->wrote = true;
		l->waiters[i]->broken = broken;
		l->waiters[i]->hold.last_seq = 6;
	}
	queue_give_back(queue, task);
	turn();
}

/* The database was not reached. */
static void
give_vain_look_back(struct task *task)
{
	for (size_t i = 0; i < task->look->n; i++)
		task->look->waiters[i]->verdict = VERDICT_HOLD;
	queue_give_back(queue, task);
	turn();
}

static struct conn *
held(void)
{
	return TAILQ_FIRST(&t->conns.in[CONN_HELD]);
}

/* How many lines the log has got meanwhile. */
static int
lines_of(void (*what)(void))
{
	char path[] = "/tmp/traffic.XXXXXX", text[4096];
	int file = mkstemp(path), error = dup(STDERR_FILENO), n = 0;
	ssize_t size;

	if (file == -1 || error == -1 || dup2(file, STDERR_FILENO) == -1)
		abort();
	what();
	if (dup2(error, STDERR_FILENO) == -1)
		abort();
	size = pread(file, text, sizeof(text), 0);
	for (ssize_t i = 0; i < size; i++)
		n += text[i] == '\n';
	unlink(path);
	close(error);
	close(file);
	return n;
}

/* --- the end of a connection --- */

static void
close_server(void)
{
	shutdown(server, SHUT_RDWR);
	turn();
}

/* A process that is being started has our descriptors for a while. */
static void
test_copied(void)
{
	struct epoll_event event;
	int copy;

	begin();
	copy = dup(TAILQ_FIRST(&t->conns.in[CONN_HEAD])->fd);
	(void)shutdown(server, SHUT_WR);
	turn();
	is_int((int64_t)t->conns.n, 0, "the peer has left");
	(void)shutdown(server, SHUT_RDWR);
	is_int(epoll_wait(t->epoll, &event, 1, 0), 0,
	    "what is closed has no events, whoever else has it open");
	close(copy);
	end();
}

static void
test_hang_up(void)
{
	begin();
	ask();
	hold(FORM_SSE);
	ok(held() != NULL, "a request is held");
	is_int(places_left(), PLACES - 1, "in a place");
	is_int(lines_of(close_server), 1, "its peer hangs up: one line");
	is_int((int64_t)t->conns.n, 0, "the connection is closed");
	is_int(places_left(), PLACES, "and its place is free");
	end();
}

/* A stream that is behind waits for nothing, and has no place to give back but
 * the room that it stands in. */
static void
test_behind(void)
{
	struct task *look;

	begin();
	ask();
	hold_so(FORM_SSE, false);
	look = next_task();
	ok(look->kind == TASK_LOOK && look->look->alone, "a look at once");
	give_look_back(look, VERDICT_HOLD, false);
	look = next_task();
	give_look_back(look, VERDICT_ANSWER, false);
	is_int((int64_t)t->conns.n, 1, "the end of it");
	ask();
	hold_so(FORM_SSE, false);
	look = next_task();
	close_server();
	give_look_back(look, VERDICT_HOLD, false);
	is_int((int64_t)t->conns.n, 0, "the end of the connection");
	end();
}

/* While a look has the waiter, the connection has to stay. */
static void
test_hang_up_lent(void)
{
	struct task *look;

	begin();
	ask();
	hold(FORM_JSON);
	look = take_look(6);
	is_int(lines_of(close_server), 0, "its peer hangs up during a look");
	is_int((int64_t)t->conns.n, 1, "which may still write to it");
	give_look_back(look, VERDICT_HOLD, false);
	is_int((int64_t)t->conns.n, 0, "then it is closed");
	end();
}

/* The peer sends no more, but it is not known whether it reads: the answer
 * has been given, and nothing else can come. */
static void
test_half_closed(void)
{
	struct task *look;

	begin();
	ask();
	hold(FORM_JSON);
	look = take_look(6);
	shutdown(server, SHUT_WR);
	turn();
	give_look_back(look, VERDICT_ANSWER, false);
	turn();
	is_int((int64_t)t->conns.n, 0, "the connection is not kept for ever");
	end();
}

static struct task *broken_look;

static void
give_broken_back(void)
{
	give_look_back(broken_look, VERDICT_ANSWER, true);
}

/* The worker has written the request's line already. */
static void
test_broken(void)
{
	begin();
	ask();
	hold(FORM_JSON);
	broken_look = take_look(6);
	is_int(lines_of(give_broken_back), 0, "an answer that was not taken");
	is_int((int64_t)t->conns.n, 0, "closes the connection");
	end();
}

static void
test_abort(void)
{
	struct buf b = {0};

	begin();
	ask();
	hold(FORM_SSE);
	put_record(&b, FCGI_ABORT, REQUEST, TEXT(""), 0);
	say(&b);
	turn();
	is_int((int64_t)t->conns.n, 0, "a request that is held is aborted");
	buf_release(&b);
	end();
}

/* Aborted while it is answered, the connection is as good as before, or it is
 * closed. */
static void
test_abort_lent(void)
{
	struct buf b = {0};
	struct task *look;

	begin();
	ask();
	hold(FORM_JSON);
	look = take_look(6);
	put_record(&b, FCGI_ABORT, REQUEST, TEXT(""), 0);
	say(&b);
	turn();
	give_look_back(look, VERDICT_ANSWER, false);
	turn();
	if (t->conns.n > 0) {
		ask();
		hold(FORM_JSON);
		ok(held() != NULL, "the next request can be held too");
	} else {
		ok(is_hung_up(), "the connection is closed");
	}
	buf_release(&b);
	end();
}

/* --- what comes early --- */

/* The next request on the connection, sent too early, waits for its turn. */
static void
test_next_request(void)
{
	struct task *look, *next;

	begin();
	ask();
	ask(); /* while the first one is with a worker */
	hold(FORM_JSON);
	ok(held() != NULL && held()->early.size > 0, "it is put aside");
	look = take_look(6);
	give_look_back(look, VERDICT_ANSWER, false);
	next = next_task();
	ok(next->kind == TASK_REQUEST && next->id == REQUEST,
	    "and comes behind the answer");
	queue_give_back(queue, next);
	turn();
	is_int((int64_t)t->conns.n, 1, "on the same connection");
	end();
}

/* --- slow peers --- */

static void
test_slow(void)
{
	static char large[1 << 20];
	struct iovec piece = {large, sizeof(large)};
	struct task *look;
	struct waiter *w;

	begin();
	ask();
	hold(FORM_SSE);
	look = take_look(6);
	w = look->look->waiters[0];
	ok(outq_send(&w->rest, w->fd, &piece, 1) && !outq_is_empty(&w->rest),
	    "more than the peer takes at once");
	give_look_back(look, VERDICT_HOLD, false);
	ok(held() == NULL && w->is_blocked, "the stream is blocked");
	hear_notice(7);
	ok(!w->lent, "nobody looks for it meanwhile");
	for (size_t n = 0; n < sizeof(large) && held() == NULL;) {
		n += hear_all();
		turn();
	}
	ok(held() != NULL && w->lent, "then it is looked at, without notice");
	give_look_back(next_task(), VERDICT_HOLD, false);
	end();
}

/* --- time --- */

/* As if the time had come. */
static void
ring(void)
{
	timers_set(&t->timers, &held()->waiter->timer, 0);
	turn();
}

static void
test_time(void)
{
	char bytes[200] = "";
	struct waiter *w;
	struct task *look;
	size_t n;

	begin();
	ask();
	hold(FORM_SSE);
	w = held()->waiter;
	ring();
	n = hear(bytes, sizeof(bytes));
	ok(n == FCGI_HEADER_SIZE + 3
		&& memcmp(bytes + FCGI_HEADER_SIZE, ":\n\n", 3) == 0,
	    "a stream's silence is a comment");
	ok(timers_next(&t->timers) > 0, "and it is set again");
	look = take_look(6);
	ring();
	is_int((int64_t)w->timer.place, 0, "while it is lent the time waits");
	w->ends_ms = 0;
	give_look_back(look, VERDICT_HOLD, false);
	n = hear(bytes, sizeof(bytes));
	ok(n > 40 && memmem(bytes, n, "\"rotate\"", 8) != NULL,
	    "its end is a bye");
	ok(held() == NULL && TAILQ_FIRST(&t->conns.in[CONN_IDLE]) != NULL,
	    "the connection is kept");
	end();
}

static void
test_last_look(void)
{
	struct task *look;

	begin();
	ask();
	hold(FORM_JSON);
	held()->waiter->ends_ms = 0;
	ring();
	look = next_task();
	ok(look->kind == TASK_LOOK && look->look->waiters[0]->is_last_look,
	    "a poll's end is a last look");
	is_int((int64_t)hear_all(), 0, "and nothing before it");
	give_look_back(look, VERDICT_ANSWER, false);
	is_int((int64_t)t->timers.n, 0, "no timer is left");
	is_int((int64_t)t->conns.n, 1, "the connection is kept");
	end();
}

static void
test_drain(void)
{
	struct task *look;
	int stream;

	begin();
	ask();
	hold(FORM_SSE);
	stream = server;
	connect_server();
	ask();
	hold(FORM_JSON);
	traffic_drain(t);
	turn();
	look = next_task();
	ok(look->look->n == 1 && look->look->waiters[0]->is_last_look,
	    "drained: a poll has a last look");
	give_look_back(look, VERDICT_ANSWER, false);
	is_int((int64_t)t->conns.n, 0, "nobody is left");
	ok(is_hung_up(), "a poll's connection is closed");
	close(server);
	server = stream;
	ok(is_hung_up(), "as is a stream's");
	end();
}

/* A look is under way when the drain begins. */
static void
test_drain_lent(void)
{
	char bytes[200] = "";
	struct task *look;
	size_t n;

	begin();
	ask();
	hold(FORM_SSE);
	look = take_look(6);
	traffic_drain(t);
	turn();
	is_int((int64_t)t->conns.n, 1, "drained during a look: it may end");
	give_look_back(look, VERDICT_HOLD, false);
	n = hear(bytes, sizeof(bytes));
	ok(memmem(bytes, n, "\"drain\"", 7) != NULL, "then a bye");
	is_int((int64_t)t->conns.n, 0, "and the connection is closed");
	end();
}

/* --- the database is away --- */

static bool
hears_upstream(void)
{
	char bytes[200] = "";
	size_t n = hear(bytes, sizeof(bytes));

	return memmem(bytes, n, "\"upstream\"", 10) != NULL;
}

/* As if it were away since then. */
static void
be_away(int64_t ms)
{
	t->hub.away_since_ms = clock_mono_ms() - ms;
	turn();
}

static void
test_away(void)
{
	begin();
	ask();
	hold(FORM_SSE);
	be_away(9000);
	ok(!hears_upstream(), "away for a while: a stream may go on");
	be_away(11000);
	ok(hears_upstream(), "for long: it ends");
	ok(held() == NULL, "and its connection is kept");
	ask();
	hold(FORM_SSE);
	ok(!hears_upstream() && held() != NULL,
	    "a new one has reached the database");
	turn();
	ok(!hears_upstream() && held() != NULL, "and may stay");
	end();
	begin();
	ask();
	hold(FORM_JSON);
	be_away(11000);
	ok(held() != NULL, "a poll waits on");
	end();
}

/* What a look has when the others are told is told when it is back. */
static void
test_away_lent(void)
{
	struct task *look;

	begin();
	ask();
	hold(FORM_SSE);
	look = take_look(6);
	be_away(11000);
	ok(!hears_upstream(), "away during a look: it may end");
	give_vain_look_back(look);
	ok(hears_upstream(), "then the stream does");
	ask();
	hold(FORM_SSE);
	look = take_look(7);
	be_away(11000);
	give_look_back(look, VERDICT_HOLD, false);
	ok(!hears_upstream() && held() != NULL,
	    "unless the look has reached it");
	end();
}

/* --- a request that nobody answers --- */

/* A worker that finds it answered may free it at any moment from then on. */
static void *
free_when_claimed(void *argument)
{
	struct task *task = argument;

	while (!atomic_load(&task->claimed))
		;
	task_free(task);
	return NULL;
}

static void
test_late(void)
{
	pthread_t worker;

	begin();
	for (int i = 0; i < 20; i++) {
		ask();
		if (pthread_create(
			&worker, NULL, free_when_claimed, next_task())
		    != 0)
			abort();
		TAILQ_FIRST(&t->conns.in[CONN_BUSY])->deadline_ms = 0;
		turn();
		pthread_join(worker, NULL);
	}
	ok(hear_all() > 20 * 200, "the reactor's own answers");
	is_int((int64_t)t->conns.n, 1, "on one connection");
	end();
}

int
main(void)
{
	alarm(TOO_LONG_S); /* a worker waits for ever */
	log_open(LOG_TO_STDERR, LEVEL_INFO);
	test_copied();
	test_hang_up();
	test_behind();
	test_hang_up_lent();
	test_half_closed();
	test_broken();
	test_abort();
	test_abort_lent();
	test_next_request();
	test_slow();
	test_time();
	test_last_look();
	test_drain();
	test_drain_lent();
	test_away();
	test_away_lent();
	test_late();
	return tap_done();
}
