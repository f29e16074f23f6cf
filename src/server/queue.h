/* Tasks on their way from the reactor to the workers and back. */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "server/outq.h"

#include <stdatomic.h>
#include <sys/queue.h>

struct conn;
struct hold;
struct look;
struct patrol;

enum task_kind {
	TASK_REQUEST, /* one that has arrived */
	TASK_LOOK,    /* on behalf of those who wait for a job */
	TASK_PATROL,  /* on behalf of all who wait */
};

/* Work for a worker. It belongs to the reactor, then to the queue, then to
 * one worker, then to the reactor again. */
struct task {
	STAILQ_ENTRY(task) next;
	enum task_kind kind;

	struct look *look;
	struct patrol *patrol;

	struct conn *conn;      /* the reactor's; workers do not look */

	/* the request; the reactor fills it in */
	int fd;
	uint16_t id;
	struct buf parameters;
	bool has_body;
	bool keep;              /* the connection may be used again */
	int64_t accepted_ms;    /* monotonic */
	uint64_t stamp;         /* the hub's */

	/* Whoever sets this first may answer: the worker, or the reactor when
	 * the time is up. A worker that comes second frees the task. */
	atomic_bool claimed;

	/* The reactor wants to know at once when it is answered: something
	 * has come on the connection. Under the queue's lock. */
	bool noticed;

	/* the worker's result */
	struct hold *hold;      /* the request waits; NULL: it is answered */
	struct outq rest;       /* what the peer has not taken yet */
	bool broken;            /* the connection is of no more use */
};

STAILQ_HEAD(task_list, task);

void task_free(struct task *t);

struct queue;

struct queue *queue_new(void);
void queue_free(struct queue *q);

void queue_push(struct queue *q, struct task *t);
/* Waits for tasks and moves some to the list: first of those that somebody has
 * sent, one, or the n-th part of what waits if that is more, but not more than
 * most; and one look or patrol behind them, if any waits and no other thread
 * is here to take it. False once the queue is stopped. */
bool queue_pop(struct task_list *list, struct queue *q, size_t n, size_t most);

/* Hands an answered task back to the reactor. It is woken only if something
 * is left to do; else it finds the task when the connection's next request,
 * or anything else, wakes it. */
void queue_give_back(struct queue *q, struct task *t);
/* Sets the task's "noticed". It may be on its way back already, so the
 * caller takes back what there is before it sleeps. */
void queue_notice(struct queue *q, struct task *t);
/* From now on every task that comes back wakes the reactor. */
void queue_wake_always(struct queue *q);
/* The descriptor that polls readable when tasks have come back. */
int queue_fd(const struct queue *q);
void queue_clear_fd(struct queue *q);
/* Moves the tasks that have come back to the list. */
void queue_take_back(struct queue *q, struct task_list *list);

/* From now on queue_pop() gives nothing to anybody. */
void queue_stop(struct queue *q);

#endif
