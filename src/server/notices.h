/* Listening to PostgreSQL's notices: one session in a process, which tells
 * the hub. Whether it hears is known from its own heartbeat alone. */
#ifndef SERVER_NOTICES_H
#define SERVER_NOTICES_H

#include <stdint.h>

struct config;
struct hub;
struct notices;

/* Events on its descriptors, in that epoll, carry the notices. */
struct notices *notices_new(
    const struct config *config, int epoll, struct hub *hub);
void notices_free(struct notices *n);

/* Something is to be read. */
void notices_take_event(struct notices *n);
/* Connects, calls itself, gives up: what is due. */
void notices_end_round(struct notices *n);
/* INT64_MAX: never. */
int64_t notices_next_deadline(const struct notices *n);

#endif
