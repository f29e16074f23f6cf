/* Calls. */
#include "adapters/db.h"

#include "adapters/db_session.h"
#include "adapters/db_values.h"
#include "base/log.h"
#include "base/scope.h"

#include <libpq-fe.h>

#include <stdio.h>
#include <string.h>

static bool
is_prepared(const struct db *db, const struct db_statement *statement)
{
	for (int i = 0; i < db->n_prepared; i++)
		if (db->prepared[i] == statement)
			return true;
	return false;
}

static bool
send_call(const struct db *db, const struct db_statement *st,
    const struct db_params *p, bool named)
{
	if (named)
		return PQsendQueryPrepared(db->conn, st->name, st->n_params,
			   p->values, p->lengths, p->formats, 1)
		    == 1;
	return PQsendQueryParams(db->conn, st->sql, st->n_params, p->types,
		   p->values, p->lengths, p->formats, 1)
	    == 1;
}

/* Prepares the statement unless it is; false if that fails. */
static bool
prepare(PGresult **result, struct db *db, struct scope *s,
    const struct db_statement *st, const struct db_params *p)
{
	if (is_prepared(db, st) || db->n_prepared == DB_MAX_PREPARED)
		return true;
	if (PQsendPrepare(db->conn, st->name, st->sql, st->n_params, p->types)
		== 0
	    || !db_only_result(result, db, s))
		return false;
	if (PQresultStatus(*result) != PGRES_COMMAND_OK)
		return false;
	PQclear(*result);
	*result = NULL;
	db->prepared[db->n_prepared++] = st;
	return true;
}

/* One try on the connection there is. *result stays NULL when it broke. */
static void
try_call(PGresult **result, struct db *db, struct scope *s,
    const struct db_statement *st, const struct db_params *p)
{
	*result = NULL;
	if (db->named && !prepare(result, db, s, st, p))
		return;
	if (send_call(db, st, p, db->named && is_prepared(db, st)))
		(void)db_only_result(result, db, s);
}

static bool
is_one_of(const char *sqlstate, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strncmp(sqlstate, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* What a statement that PostgreSQL refused means (appendix A of its manual;
 * two characters stand for the whole class). */
static enum db_outcome
outcome_of(const char *sqlstate)
{
	static const char *const away[] = {"08", "53", "57", "55P03", "58",
	    "25006", "40", NULL};

	if (is_one_of(sqlstate, away))
		return DB_AWAY;
	return strcmp(sqlstate, "3F000") == 0 ? DB_MISSING : DB_FAULT;
}

/* The session is of no more use: it is ending, or what was prepared there is
 * stale, or gone because a pooler changed the backend. */
static bool
is_session_fault(const char *sqlstate)
{
	static const char *const states[] = {
	    "57P", "0A000", "26000", "42P05", "XX000", NULL};

	return is_one_of(sqlstate, states);
}

static void
release_result(void *result)
{
	PQclear(result);
}

enum verdict { DONE, AGAIN };

/* Reads what a try gave; says whether a fresh connection may help. */
static enum verdict
judge(struct db_call *call, struct db *db, PGresult *result)
{
	struct scope *s = call->scope;
	const char *sqlstate;
	bool lost;

	if (result == NULL) {
		lost = PQstatus(db->conn) == CONNECTION_BAD;
		db_cause(s, "call",
		    lost ? PQerrorMessage(db->conn) : "no answer in time");
		db_disconnect(db);
		call->outcome = DB_AWAY;
		return lost ? AGAIN : DONE;
	}
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		arena_defer(s->arena, release_result, result);
		call->rows = (struct db_rows){result, PQntuples(result)};
		call->outcome = DB_OK;
		return DONE;
	}
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (sqlstate == NULL)
		sqlstate = "?";
	call->outcome = outcome_of(sqlstate);
	scope_cause(s, "call: sqlstate=%s %.150s", sqlstate,
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	lost = is_session_fault(sqlstate)
	    || PQstatus(db->conn) == CONNECTION_BAD;
	if (strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0) {
		db->settings.prepare = DB_PREPARE_OFF;
		log_line(LEVEL_WARN, "database prepare=off "
		    "reason=\"a pooler changes the session\"");
	}
	PQclear(result);
	if (lost)
		db_disconnect(db);
	return lost ? AGAIN : DONE;
}

void
db_call(struct db *db, struct db_call *call)
{
	struct db_params params;
	struct pg_result *result;
	int tries = 0;

	call->outcome = DB_AWAY;
	db_set_params(&params, call->statement, call->values);
	for (;;) {
		if (db->conn == NULL && !db_connect(db, call->scope))
			return;
		try_call(&result, db, call->scope, call->statement, &params);
		if (judge(call, db, result) == DONE || ++tries == 2)
			return;
		call->scope->cause[0] = '\0';
	}
}

/* --- many calls --- */

/* Prepares what the calls run; false if that fails. */
static bool
prepare_all(struct db *db, struct db_call *const *calls, size_t n)
{
	struct pg_result *result = NULL;
	struct db_params params;

	for (size_t i = 0; i < n; i++) {
		db_set_params(&params, calls[i]->statement, calls[i]->values);
		if (!prepare(&result, db, calls[i]->scope, calls[i]->statement,
			&params)) {
			PQclear(result);
			return false;
		}
	}
	return true;
}

static bool
send_all(const struct db *db, struct db_call *const *calls, size_t n)
{
	struct db_params params;

	for (size_t i = 0; i < n; i++) {
		db_set_params(&params, calls[i]->statement, calls[i]->values);
		if (!send_call(db, calls[i]->statement, &params, true))
			return false;
	}
	return PQpipelineSync(db->conn) == 1;
}

/* Takes one call's result, and the NULL behind it. False: what comes next is
 * not known. */
static bool
take_one(struct db_call *call, const struct db *db, const struct scope *s)
{
	struct pg_result *result, *end;

	if (!db_next_result(&result, db, s) || result == NULL)
		return false;
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		arena_defer(call->scope->arena, release_result, result);
		call->rows = (struct db_rows){result, PQntuples(result)};
		call->outcome = DB_OK;
	} else {
		PQclear(result);
	}
	return db_next_result(&end, db, s) && end == NULL;
}

static bool
take_sync(const struct db *db, const struct scope *s)
{
	struct pg_result *result;
	bool is_sync;

	if (!db_next_result(&result, db, s))
		return false;
	is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	return is_sync;
}

/* In libpq's pipeline, which is one transaction: what comes behind a
 * statement that fails has no result either. */
static bool
pipeline(const struct db *db, struct db_call *const *calls, size_t n)
{
	const struct scope *s = calls[0]->scope;

	if (PQenterPipelineMode(db->conn) != 1 || !send_all(db, calls, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!take_one(calls[i], db, s))
			return false;
	return take_sync(db, s) && PQexitPipelineMode(db->conn) == 1;
}

/* Whoever has no rows then is called alone: it failed, or stood behind one
 * that did. Through a pooler nothing is sent together. */
void
db_call_all(struct db *db, struct db_call *const *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		calls[i]->rows.result = NULL;
	if (n > 1 && db->conn != NULL && db->named && prepare_all(db, calls, n)
	    && !pipeline(db, calls, n))
		db_disconnect(db);
	for (size_t i = 0; i < n; i++)
		if (calls[i]->rows.result == NULL)
			db_call(db, calls[i]);
}

bool
db_check_conninfo(const char *conninfo, char *error, size_t error_size)
{
	char *message = NULL;
	PQconninfoOption *options;

	if (conninfo == NULL
	    || (strchr(conninfo, '=') == NULL
		&& strstr(conninfo, "://") == NULL))
		return true; /* a plain name is a database's */
	options = PQconninfoParse(conninfo, &message);
	if (options != NULL) {
		PQconninfoFree(options);
		return true;
	}
	snprintf(error, error_size, "%s", message == NULL ? "?" : message);
	error[strcspn(error, "\n")] = '\0';
	PQfreemem(message);
	return false;
}

int
db_version(void)
{
	return PQlibVersion();
}
