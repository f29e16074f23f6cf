/* Requests in, answers out, and time-outs. */
#include "server/traffic.h"

#include "adapters/crypto.h"
#include "adapters/fcgi.h"
#include "api/places.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/kit.h"
#include "server/queue.h"
#include "server/waiting.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { ARENA_FIRST = 4096 };

/* Edge-triggered, so that a request that is half there does not spin. */
static void
watch_conn(const struct traffic *t, struct conn *c, int op, uint32_t more)
{
	struct epoll_event event = {
	    .events = EPOLLIN | EPOLLRDHUP | EPOLLET | more, .data.ptr = c};

	if (epoll_ctl(t->epoll, op, c->fd, &event) == -1)
		abort();
}

/* A process that is being started, for credentials, has the descriptor too until
 * it runs its program: closing ours alone would not end the events. */
static void
drop_conn(struct traffic *t, struct conn *c)
{
	(void)epoll_ctl(t->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	conn_close(&t->conns, c);
}

void
traffic_close(struct traffic *t, struct conn *c, const char *why)
{
	if (c->waiter != NULL)
		waiting_forget(t, c, why);
	drop_conn(t, c);
}

/* --- a request arrives --- */

static void
hand_over(struct traffic *t, struct conn *c)
{
	struct task *task = memory_new(sizeof(*task));

	task->conn = c;
	task->fd = c->fd;
	task->id = c->gate.id;
	task->parameters = c->gate.parameters;
	c->gate.parameters = (struct buf){0};
	task->has_body = c->gate.body_size > 0;
	task->keep = c->gate.keep;
	task->accepted_ms = clock_mono_ms();
	task->stamp = hub_stamp(&t->hub);
	c->task = task;
	conn_enter(&t->conns, c, CONN_BUSY, task->accepted_ms);
	queue_push(t->queue, task);
}

/* False if the connection is gone. */
static bool
feed_gate(struct traffic *t, struct conn *c, const uint8_t *data, size_t size)
{
	bool begun = gate_has_begun(&c->gate);
	size_t used;

	switch (gate_feed(&c->gate, data, size, &used)) {
	case GATE_MORE:
		if (!begun && c->state == CONN_IDLE)
			conn_enter(&t->conns, c, CONN_HEAD, clock_mono_ms());
		return true;
	case GATE_READY:
		buf_bytes(&c->early, data + used, size - used);
		hand_over(t, c);
		return true;
	case GATE_REJECT:
		log_line(LEVEL_INFO, "connection closed cause=\"%s\"",
		    c->gate.why);
		break;
	}
	drop_conn(t, c);
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
read_conn(struct traffic *t, struct conn *c)
{
	ssize_t n;

	while (wants_input(c) && c->readable) {
		n = recv(c->fd, t->input, sizeof(t->input), MSG_DONTWAIT);
		c->readable = n == (ssize_t)sizeof(t->input) || c->ended;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n <= 0) {
			drop_conn(t, c);
			return;
		}
		if (!feed_gate(t, c, t->input, (size_t)n))
			return;
	}
}

/* --- an answer goes out --- */

/* The connection has nothing to do: the next request, or the end. */
static void
finish_answer(struct traffic *t, struct conn *c)
{
	struct buf early = c->early;
	bool alive;

	if (!c->gate.keep || t->draining) {
		drop_conn(t, c);
		return;
	}
	c->early = (struct buf){0};
	gate_reset(&c->gate);
	conn_enter(&t->conns, c, CONN_IDLE, clock_mono_ms());
	alive = early.size == 0
	    || feed_gate(t, c, (const uint8_t *)early.data, early.size);
	buf_release(&early);
	if (alive)
		read_conn(t, c);
}

/* All that there was to send has been sent. */
static void
take_next(struct traffic *t, struct conn *c)
{
	if (c->waiter != NULL)
		waiting_resume(t, c);
	else
		finish_answer(t, c);
}

void
traffic_follow(struct traffic *t, struct conn *c)
{
	if (outq_is_empty(&c->out)) {
		take_next(t, c);
		return;
	}
	conn_enter(&t->conns, c, CONN_SENDING, clock_mono_ms());
	watch_conn(t, c, EPOLL_CTL_MOD, EPOLLOUT);
}

static void
flush_conn(struct traffic *t, struct conn *c)
{
	size_t before = c->out.sent;

	if (!outq_flush(&c->out, c->fd)) {
		traffic_close(t, c, "gone");
	} else if (outq_is_empty(&c->out)) {
		watch_conn(t, c, EPOLL_CTL_MOD, 0);
		take_next(t, c);
	} else if (c->out.sent > before) {
		conn_enter(&t->conns, c, CONN_SENDING, clock_mono_ms());
	}
}

static void
take_request(struct traffic *t, struct task *task)
{
	struct conn *c = task->conn;

	c->task = NULL;
	c->out = task->rest;
	task->rest = (struct outq){0};
	if (task->broken)
		drop_conn(t, c);
	else if (task->hold != NULL)
		waiting_begin(t, c, task);
	else
		traffic_follow(t, c);
}

static void
take_task(struct traffic *t, struct task *task)
{
	switch (task->kind) {
	case TASK_REQUEST: take_request(t, task); break;
	case TASK_LOOK:
		waiting_take_look(t, task->look);
		task->look = NULL;
		break;
	case TASK_PATROL: waiting_take_patrol(t, task->patrol); break;
	}
	task_free(task);
}

static void
take_answers(struct traffic *t)
{
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	struct task *task;

	queue_take_back(t->queue, &list);
	while ((task = STAILQ_FIRST(&list)) != NULL) {
		STAILQ_REMOVE_HEAD(&list, next);
		take_task(t, task);
	}
}

/* --- time --- */

/* The request waited too long, in the queue or with a worker that is stuck:
 * 503. The task stays with whoever has it, who may free it once it is claimed
 * here. */
static void
answer_late(struct traffic *t, struct conn *c)
{
	uint16_t id = c->task->id;
	struct iovec *pieces;
	struct scope s;
	size_t n;

	if (atomic_exchange(&c->task->claimed, true)) {
		conn_enter(&t->conns, c, CONN_BUSY, clock_mono_ms());
		return;
	}
	scope_init(&s, &t->arena, 0, clock_wall_us());
	scope_cause(&s, "no worker answered in time");
	serve_unavailable(&t->response, &s, t->crypto);
	n = fcgi_frame(&pieces, &t->arena, id,
	    buf_as_text(&t->response.head), buf_as_text(&t->response.body),
	    true);
	c->task = NULL;
	if (outq_send(&c->out, c->fd, pieces, n))
		traffic_follow(t, c);
	else
		drop_conn(t, c);
	arena_reset(&t->arena);
}

static void
expire(struct traffic *t)
{
	int64_t now_ms = clock_mono_ms();
	struct conn *c;

	while ((c = conns_expired(&t->conns, now_ms)) != NULL) {
		if (c->state == CONN_BUSY) {
			answer_late(t, c);
			continue;
		}
		log_line(LEVEL_INFO, "connection closed cause=\"%s\"",
		    c->state == CONN_HEAD
			? "no whole request came in time"
			: "the answer was not taken in time");
		traffic_close(t, c, "slow");
	}
}

/* --- from outside --- */

void
traffic_init(struct traffic *t, int epoll, struct queue *queue,
    const struct kit *kit)
{
	t->epoll = epoll;
	t->queue = queue;
	t->places = kit->places;
	hub_init(&t->hub, kit->config->max_events, kit->config->max_bytes);
	t->crypto = crypto_new();
	arena_init(&t->arena, ARENA_FIRST);
	conns_init(&t->conns);
}

void
traffic_release(struct traffic *t)
{
	for (int i = 0; i < CONN_CLOSED; i++)
		while (!TAILQ_EMPTY(&t->conns.in[i]))
			traffic_close(
			    t, TAILQ_FIRST(&t->conns.in[i]), "stop");
	conns_reap(&t->conns);
	hub_release(&t->hub);
	timers_release(&t->timers);
	crypto_free(t->crypto);
	arena_release(&t->arena);
	response_release(&t->response);
}

void
traffic_add(struct traffic *t, int fd)
{
	int on = 1;

	/* fails on a Unix socket, which has no such delay */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch_conn(t, conn_new(&t->conns, fd, clock_mono_ms()),
	    EPOLL_CTL_ADD, 0);
}

void
traffic_begin_round(struct traffic *t)
{
	take_answers(t);
	t->noticed = false;
}

void
traffic_take_event(struct traffic *t, struct conn *c, uint32_t events)
{
	c->readable = true;
	if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
		c->ended = true;
	if (wants_input(c)) {
		read_conn(t, c);
	} else if (c->state == CONN_SENDING) {
		flush_conn(t, c);
	} else if (c->state == CONN_HELD) {
		waiting_take_event(t, c);
	} else if (c->state == CONN_BUSY) {
		queue_notice(t->queue, c->task);
		t->noticed = true;
	}
}

void
traffic_end_round(struct traffic *t)
{
	if (t->noticed)
		take_answers(t);
	expire(t);
	waiting_end_round(t);
	conns_reap(&t->conns);
}

static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

int64_t
traffic_next_deadline(const struct traffic *t)
{
	return sooner(conns_next_deadline(&t->conns),
	    sooner(timers_next(&t->timers), hub_next_deadline(&t->hub)));
}

/* Connections at rest are let go, unless a request stands in them unseen. */
void
traffic_drain(struct traffic *t)
{
	struct conn *c, *next;

	t->draining = true;
	places_close(t->places);
	queue_wake_always(t->queue);
	take_answers(t);
	for (c = TAILQ_FIRST(&t->conns.in[CONN_IDLE]); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		c->readable = true;
		read_conn(t, c);
	}
	while ((c = TAILQ_FIRST(&t->conns.in[CONN_IDLE])) != NULL)
		drop_conn(t, c);
	waiting_drain(t);
}
