/* Listening to notices (LISTEN in PostgreSQL's manual): a session of its own
 * that somebody else's event loop watches. A notice is a hint, and a session
 * that hears nothing looks like one with nothing to hear: whoever listens
 * calls itself from time to time. */
#ifndef ADAPTERS_DB_LISTEN_H
#define ADAPTERS_DB_LISTEN_H

#include "adapters/db.h"

/* Connects, and listens on these channels (plain names). False, with a cause,
 * when that fails or is not done by the deadline; the session is as it was
 * when it was new then, but for db_call()'s rule on attempts. */
bool db_listen(struct db *db, struct scope *s, const char *const *channels,
    size_t n);

/* The session's setting, if it has one of that name: what it says, up to
 * size - 1 bytes, or "". May wait until the deadline. */
void db_show(struct db *db, struct scope *s, const char *name, char *value,
    size_t size);

/* The descriptor to watch for input. */
int db_listen_fd(const struct db *db);

/* Sends a notice of our own without waiting. False: the session is lost. */
bool db_notify(struct db *db, const char *channel, const char *payload);

/* Hands over what has come, without waiting. False: the session is lost. */
bool db_hear(struct db *db,
    void (*heard)(void *whom, const char *channel, const char *payload),
    void *whom);

/* Ends the session; db_listen() may make another one. */
void db_hang_up(struct db *db);

#endif
