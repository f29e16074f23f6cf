/* Tasks to answers. */
#include "server/worker.h"

#include "adapters/db.h"
#include "adapters/fcgi.h"
#include "api/exchange.h"
#include "api/record.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/kit.h"
#include "server/look.h"
#include "server/patrol.h"
#include "server/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	SEATS = 8,
	ARENA_FIRST = 16 * 1024,
	JOIN_WAIT_S = 5,
};

/* A request that is being answered. */
struct seat {
	struct task *task;
	struct scope scope;
	struct arena arena;
	struct request request;
	struct exchange exchange;
	struct response response;
	enum verdict verdict;
};

struct worker {
	pthread_t thread;
	struct queue *queue;
	struct app app;
	struct fcgi *fcgi;
	struct seat seats[SEATS];
};

/* False if the parameters are no request. */
static bool
read_request(struct seat *seat, struct worker *w)
{
	const struct task *t = seat->task;
	char *const *variables =
	    fcgi_open(w->fcgi, t->parameters.data, t->parameters.size);
	bool ok;

	if (variables == NULL) {
		scope_cause(&seat->scope, "libfcgi refused the parameters");
		return false;
	}
	ok = request_read(&seat->request, &seat->scope, variables);
	seat->request.has_body = t->has_body;
	fcgi_close(w->fcgi);
	return ok;
}

/* False if there is no answer, or nobody left to take it. */
static bool
send_answer(struct seat *seat)
{
	const struct response *res = &seat->response;
	bool end = seat->verdict == VERDICT_ANSWER;
	struct task *t = seat->task;
	struct iovec *pieces;
	size_t n;

	if (res->status == 0)
		return !end;
	n = fcgi_frame(&pieces, &seat->arena, t->id, buf_as_text(&res->head),
	    buf_as_text(&res->body), end);
	return outq_send(&t->rest, t->fd, pieces, n);
}

/* The request was to be held, but its connection is gone. */
static void
let_go(const struct seat *seat, const struct worker *w)
{
	if (seat->verdict == VERDICT_ANSWER)
		return;
	hold_leave(&seat->exchange.hold, w->app.places);
	record_end(&seat->exchange.hold, "gone");
}

static void
keep_hold(struct seat *seat)
{
	struct task *t = seat->task;

	if (seat->verdict == VERDICT_HOLD) {
		t->hold = memory_new(sizeof(*t->hold));
		*t->hold = seat->exchange.hold;
	}
}

/* The task goes back, unless the reactor has answered in the meantime: then
 * it is nobody's any more. */
static void
give_back(struct seat *seat, struct worker *w)
{
	struct task *t = seat->task;

	if (atomic_exchange(&t->claimed, true)) {
		let_go(seat, w);
		task_free(t);
	} else {
		t->broken = !send_answer(seat);
		if (t->broken)
			let_go(seat, w);
		else
			keep_hold(seat);
		queue_give_back(w->queue, t);
	}
	arena_reset(&seat->arena);
}

/* True if the database is to be asked; else the task is done with. */
static bool
begin(struct seat *seat, struct worker *w, struct task *t)
{
	seat->task = t;
	seat->response.status = 0;
	seat->verdict = VERDICT_ANSWER;
	scope_init(&seat->scope, &seat->arena,
	    t->accepted_ms + WORKER_DEADLINE_MS, clock_wall_us());
	if (atomic_load(&t->claimed)) {
		task_free(t);
		return false;
	}
	if (!read_request(seat, w))
		log_line(LEVEL_INFO, "connection closed cause=\"%s\"",
		    seat->scope.cause);
	else if (serve_begin(&seat->exchange, &seat->response, &seat->scope,
		     &w->app, &seat->request))
		return true;
	give_back(seat, w);
	return false;
}

/* All of them ask the database at once: under load that saves most of what
 * talking to it costs. */
static void
answer(struct worker *w, struct task_list *list)
{
	struct db_call *calls[SEATS];
	struct task *t;
	size_t n = 0;

	while ((t = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		if (begin(&w->seats[n], w, t)) {
			calls[n] = &w->seats[n].exchange.timeline.call;
			n++;
		}
	}
	db_call_all(w->app.db, calls, n);
	for (size_t i = 0; i < n; i++) {
		struct seat *seat = &w->seats[i];

		seat->verdict = serve_end(
		    &seat->response, &seat->scope, &seat->exchange);
		give_back(seat, w);
	}
}

/* What is no request of its own. */
static void
look(struct worker *w, struct task *t)
{
	const struct look_tools tools = {&w->app, &w->seats[0].arena,
	    &w->seats[1].arena, &w->seats[0].response};

	if (t->kind == TASK_LOOK)
		look_run(t->look, &tools);
	else
		patrol_run(t->patrol, &w->app, tools.whole);
	queue_give_back(w->queue, t);
}

/* Requests first, then looks. */
static void
work(struct worker *w, struct task_list *list)
{
	struct task_list requests = STAILQ_HEAD_INITIALIZER(requests);
	struct task_list looks = STAILQ_HEAD_INITIALIZER(looks);
	struct task *t;

	while ((t = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		if (t->kind == TASK_REQUEST)
			STAILQ_INSERT_TAIL(&requests, t, next);
		else
			STAILQ_INSERT_TAIL(&looks, t, next);
	}
	answer(w, &requests);
	while ((t = STAILQ_FIRST(&looks)) != NULL) {
		STAILQ_REMOVE_HEAD(&looks, next);
		look(w, t);
	}
}

static void *
run(void *argument)
{
	struct worker *w = argument;
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	size_t n_workers = (size_t)w->app.config->workers;

	while (queue_pop(&list, w->queue, n_workers, SEATS))
		work(w, &list);
	return NULL;
}

struct worker *
worker_start(struct queue *queue, const struct kit *kit)
{
	struct worker *w = memory_new(sizeof(*w));

	w->queue = queue;
	kit_open(&w->app, kit);
	w->fcgi = fcgi_new();
	for (size_t i = 0; i < SEATS; i++)
		arena_init(&w->seats[i].arena, ARENA_FIRST);
	if (pthread_create(&w->thread, NULL, run, w) != 0)
		abort();
	return w;
}

bool
worker_join(struct worker *w)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_WAIT_S;
	if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
		return false;
	kit_close(&w->app);
	fcgi_free(w->fcgi);
	for (size_t i = 0; i < SEATS; i++) {
		arena_release(&w->seats[i].arena);
		response_release(&w->seats[i].response);
	}
	free(w);
	return true;
}
