/* The reactor: one thread that owns every connection. It accepts, lets
 * requests through the gate to the queue, sends what peers are slow to take,
 * and watches the time and the signals. */
#ifndef SERVER_REACTOR_H
#define SERVER_REACTOR_H

#include <stdbool.h>

struct kit;
struct listener;
struct queue;

/* The signals that the reactor takes must be blocked in every thread before
 * the first one starts. */
void reactor_block_signals(void);

struct reactor;

/* All of them outlive the reactor. */
struct reactor *reactor_new(struct listener *listener, struct queue *queue,
    const struct kit *kit);

/* Runs until it is told to end by a signal and every request that had
 * arrived is answered. False if that took too long or was told twice. */
bool reactor_run(struct reactor *r);

/* Closes what connections are left. No worker may have a task any more. */
void reactor_free(struct reactor *r);

#endif
