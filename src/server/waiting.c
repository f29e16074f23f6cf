/* Between the hub and the connections. */
#include "server/waiting.h"

#include "adapters/fcgi.h"
#include "api/frames.h"
#include "api/record.h"
#include "base/clock.h"
#include "base/memory.h"
#include "server/queue.h"
#include "server/traffic.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	SILENCE_MS = 15000,
	AWAY_MAX_MS = 10000, /* the database, before streams are ended */
	EARLY_MAX = 64 * 1024,
};

static bool
is_stream(const struct waiter *w)
{
	return w->hold.form != FORM_JSON;
}

/* --- beginning and end --- */

static struct waiter *
waiter_of(struct timer *timer)
{
	return (struct waiter *)(void *)((char *)timer
	    - offsetof(struct waiter, timer));
}

static void
set_timer(struct traffic *t, struct waiter *w, int64_t now_ms)
{
	int64_t due_ms = w->ends_ms;

	if (is_stream(w) && now_ms + SILENCE_MS < due_ms)
		due_ms = now_ms + SILENCE_MS;
	timers_set(&t->timers, &w->timer, due_ms);
}

/* The waiter's place, if it had one, is free again. */
static void
end(struct traffic *t, struct conn *c)
{
	struct waiter *w = c->waiter;

	c->waiter = NULL;
	timers_clear(&t->timers, &w->timer);
	hub_leave(&t->hub, w);
	hold_leave(&w->hold, t->places);
	outq_release(&w->rest);
	free(w);
}

void
waiting_forget(struct traffic *t, struct conn *c, const char *why)
{
	record_end(&c->waiter->hold, why);
	end(t, c);
}

/* --- what a waiter is told --- */

/* Sends what stands in the response's body; false if the connection is
 * gone. */
static bool
tell(struct traffic *t, struct conn *c, bool last)
{
	struct response *res = &t->response;
	struct iovec *pieces;
	size_t n = fcgi_frame(&pieces, &t->arena, c->waiter->id,
	    (struct text){0}, buf_as_text(&res->body), last);
	bool ok = outq_send(&c->out, c->fd, pieces, n);

	c->waiter->hold.n_bytes += res->body.size;
	arena_reset(&t->arena);
	if (!ok)
		traffic_close(t, c, "gone");
	return ok;
}

/* Ends a stream. */
static void
say_bye(struct traffic *t, struct conn *c, const char *why)
{
	response_reset(&t->response);
	frames_bye(&t->response.body, &c->waiter->hold, why);
	if (!tell(t, c, true))
		return;
	record_end(&c->waiter->hold, why);
	end(t, c);
	traffic_follow(t, c);
}

static void
say_nothing(struct traffic *t, struct conn *c)
{
	response_reset(&t->response);
	frames_silence(&t->response.body, c->waiter->hold.form);
	if (tell(t, c, false) && !outq_is_empty(&c->out)) {
		c->waiter->is_blocked = true;
		traffic_follow(t, c);
	}
}

/* The time of a poll is up: one last look. */
static void
look_for_the_last_time(struct traffic *t, struct waiter *w)
{
	timers_clear(&t->timers, &w->timer);
	w->is_last_look = true;
	hub_insist(&t->hub, w);
}

static bool
is_over(const struct traffic *t, const struct waiter *w, int64_t now_ms)
{
	return t->draining || w->ends_ms <= now_ms;
}

/* The database has been away for long. */
static bool
is_cut_off(const struct traffic *t, int64_t now_ms)
{
	return t->hub.away_since_ms != 0
	    && now_ms - t->hub.away_since_ms > AWAY_MAX_MS;
}

static void
finish(struct traffic *t, struct waiter *w)
{
	if (is_stream(w))
		say_bye(t, w->conn, t->draining ? "drain" : "rotate");
	else
		look_for_the_last_time(t, w);
}

/* --- the peer --- */

/* FCGI_ABORT_REQUEST for the request that is held (FastCGI specification,
 * section 5.4). */
static bool
is_abort(const struct waiter *w, const uint8_t *data, size_t size)
{
	return size >= FCGI_HEADER_SIZE && data[0] == FCGI_VERSION
	    && data[1] == FCGI_ABORT && data[2] == w->id >> 8
	    && data[3] == (w->id & 0xff);
}

/* Whatever else comes is the next request's. */
static void
read_early(struct traffic *t, struct conn *c)
{
	ssize_t n;

	do {
		n = recv(c->fd, t->input, sizeof(t->input), MSG_DONTWAIT);
		if (n > 0)
			buf_bytes(&c->early, t->input, (size_t)n);
	} while (n > 0 && c->early.size <= EARLY_MAX);
	c->readable = false;
	if (n == 0 || c->early.size > EARLY_MAX
	    || is_abort(c->waiter, (const uint8_t *)c->early.data,
		c->early.size))
		c->ended = true;
}

/* --- states --- */

/* The connection's out-queue has what there was to send: wait for the peer to
 * take it, or for something to happen. */
static void
go_on(struct traffic *t, struct conn *c, int64_t now_ms)
{
	struct waiter *w = c->waiter;

	if (c->ended) {
		traffic_close(t, c, "gone");
		return;
	}
	w->lent = false;
	w->is_blocked = !outq_is_empty(&c->out);
	if (w->is_blocked) {
		traffic_follow(t, c);
		return;
	}
	conn_enter(&t->conns, c, CONN_HELD, now_ms);
	if (is_over(t, w, now_ms))
		finish(t, w);
	else if (is_stream(w) && is_cut_off(t, now_ms))
		say_bye(t, c, "upstream");
	else
		hub_settle(&t->hub, w, now_ms);
}

void
waiting_begin(struct traffic *t, struct conn *c, const struct task *task)
{
	struct waiter *w = memory_new(sizeof(*w));
	int64_t now_ms = clock_mono_ms();

	*w = (struct waiter){
	    .conn = c,
	    .fd = c->fd,
	    .id = task->id,
	    .hold = *task->hold,
	    .ends_ms = task->accepted_ms + task->hold->lasts_ms,
	    .is_blocked = true, /* until it has gone on */
	};
	c->waiter = w;
	hub_join(&t->hub, w, task->stamp, now_ms);
	set_timer(t, w, now_ms);
	read_early(t, c);
	go_on(t, c, now_ms);
}

void
waiting_resume(struct traffic *t, struct conn *c)
{
	go_on(t, c, clock_mono_ms());
}

void
waiting_take_event(struct traffic *t, struct conn *c)
{
	if (!c->ended)
		read_early(t, c);
	if (c->ended && !c->waiter->lent)
		traffic_close(t, c, "gone");
}

/* --- looks and patrols --- */

static void
take_waiter(struct traffic *t, struct waiter *w, int64_t now_ms)
{
	struct conn *c = w->conn;
	bool broken = w->broken;

	c->out = w->rest;
	w->rest = (struct outq){0};
	w->lent = false;
	if (w->verdict == VERDICT_ANSWER)
		end(t, c); /* its line is in the log */
	if (broken) {
		traffic_close(t, c, "gone");
	} else if (c->waiter == NULL) {
		traffic_follow(t, c);
	} else {
		if (w->wrote || w->timer.place == 0)
			set_timer(t, w, now_ms);
		go_on(t, c, now_ms);
	}
}

void
waiting_take_look(struct traffic *t, struct look *l)
{
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < l->n; i++)
		l->news = l->news || l->waiters[i]->wrote;
	hub_take_look(&t->hub, l, now_ms);
	for (size_t i = 0; i < l->n; i++)
		take_waiter(t, l->waiters[i], now_ms);
	hub_end_look(&t->hub, l, now_ms);
}

void
waiting_take_patrol(struct traffic *t, const struct patrol *p)
{
	hub_take_patrol(&t->hub, p, clock_mono_ms());
}

static void
push_looks(struct traffic *t, int64_t now_ms)
{
	struct patrol *p;
	struct look *l;

	while ((l = hub_next_look(&t->hub, now_ms)) != NULL) {
		struct task *task = memory_new(sizeof(*task));

		task->kind = TASK_LOOK;
		task->look = l;
		queue_push(t->queue, task);
	}
	p = hub_next_patrol(&t->hub, now_ms);
	if (p != NULL) {
		struct task *task = memory_new(sizeof(*task));

		task->kind = TASK_PATROL;
		task->patrol = p;
		queue_push(t->queue, task);
	}
}

/* --- time --- */

static void
take_timer(struct traffic *t, struct waiter *w, int64_t now_ms)
{
	if (w->lent) {
		/* it is seen to when it comes back */
		timers_clear(&t->timers, &w->timer);
	} else if (is_over(t, w, now_ms)) {
		finish(t, w);
	} else {
		set_timer(t, w, now_ms);
		if (!w->is_blocked)
			say_nothing(t, w->conn);
	}
}

/* For every stream that no look has: the waiters' connections are held, or
 * slow to take what was sent. */
static void
for_each(struct traffic *t, void (*what)(struct traffic *t, struct waiter *w))
{
	static const enum conn_state states[] = {CONN_HELD, CONN_SENDING};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct conn *c = TAILQ_FIRST(&t->conns.in[states[i]]), *next;

		for (; c != NULL; c = next) {
			next = TAILQ_NEXT(c, entry);
			if (c->waiter != NULL && !c->waiter->lent)
				what(t, c->waiter);
		}
	}
}

static void
end_stream(struct traffic *t, struct waiter *w)
{
	if (is_stream(w))
		say_bye(t, w->conn, "upstream");
}

void
waiting_end_round(struct traffic *t)
{
	int64_t now_ms = clock_mono_ms();
	bool cut_off = is_cut_off(t, now_ms);
	struct timer *timer;

	while ((timer = timers_due(&t->timers, now_ms)) != NULL)
		take_timer(t, waiter_of(timer), now_ms);
	/* those that a look has are told when they come back */
	if (cut_off && !t->cut_off)
		for_each(t, end_stream);
	t->cut_off = cut_off;
	push_looks(t, now_ms);
}

void
waiting_drain(struct traffic *t)
{
	for_each(t, finish);
}
