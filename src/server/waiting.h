/* Those who wait, as the reactor's connections: held, told, let go. Part of
 * the traffic. */
#ifndef SERVER_WAITING_H
#define SERVER_WAITING_H

#include "server/hub.h"

struct conn;
struct task;
struct traffic;

/* The connection's request is held from now on. */
void waiting_begin(
    struct traffic *t, struct conn *c, const struct task *task);
/* Its peer has taken all that was sent. */
void waiting_resume(struct traffic *t, struct conn *c);
/* Something came on its connection, or the peer hung up. */
void waiting_take_event(struct traffic *t, struct conn *c);
/* Before a connection is closed that has a waiter: why, for the log. */
void waiting_forget(struct traffic *t, struct conn *c, const char *why);

/* Workers have run them. */
void waiting_take_look(struct traffic *t, struct look *l);
void waiting_take_patrol(struct traffic *t, const struct patrol *p);

/* Does what is due: ends, silences, looks and patrols. */
void waiting_end_round(struct traffic *t);
/* Ends all of them, politely. */
void waiting_drain(struct traffic *t);

#endif
