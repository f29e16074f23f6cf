/* Of the adapter alone: the session that db.h's functions work on. */
#ifndef ADAPTERS_DB_SESSION_H
#define ADAPTERS_DB_SESSION_H

#include "adapters/db.h"

struct pg_conn;
struct pg_result;

enum { DB_MAX_PREPARED = 8 };

struct db {
	struct db_settings settings;
	struct pg_conn *conn; /* NULL: none */
	bool named;           /* statements are prepared under their names */
	const struct db_statement *prepared[DB_MAX_PREPARED];
	int n_prepared;
	int64_t retry_at_ms; /* no attempt to connect before */
	int backoff_ms;
};

/* Connects, unless an attempt has failed just now. */
bool db_connect(struct db *db, struct scope *s);
void db_disconnect(struct db *db);

/* Waits for poll()'s events. False at the deadline. */
bool db_wait(const struct db *db, const struct scope *s, short events);

/* The next result, or NULL when the statement has no more. False at the
 * deadline, or when the connection broke: it is in the middle of something
 * then. */
bool db_next_result(
    struct pg_result **result, const struct db *db, const struct scope *s);

/* The statement's one result, when all of it has come; else NULL. */
bool db_only_result(
    struct pg_result **result, const struct db *db, const struct scope *s);

/* Tells the scope libpq's message, without the line ends in it. */
void db_cause(struct scope *s, const char *what, const char *message);

#endif
