/* A worker: one thread that answers the queue's tasks, one after the other,
 * over a database connection of its own. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdbool.h>

struct kit;
struct queue;
struct worker;

/* A request has this long from its last byte to its answer. */
enum { WORKER_DEADLINE_MS = 2000 };

struct worker *worker_start(struct queue *queue, const struct kit *kit);

/* After queue_stop(): waits for the thread's end and frees the worker.
 * False, and nothing is freed, if it is stuck in foreign code. */
bool worker_join(struct worker *w);

#endif
