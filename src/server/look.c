/* Keys, events, answers. */
#include "server/look.h"

#include "adapters/db.h"
#include "adapters/fcgi.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/keys.h"
#include "api/problem.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/worker.h"

#include <stdlib.h>
#include <string.h>

struct look *
look_new(struct hub_job *job, int64_t max_events, int64_t max_bytes)
{
	struct look *l = memory_new(sizeof(*l));

	l->job = job;
	l->span.max_events = max_events;
	l->span.max_bytes = max_bytes;
	return l;
}

void
look_free(struct look *l)
{
	if (l == NULL)
		return;
	free(l->waiters);
	free(l);
}

void
look_add(struct look *l, struct waiter *w)
{
	const struct hold *h = &w->hold;
	struct again_span *span = &l->span;

	if (l->n == 0 || (span->has_since && !h->has_cursor))
		span->has_since = h->has_cursor;
	if (l->n == 0 || h->cursor < span->since)
		span->since = h->cursor;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 4 : 2 * l->room;
		l->waiters = memory_grow(
		    l->waiters, l->room * sizeof(struct waiter *));
	}
	l->waiters[l->n++] = w;
}

/* --- reading --- */

static bool
is_dead(const struct waiter *w, const struct keys *keys)
{
	return keys_find(keys, &w->hold.who)->state == KEY_DEAD;
}

/* The first waiter whose key is not known to be dead. */
static struct waiter *
first_alive(const struct look *l, const struct keys *keys)
{
	for (size_t i = 0; i < l->n; i++)
		if (!is_dead(l->waiters[i], keys))
			return l->waiters[i];
	return NULL;
}

/* Several keys are asked for at once. A single one need not be: the call for
 * the events looks at its key too. */
static bool
read_keys(struct keys *keys, struct scope *s, const struct look *l,
    const struct app *app)
{
	for (size_t i = 0; i < l->n; i++)
		keys_add(keys, &l->waiters[i]->hold.who);
	keys_sort(keys);
	return keys->n == 1
	    || (keys_read(keys, s, app) && keys_settle(keys, s, app));
}

/* Reads the job and its events with the first key that may; x is what all
 * share then, unless the scope has a problem. */
static void
read_events(struct exchange *x, struct scope *s, struct keys *keys,
    const struct look *l, const struct app *app)
{
	struct waiter *w;

	while ((w = first_alive(l, keys)) != NULL) {
		again_ask(x, s, app, &w->hold, &l->span);
		db_call(app->db, &x->timeline.call);
		if (again_take(x, s)
		    || (s->problem->status != 401 && s->problem->status != 403))
			return;
		keys_find(keys, &w->hold.who)->state = KEY_DEAD;
		scope_init(s, s->arena, s->deadline_ms, s->now_us);
	}
}

/* --- answering --- */

static void
send_part(struct waiter *w, struct arena *a, const struct response *res)
{
	struct iovec *pieces;
	size_t n;

	w->wrote = w->verdict == VERDICT_ANSWER || res->body.size > 0;
	if (!w->wrote)
		return;
	n = fcgi_frame(&pieces, a, w->id, buf_as_text(&res->head),
	    buf_as_text(&res->body), w->verdict == VERDICT_ANSWER);
	w->broken = !outq_send(&w->rest, w->fd, pieces, n);
}

/* While the database is away, only those whose time is up are told. */
static void
answer_one(struct waiter *w, const struct look *l, const struct exchange *x,
    const struct problem *problem, const struct look_tools *tools)
{
	struct scope s;

	w->verdict = VERDICT_HOLD;
	w->wrote = w->broken = false;
	if (problem == NULL && !l->reached) {
		if (!w->is_last_look)
			return;
		problem = &problem_unavailable;
	}
	scope_init(&s, tools->each, 0, clock_wall_us());
	if (problem != NULL)
		(void)scope_fail(&s, problem);
	w->verdict = again_answer(
	    tools->response, &s, &w->hold, x, w->is_last_look);
	send_part(w, tools->each, tools->response);
	arena_reset(tools->each);
}

static void
answer_all(struct look *l, const struct exchange *x,
    const struct keys *keys, const struct problem *problem,
    const struct look_tools *tools)
{
	for (size_t i = 0; i < l->n; i++) {
		struct waiter *w = l->waiters[i];

		answer_one(w, l, x,
		    is_dead(w, keys) ? principal_refusal(&w->hold.who)
				 : problem, tools);
	}
}

static void
take_result(struct look *l, const struct exchange *x)
{
	l->found = true;
	l->last_seq = x->job.has_last_seq ? x->job.last_seq : INT64_MIN;
	l->cut = x->events.more;
}

void
look_run(struct look *l, const struct look_tools *tools)
{
	struct exchange x = {.app = tools->app, .resource = "events"};
	const struct problem *problem = NULL;
	struct keys keys;
	struct scope s;

	scope_init(&s, tools->whole, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	keys_init(&keys, tools->whole, l->waiters[0]->hold.who.data_set, l->n);
	if (read_keys(&keys, &s, l, tools->app))
		read_events(&x, &s, &keys, l, tools->app);
	l->reached = s.problem != &problem_unavailable;
	if (l->reached)
		problem = s.problem;
	if (l->reached && problem == NULL && first_alive(l, &keys) != NULL)
		take_result(l, &x);
	answer_all(l, &x, &keys, problem, tools);
	arena_reset(tools->whole);
}
