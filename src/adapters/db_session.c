/* A session: connecting, and waiting for what it says. */
#include "adapters/db_session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/scope.h"

#include <libpq-fe.h>

#include <poll.h>
#include <stdlib.h>

enum { BACKOFF_LEAST_MS = 100, BACKOFF_MOST_MS = 1000 };

struct db *
db_new(const struct db_settings *settings)
{
	struct db *db = memory_new(sizeof(*db));

	db->settings = *settings;
	return db;
}

void
db_disconnect(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->n_prepared = 0;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_disconnect(db);
	free(db);
}

void
db_cause(struct scope *s, const char *what, const char *message)
{
	char line[200];
	size_t n = 0;

	for (; *message != '\0' && n + 1 < sizeof(line); message++)
		line[n++] = *message == '\n' || *message == '\t' ? ' '
								 : *message;
	while (n > 0 && line[n - 1] == ' ')
		n--;
	line[n] = '\0';
	scope_cause(s, "%s: %s", what, line);
}

/* --- waiting --- */

bool
db_wait(const struct db *db, const struct scope *s, short events)
{
	struct pollfd p = {.fd = PQsocket(db->conn), .events = events};
	int n;

	do
		n = poll(&p, 1, scope_left_ms(s));
	while (n == -1);
	return n > 0;
}

bool
db_next_result(PGresult **result, const struct db *db, const struct scope *s)
{
	while (PQisBusy(db->conn) == 1)
		if (!db_wait(db, s, POLLIN)
		    || PQconsumeInput(db->conn) == 0)
			return false;
	*result = PQgetResult(db->conn);
	return true;
}

bool
db_only_result(PGresult **result, const struct db *db, const struct scope *s)
{
	PGresult *first = NULL, *more = NULL;

	*result = NULL;
	if (!db_next_result(&first, db, s) || first == NULL)
		return false;
	while (db_next_result(&more, db, s)) {
		if (more == NULL) {
			*result = first;
			return true;
		}
		PQclear(more);
	}
	PQclear(first);
	return false;
}

/* --- connecting --- */

static bool
finish_connecting(struct db *db, struct scope *s)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state != PGRES_POLLING_OK) {
		if (!db_wait(db, s,
			state == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
			scope_cause(s, "connect: no answer in time");
			return false;
		}
		state = PQconnectPoll(db->conn);
		if (state == PGRES_POLLING_FAILED) {
			db_cause(s, "connect", PQerrorMessage(db->conn));
			return false;
		}
	}
	return true;
}

static void
ignore_notice(void *unused, const char *message)
{
	(void)unused;
	(void)message;
}

static bool
start_connecting(struct db *db, struct scope *s)
{
	static const char *const keywords[] = {"dbname",
	    "fallback_application_name", "client_encoding", NULL};
	const char *conninfo = db->settings.conninfo;
	const char *const values[] = {
	    conninfo == NULL ? "" : conninfo, "jobtail", "UTF8", NULL};

	db->conn = PQconnectStartParams(keywords, values, 1);
	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD) {
		db_cause(s, "connect", PQerrorMessage(db->conn));
		return false;
	}
	PQsetNoticeProcessor(db->conn, ignore_notice, NULL);
	return true;
}

/* A pooler gives its clients a process number that is no backend's. A
 * backend that was left behind at a deadline ends by its own time-out. */
static bool
set_up_session(struct db *db, struct scope *s)
{
	static const char sql[] = "SELECT pg_catalog.pg_backend_pid(), "
	    "pg_catalog.set_config('statement_timeout', '3s', false)";
	PGresult *result;
	bool pooled;

	if (PQsendQuery(db->conn, sql) == 0 || !db_only_result(&result, db, s)) {
		db_cause(s, "connect", PQerrorMessage(db->conn));
		return false;
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		db_cause(s, "connect", PQresultErrorMessage(result));
		PQclear(result);
		return false;
	}
	pooled = atoi(PQgetvalue(result, 0, 0)) != PQbackendPID(db->conn);
	PQclear(result);
	db->named = db->settings.prepare == DB_PREPARE_ON
	    || (db->settings.prepare == DB_PREPARE_AUTO && !pooled);
	return true;
}

bool
db_connect(struct db *db, struct scope *s)
{
	if (clock_mono_ms() < db->retry_at_ms) {
		scope_cause(s, "connect: the last attempt failed just now");
		return false;
	}
	if (start_connecting(db, s) && finish_connecting(db, s)
	    && set_up_session(db, s)) {
		db->backoff_ms = 0;
		return true;
	}
	db_disconnect(db);
	db->backoff_ms = db->backoff_ms == 0 ? BACKOFF_LEAST_MS
					     : db->backoff_ms * 2;
	if (db->backoff_ms > BACKOFF_MOST_MS)
		db->backoff_ms = BACKOFF_MOST_MS;
	db->retry_at_ms = clock_mono_ms() + db->backoff_ms;
	return false;
}
