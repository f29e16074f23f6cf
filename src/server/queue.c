/* Lists under one lock. */
#include "server/queue.h"

#include "base/memory.h"
#include "server/look.h"
#include "server/patrol.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct task_list waiting;
	size_t n_waiting;
	struct task_list looks; /* and patrols: wait too, behind the others */
	size_t n_asleep;        /* workers */
	struct task_list returned;
	int event;
	bool wake_always;
	bool stopped;
};

void
task_free(struct task *t)
{
	look_free(t->look);
	patrol_free(t->patrol);
	free(t->hold);
	buf_release(&t->parameters);
	outq_release(&t->rest);
	free(t);
}

struct queue *
queue_new(void)
{
	struct queue *q = memory_new(sizeof(*q));

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->filled, NULL);
	STAILQ_INIT(&q->waiting);
	STAILQ_INIT(&q->looks);
	STAILQ_INIT(&q->returned);
	q->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->event == -1)
		abort();
	return q;
}

static void
free_list(struct task_list *list)
{
	struct task *t;

	while ((t = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		task_free(t);
	}
}

void
queue_free(struct queue *q)
{
	free_list(&q->waiting);
	free_list(&q->looks);
	free_list(&q->returned);
	close(q->event);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

void
queue_push(struct queue *q, struct task *t)
{
	pthread_mutex_lock(&q->lock);
	switch (t->kind) {
	case TASK_REQUEST:
		STAILQ_INSERT_TAIL(&q->waiting, t, next);
		q->n_waiting++;
		break;
	case TASK_LOOK: STAILQ_INSERT_TAIL(&q->looks, t, next); break;
	case TASK_PATROL: STAILQ_INSERT_HEAD(&q->looks, t, next); break;
	}
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

static void
take_waiting(struct task_list *list, struct queue *q, size_t n)
{
	struct task *t;

	for (; n > 0 && (t = STAILQ_FIRST(&q->waiting)) != NULL; n--) {
		STAILQ_REMOVE_HEAD(&q->waiting, next);
		STAILQ_INSERT_TAIL(list, t, next);
		q->n_waiting--;
	}
}

/* There may be a thousand of them at once, and each takes a call of its own:
 * by one at a time, no request waits for more than one in each worker, and no
 * look waits for ever. Behind requests it waits for the slowest of them, so it
 * is left to somebody who sleeps, if there is one. He will come: each push
 * wakes one, and whoever is awake takes a task at least, so nobody sleeps on
 * beside one. */
static void
take_look(struct task_list *list, struct queue *q)
{
	struct task *t = STAILQ_FIRST(&q->looks);

	if (t == NULL || (!STAILQ_EMPTY(list) && q->n_asleep > 0))
		return;
	STAILQ_REMOVE_HEAD(&q->looks, next);
	STAILQ_INSERT_TAIL(list, t, next);
}

bool
queue_pop(struct task_list *list, struct queue *q, size_t n, size_t most)
{
	bool stopped;
	size_t share;

	pthread_mutex_lock(&q->lock);
	q->n_asleep++;
	while (!q->stopped && STAILQ_EMPTY(&q->waiting)
	    && STAILQ_EMPTY(&q->looks))
		pthread_cond_wait(&q->filled, &q->lock);
	q->n_asleep--;
	stopped = q->stopped;
	share = (q->n_waiting + n - 1) / n;
	if (!stopped) {
		take_waiting(list, q, share < most ? share : most);
		take_look(list, q);
	}
	pthread_mutex_unlock(&q->lock);
	return !stopped;
}

static bool
leaves_work(const struct task *t)
{
	return t->kind != TASK_REQUEST || t->hold != NULL || t->broken
	    || !t->keep || !outq_is_empty(&t->rest);
}

void
queue_give_back(struct queue *q, struct task *t)
{
	const uint64_t one = 1;
	bool wake = leaves_work(t);

	pthread_mutex_lock(&q->lock);
	STAILQ_INSERT_TAIL(&q->returned, t, next);
	wake = wake || t->noticed || q->wake_always;
	pthread_mutex_unlock(&q->lock);
	if (wake && write(q->event, &one, sizeof(one)) == -1)
		abort();
}

void
queue_notice(struct queue *q, struct task *t)
{
	pthread_mutex_lock(&q->lock);
	t->noticed = true;
	pthread_mutex_unlock(&q->lock);
}

void
queue_wake_always(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->wake_always = true;
	pthread_mutex_unlock(&q->lock);
}

int
queue_fd(const struct queue *q)
{
	return q->event;
}

void
queue_clear_fd(struct queue *q)
{
	uint64_t count;

	if (read(q->event, &count, sizeof(count)) == -1 && errno != EAGAIN)
		abort();
}

void
queue_take_back(struct queue *q, struct task_list *list)
{
	pthread_mutex_lock(&q->lock);
	STAILQ_CONCAT(list, &q->returned);
	pthread_mutex_unlock(&q->lock);
}

void
queue_stop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stopped = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}
