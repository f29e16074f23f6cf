/* LISTEN, and what is heard. */
#include "adapters/db_listen.h"

#include "adapters/db_session.h"
#include "base/scope.h"

#include <libpq-fe.h>

#include <stdio.h>

enum { STATEMENT_MAX = 200 };

/* Waits for a statement that gives no rows that matter, or one. */
static bool
run(PGresult **result, const struct db *db, struct scope *s, const char *sql)
{
	ExecStatusType status;

	if (PQsendQuery(db->conn, sql) == 0
	    || !db_only_result(result, db, s)) {
		db_cause(s, "listen", PQerrorMessage(db->conn));
		return false;
	}
	status = PQresultStatus(*result);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return true;
	db_cause(s, "listen", PQresultErrorMessage(*result));
	PQclear(*result);
	return false;
}

static bool
listen_on(const struct db *db, struct scope *s, const char *channel)
{
	char sql[STATEMENT_MAX];
	PGresult *result;

	snprintf(sql, sizeof(sql), "LISTEN %s", channel);
	if (!run(&result, db, s, sql))
		return false;
	PQclear(result);
	return true;
}

bool
db_listen(struct db *db, struct scope *s, const char *const *channels,
    size_t n)
{
	if (!db_connect(db, s))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!listen_on(db, s, channels[i])) {
			db_disconnect(db);
			return false;
		}
	}
	return true;
}

void
db_show(struct db *db, struct scope *s, const char *name, char *value,
    size_t size)
{
	char sql[STATEMENT_MAX];
	PGresult *result;

	*value = '\0';
	snprintf(sql, sizeof(sql),
	    "SELECT coalesce(current_setting('%s', true), '')", name);
	if (!run(&result, db, s, sql))
		return;
	snprintf(value, size, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
}

int
db_listen_fd(const struct db *db)
{
	return PQsocket(db->conn);
}

bool
db_notify(struct db *db, const char *channel, const char *payload)
{
	const char *const values[] = {channel, payload};

	return PQsendQueryParams(db->conn, "SELECT pg_notify($1, $2)", 2, NULL,
		   values, NULL, NULL, 0)
	    == 1;
}

/* Results of our own notices. */
static void
clear_results(const struct db *db)
{
	PGresult *result;

	while (PQisBusy(db->conn) == 0
	    && (result = PQgetResult(db->conn)) != NULL)
		PQclear(result);
}

bool
db_hear(struct db *db,
    void (*heard)(void *whom, const char *channel, const char *payload),
    void *whom)
{
	PGnotify *notice;

	if (PQconsumeInput(db->conn) == 0)
		return false;
	clear_results(db);
	while ((notice = PQnotifies(db->conn)) != NULL) {
		heard(whom, notice->relname, notice->extra);
		PQfreemem(notice);
	}
	return PQstatus(db->conn) == CONNECTION_OK;
}

void
db_hang_up(struct db *db)
{
	db_disconnect(db);
}
