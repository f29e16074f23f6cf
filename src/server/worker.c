/* Task to answer. */
#include "server/worker.h"

#include "adapters/fcgi.h"
#include "api/request.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/kit.h"
#include "server/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { ARENA_FIRST = 64 * 1024, JOIN_WAIT_S = 5 };

struct worker {
	pthread_t thread;
	struct queue *queue;
	struct app app;
	struct fcgi *fcgi;
	struct arena arena;
	struct response response;
};

/* False if the parameters are no request. */
static bool
read_request(struct request *req, struct worker *w, struct scope *s,
    const struct task *t)
{
	char *const *variables =
	    fcgi_open(w->fcgi, t->parameters.data, t->parameters.size);
	bool ok;

	if (variables == NULL) {
		scope_cause(s, "libfcgi refused the parameters");
		return false;
	}
	ok = request_read(req, s, variables);
	req->has_body = t->has_body;
	fcgi_close(w->fcgi);
	return ok;
}

/* False if the reactor has answered in the meantime. */
static bool
send_answer(struct worker *w, struct task *t)
{
	struct iovec *pieces;
	size_t n = fcgi_frame(&pieces, &w->arena, t->id,
	    buf_as_text(&w->response.head), buf_as_text(&w->response.body));

	if (atomic_exchange(&t->claimed, true))
		return false;
	t->broken = !outq_send(&t->rest, t->fd, pieces, n);
	return true;
}

/* False if the task is nobody's any more. */
static bool
answer(struct worker *w, struct task *t)
{
	struct scope s;
	struct request req;

	if (atomic_load(&t->claimed))
		return false;
	scope_init(&s, &w->arena, t->accepted_ms + WORKER_DEADLINE_MS,
	    clock_wall_us());
	if (read_request(&req, w, &s, t)) {
		serve(&w->response, &s, &w->app, &req);
		return send_answer(w, t);
	}
	log_line(LEVEL_INFO, "connection closed cause=\"%s\"", s.cause);
	t->broken = true;
	return !atomic_exchange(&t->claimed, true);
}

static void *
run(void *argument)
{
	struct worker *w = argument;
	struct task *t;

	while ((t = queue_pop(w->queue)) != NULL) {
		if (answer(w, t))
			queue_give_back(w->queue, t);
		else
			task_free(t);
		arena_reset(&w->arena);
	}
	return NULL;
}

struct worker *
worker_start(struct queue *queue, const struct kit *kit)
{
	struct worker *w = memory_new(sizeof(*w));

	w->queue = queue;
	kit_open(&w->app, kit);
	w->fcgi = fcgi_new();
	arena_init(&w->arena, ARENA_FIRST);
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
	arena_release(&w->arena);
	response_release(&w->response);
	free(w);
	return true;
}
