/* The event loop. */
#include "server/reactor.h"

#include "adapters/crypto.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/conn.h"
#include "server/listener.h"
#include "server/queue.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS_A_ROUND = 256,
	ACCEPTS_A_ROUND = 64,
	INPUT_SIZE = 64 * 1024,
	ACCEPT_PAUSE_MS = 100,
	DRAIN_MS = 10000,
	ARENA_FIRST = 4096,
};

struct reactor {
	int epoll;
	int signals;
	struct listener *listener;
	struct queue *queue;
	struct conns conns;
	int64_t accept_again_ms; /* descriptors ran out; INT64_MAX: no */
	int64_t drain_until_ms;  /* INT64_MAX: not draining */
	bool quit;               /* told twice */
	bool noticed;            /* some task, in this round */

	/* for the answers that the reactor gives itself */
	struct crypto *crypto;
	struct arena arena;
	struct response response;

	uint8_t input[INPUT_SIZE];
};

static bool
is_draining(const struct reactor *r)
{
	return r->drain_until_ms != INT64_MAX;
}

/* --- epoll --- */

/* What is no connection is known by the address of its descriptor. */
static void
watch(const struct reactor *r, int op, int fd, uint32_t events, void *what)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	if (epoll_ctl(r->epoll, op, fd, &event) == -1)
		abort();
}

/* Edge-triggered, so that a request that is half there does not spin. */
enum { WATCH_INPUT = EPOLLIN | EPOLLRDHUP };

static void
watch_conn(const struct reactor *r, struct conn *c, int op, uint32_t more)
{
	watch(r, op, c->fd, WATCH_INPUT | more | EPOLLET, c);
}

/* --- a request arrives --- */

static void
hand_over(struct reactor *r, struct conn *c)
{
	struct task *t = memory_new(sizeof(*t));

	t->conn = c;
	t->fd = c->fd;
	t->id = c->gate.id;
	t->parameters = c->gate.parameters;
	c->gate.parameters = (struct buf){0};
	t->has_body = c->gate.body_size > 0;
	t->keep = c->gate.keep;
	t->accepted_ms = clock_mono_ms();
	c->task = t;
	conn_enter(&r->conns, c, CONN_BUSY, t->accepted_ms);
	queue_push(r->queue, t);
}

/* False if the connection is gone. */
static bool
feed_gate(struct reactor *r, struct conn *c, const uint8_t *data, size_t size)
{
	bool begun = gate_has_begun(&c->gate);
	size_t used;

	switch (gate_feed(&c->gate, data, size, &used)) {
	case GATE_MORE:
		if (!begun && c->state == CONN_IDLE)
			conn_enter(&r->conns, c, CONN_HEAD, clock_mono_ms());
		return true;
	case GATE_READY:
		buf_bytes(&c->early, data + used, size - used);
		hand_over(r, c);
		return true;
	case GATE_REJECT:
		log_line(LEVEL_INFO, "connection closed cause=\"%s\"",
		    c->gate.why);
		break;
	}
	conn_close(&r->conns, c);
	return false;
}

static bool
wants_input(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_HEAD;
}

/* Fewer bytes than asked for are all there were, and the next make an edge;
 * but the end has made its edge together with the bytes before it. */
static void
read_conn(struct reactor *r, struct conn *c)
{
	ssize_t n;

	while (wants_input(c) && c->readable) {
		n = recv(c->fd, r->input, sizeof(r->input), MSG_DONTWAIT);
		c->readable = n == (ssize_t)sizeof(r->input) || c->ended;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n <= 0) {
			conn_close(&r->conns, c);
			return;
		}
		if (!feed_gate(r, c, r->input, (size_t)n))
			return;
	}
}

/* --- an answer goes out --- */

/* The connection has nothing to do: the next request, or the end. */
static void
finish_answer(struct reactor *r, struct conn *c)
{
	struct buf early = c->early;
	bool alive;

	if (!c->gate.keep || is_draining(r)) {
		conn_close(&r->conns, c);
		return;
	}
	c->early = (struct buf){0};
	gate_reset(&c->gate);
	conn_enter(&r->conns, c, CONN_IDLE, clock_mono_ms());
	alive = early.size == 0
	    || feed_gate(r, c, (const uint8_t *)early.data, early.size);
	buf_release(&early);
	if (alive)
		read_conn(r, c);
}

/* The answer's bytes are sent, or in the connection's queue. */
static void
follow_answer(struct reactor *r, struct conn *c)
{
	if (outq_is_empty(&c->out)) {
		finish_answer(r, c);
		return;
	}
	conn_enter(&r->conns, c, CONN_SENDING, clock_mono_ms());
	watch_conn(r, c, EPOLL_CTL_MOD, EPOLLOUT);
}

static void
flush_conn(struct reactor *r, struct conn *c)
{
	size_t before = c->out.sent;

	if (!outq_flush(&c->out, c->fd)) {
		conn_close(&r->conns, c);
	} else if (outq_is_empty(&c->out)) {
		watch_conn(r, c, EPOLL_CTL_MOD, 0);
		finish_answer(r, c);
	} else if (c->out.sent > before) {
		conn_enter(&r->conns, c, CONN_SENDING, clock_mono_ms());
	}
}

static void
take_answers(struct reactor *r)
{
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	struct task *t;

	queue_take_back(r->queue, &list);
	while ((t = STAILQ_FIRST(&list)) != NULL) {
		struct conn *c = t->conn;

		STAILQ_REMOVE_HEAD(&list, next);
		c->task = NULL;
		c->out = t->rest;
		t->rest = (struct outq){0};
		if (t->broken)
			conn_close(&r->conns, c);
		else
			follow_answer(r, c);
		task_free(t);
	}
}

/* --- time --- */

/* The request waited too long, in the queue or with a worker that is stuck:
 * 503. The task stays with whoever has it. */
static void
answer_late(struct reactor *r, struct conn *c)
{
	struct iovec *pieces;
	struct scope s;
	size_t n;

	if (atomic_exchange(&c->task->claimed, true)) {
		conn_enter(&r->conns, c, CONN_BUSY, clock_mono_ms());
		return;
	}
	scope_init(&s, &r->arena, 0, clock_wall_us());
	scope_cause(&s, "no worker answered in time");
	serve_unavailable(&r->response, &s, r->crypto);
	n = fcgi_frame(&pieces, &r->arena, c->task->id,
	    buf_as_text(&r->response.head), buf_as_text(&r->response.body));
	c->task = NULL;
	if (outq_send(&c->out, c->fd, pieces, n))
		follow_answer(r, c);
	else
		conn_close(&r->conns, c);
	arena_reset(&r->arena);
}

static void
expire(struct reactor *r)
{
	int64_t now_ms = clock_mono_ms();
	struct conn *c;

	while ((c = conns_expired(&r->conns, now_ms)) != NULL) {
		if (c->state == CONN_BUSY) {
			answer_late(r, c);
			continue;
		}
		log_line(LEVEL_INFO, "connection closed cause=\"%s\"",
		    c->state == CONN_HEAD
			? "no whole request came in time"
			: "the answer was not taken in time");
		conn_close(&r->conns, c);
	}
}

static int
round_ms(const struct reactor *r)
{
	int64_t next = conns_next_deadline(&r->conns), left;

	if (r->accept_again_ms < next)
		next = r->accept_again_ms;
	if (r->drain_until_ms < next)
		next = r->drain_until_ms;
	if (next == INT64_MAX)
		return -1;
	left = next - clock_mono_ms();
	return left < 0 ? 0 : (int)left + 1;
}

/* --- accepting --- */

/* Without a free descriptor the listening socket would poll readable for
 * ever: look away for a moment. */
static void
pause_accepting(struct reactor *r)
{
	log_line(LEVEL_WARN, "accept paused connections=%zu", r->conns.n);
	watch(r, EPOLL_CTL_DEL, r->listener->fd, 0, NULL);
	r->accept_again_ms = clock_mono_ms() + ACCEPT_PAUSE_MS;
}

static void
resume_accepting(struct reactor *r)
{
	r->accept_again_ms = INT64_MAX;
	if (!is_draining(r))
		watch(r, EPOLL_CTL_ADD, r->listener->fd, EPOLLIN, r->listener);
}

static void
add_conn(struct reactor *r, int fd)
{
	int on = 1;

	/* fails on a Unix socket, which has no such delay */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch_conn(r, conn_new(&r->conns, fd, clock_mono_ms()),
	    EPOLL_CTL_ADD, 0);
}

static void
accept_some(struct reactor *r, int most)
{
	int fd;

	while (most-- > 0) {
		fd = accept4(r->listener->fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd != -1) {
			add_conn(r, fd);
		} else if (errno == EMFILE || errno == ENFILE
		    || errno == ENOBUFS || errno == ENOMEM) {
			pause_accepting(r);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

/* --- signals --- */

static void
signal_set(sigset_t *set)
{
	static const int taken[] = {
	    SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGHUP, SIGPIPE};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(set, taken[i]);
}

void
reactor_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Takes what has queued up, then nothing new; connections at rest are let
 * go, unless a request stands in them unseen. */
static void
drain(struct reactor *r)
{
	struct conn *c, *next;

	accept_some(r, EVENTS_A_ROUND);
	if (r->accept_again_ms == INT64_MAX)
		watch(r, EPOLL_CTL_DEL, r->listener->fd, 0, NULL);
	r->accept_again_ms = INT64_MAX;
	listener_close(r->listener);
	queue_wake_always(r->queue);
	take_answers(r);
	r->drain_until_ms = clock_mono_ms() + DRAIN_MS;
	for (c = TAILQ_FIRST(&r->conns.in[CONN_IDLE]); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		c->readable = true;
		read_conn(r, c);
	}
	while ((c = TAILQ_FIRST(&r->conns.in[CONN_IDLE])) != NULL)
		conn_close(&r->conns, c);
}

static void
take_signal(struct reactor *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof(info)) != sizeof(info)
	    || info.ssi_signo == SIGPIPE)
		return;
	if (info.ssi_signo == SIGHUP) {
		log_line(LEVEL_WARN, "signal hup ignored do=\"restart to read "
		    "the settings again\"");
		return;
	}
	r->quit = is_draining(r);
	log_line(LEVEL_NOTICE, r->quit ? "stop at once" : "stop draining=%zu",
	    r->conns.n);
	if (!r->quit)
		drain(r);
}

/* --- the loop --- */

static void
take_conn_event(struct reactor *r, struct conn *c, uint32_t events)
{
	c->readable = true;
	if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
		c->ended = true;
	if (wants_input(c)) {
		read_conn(r, c);
	} else if (c->state == CONN_SENDING) {
		flush_conn(r, c);
	} else if (c->state == CONN_BUSY) {
		queue_notice(r->queue, c->task);
		r->noticed = true;
	}
}

static void
take_event(struct reactor *r, const struct epoll_event *event)
{
	if (event->data.ptr == r->listener)
		accept_some(r, ACCEPTS_A_ROUND);
	else if (event->data.ptr == r->queue)
		queue_clear_fd(r->queue);
	else if (event->data.ptr == &r->signals)
		take_signal(r);
	else
		take_conn_event(r, event->data.ptr, event->events);
}

static void
take_round(struct reactor *r)
{
	struct epoll_event events[EVENTS_A_ROUND];
	int n = epoll_wait(r->epoll, events, EVENTS_A_ROUND, round_ms(r));

	take_answers(r);
	r->noticed = false;
	for (int i = 0; i < n; i++)
		take_event(r, &events[i]);
	if (r->noticed)
		take_answers(r);
	expire(r);
	if (r->accept_again_ms <= clock_mono_ms())
		resume_accepting(r);
	conns_reap(&r->conns);
}

struct reactor *
reactor_new(struct listener *listener, struct queue *queue)
{
	struct reactor *r = memory_new(sizeof(*r));
	sigset_t set;

	r->listener = listener;
	r->queue = queue;
	r->accept_again_ms = r->drain_until_ms = INT64_MAX;
	r->crypto = crypto_new();
	arena_init(&r->arena, ARENA_FIRST);
	conns_init(&r->conns);
	signal_set(&set);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->epoll == -1 || r->signals == -1)
		abort();
	watch(r, EPOLL_CTL_ADD, r->signals, EPOLLIN, &r->signals);
	watch(r, EPOLL_CTL_ADD, queue_fd(queue), EPOLLIN, queue);
	watch(r, EPOLL_CTL_ADD, listener->fd, EPOLLIN, listener);
	return r;
}

void
reactor_free(struct reactor *r)
{
	for (int i = 0; i < CONN_CLOSED; i++)
		while (!TAILQ_EMPTY(&r->conns.in[i]))
			conn_close(&r->conns, TAILQ_FIRST(&r->conns.in[i]));
	conns_reap(&r->conns);
	close(r->epoll);
	close(r->signals);
	crypto_free(r->crypto);
	arena_release(&r->arena);
	response_release(&r->response);
	free(r);
}

static bool
is_running(const struct reactor *r)
{
	if (!is_draining(r))
		return true;
	return !r->quit && r->conns.n > 0
	    && clock_mono_ms() < r->drain_until_ms;
}

bool
reactor_run(struct reactor *r)
{
	while (is_running(r))
		take_round(r);
	return r->conns.n == 0;
}
