/* All that is known of libpq. */
#include "adapters/db.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"

#include <libpq-fe.h>

#include <endian.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_LEAST_MS = 100, BACKOFF_MOST_MS = 1000, MAX_PREPARED = 8 };

struct db {
	struct db_settings settings;
	PGconn *conn; /* NULL: none */
	bool named;   /* statements are prepared under their names */
	const struct db_statement *prepared[MAX_PREPARED];
	int n_prepared;
	int64_t retry_at_ms; /* no attempt to connect before */
	int backoff_ms;
};

struct db *
db_new(const struct db_settings *settings)
{
	struct db *db = memory_new(sizeof(*db));

	db->settings = *settings;
	return db;
}

static void
disconnect(struct db *db)
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
	disconnect(db);
	free(db);
}

/* libpq's message without the line ends inside and after it. */
static void
cause_from(struct scope *s, const char *what, const char *message)
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

/* False at the deadline. */
static bool
wait_for(const struct db *db, const struct scope *s, short events)
{
	struct pollfd p = {.fd = PQsocket(db->conn), .events = events};
	int n;

	do
		n = poll(&p, 1, scope_left_ms(s));
	while (n == -1);
	return n > 0;
}

/* The next result, or NULL when the statement has no more. False at the
 * deadline: the connection is in the middle of something then. */
static bool
next_result(PGresult **result, const struct db *db, const struct scope *s)
{
	while (PQisBusy(db->conn) == 1)
		if (!wait_for(db, s, POLLIN)
		    || PQconsumeInput(db->conn) == 0)
			return false;
	*result = PQgetResult(db->conn);
	return true;
}

/* The statement's one result, when all of it has come; else NULL. */
static bool
only_result(PGresult **result, const struct db *db, const struct scope *s)
{
	PGresult *first = NULL, *more = NULL;

	*result = NULL;
	if (!next_result(&first, db, s) || first == NULL)
		return false;
	while (next_result(&more, db, s)) {
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
		if (!wait_for(db, s,
			state == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
			scope_cause(s, "connect: no answer in time");
			return false;
		}
		state = PQconnectPoll(db->conn);
		if (state == PGRES_POLLING_FAILED) {
			cause_from(s, "connect", PQerrorMessage(db->conn));
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
		cause_from(s, "connect", PQerrorMessage(db->conn));
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

	if (PQsendQuery(db->conn, sql) == 0 || !only_result(&result, db, s)) {
		cause_from(s, "connect", PQerrorMessage(db->conn));
		return false;
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		cause_from(s, "connect", PQresultErrorMessage(result));
		PQclear(result);
		return false;
	}
	pooled = atoi(PQgetvalue(result, 0, 0)) != PQbackendPID(db->conn);
	PQclear(result);
	db->named = db->settings.prepare == DB_PREPARE_ON
	    || (db->settings.prepare == DB_PREPARE_AUTO && !pooled);
	return true;
}

static bool
connect_anew(struct db *db, struct scope *s)
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
	disconnect(db);
	db->backoff_ms = db->backoff_ms == 0 ? BACKOFF_LEAST_MS
					     : db->backoff_ms * 2;
	if (db->backoff_ms > BACKOFF_MOST_MS)
		db->backoff_ms = BACKOFF_MOST_MS;
	db->retry_at_ms = clock_mono_ms() + db->backoff_ms;
	return false;
}

/* --- calling --- */

/* Parameters as libpq wants them. */
struct params {
	const char *values[DB_MAX_PARAMS];
	int lengths[DB_MAX_PARAMS];
	int formats[DB_MAX_PARAMS]; /* 1 is binary */
	Oid types[DB_MAX_PARAMS];
	union {
		char one;
		uint32_t four;
		uint64_t eight;
	} numbers[DB_MAX_PARAMS];
};

/* From PostgreSQL's pg_type.dat. */
static const Oid type_oids[] = {
    [DB_BOOL] = 16,
    [DB_INT4] = 23,
    [DB_INT8] = 20,
    [DB_TEXT] = 25,
    [DB_BYTEA] = 17,
    [DB_TEXT_ARRAY] = 1009,
};

static void
set_number(struct params *p, int i, enum db_type type, int64_t number)
{
	p->values[i] = (const char *)&p->numbers[i];
	switch (type) {
	case DB_BOOL:
		p->numbers[i].one = number != 0;
		p->lengths[i] = 1;
		break;
	case DB_INT4:
		p->numbers[i].four = htobe32((uint32_t)number);
		p->lengths[i] = 4;
		break;
	default:
		p->numbers[i].eight = htobe64((uint64_t)number);
		p->lengths[i] = 8;
		break;
	}
}

static void
set_params(struct params *p, const struct db_statement *statement,
    const struct db_value *values)
{
	for (int i = 0; i < statement->n_params; i++) {
		enum db_type type = statement->types[i];

		p->types[i] = type_oids[type];
		p->formats[i] = type != DB_TEXT_ARRAY;
		p->values[i] = NULL;
		p->lengths[i] = 0;
		if (type == DB_TEXT || type == DB_BYTEA
		    || type == DB_TEXT_ARRAY) {
			p->values[i] = values[i].text.data;
			p->lengths[i] = (int)values[i].text.size;
		} else if (!values[i].is_null) {
			set_number(p, i, type, values[i].number);
		}
	}
}

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
    const struct params *p, bool named)
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
    const struct db_statement *st, const struct params *p)
{
	if (is_prepared(db, st) || db->n_prepared == MAX_PREPARED)
		return true;
	if (PQsendPrepare(db->conn, st->name, st->sql, st->n_params, p->types)
		== 0
	    || !only_result(result, db, s))
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
    const struct db_statement *st, const struct params *p)
{
	*result = NULL;
	if (db->named && !prepare(result, db, s, st, p))
		return;
	if (send_call(db, st, p, db->named && is_prepared(db, st)))
		(void)only_result(result, db, s);
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
judge(enum db_outcome *outcome, struct db_rows *rows, struct scope *s,
    struct db *db, PGresult *result)
{
	const char *sqlstate;
	bool lost;

	if (result == NULL) {
		lost = PQstatus(db->conn) == CONNECTION_BAD;
		cause_from(s, "call",
		    lost ? PQerrorMessage(db->conn) : "no answer in time");
		disconnect(db);
		*outcome = DB_AWAY;
		return lost ? AGAIN : DONE;
	}
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		arena_defer(s->arena, release_result, result);
		*rows = (struct db_rows){result, PQntuples(result)};
		*outcome = DB_OK;
		return DONE;
	}
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (sqlstate == NULL)
		sqlstate = "?";
	*outcome = outcome_of(sqlstate);
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
		disconnect(db);
	return lost ? AGAIN : DONE;
}

enum db_outcome
db_call(struct db_rows *rows, struct scope *s, struct db *db,
    const struct db_statement *statement, const struct db_value *values)
{
	enum db_outcome outcome = DB_AWAY;
	struct params params;
	PGresult *result;
	int tries = 0;

	set_params(&params, statement, values);
	for (;;) {
		if (db->conn == NULL && !connect_anew(db, s))
			return DB_AWAY;
		try_call(&result, db, s, statement, &params);
		if (judge(&outcome, rows, s, db, result) == DONE || ++tries == 2)
			return outcome;
		s->cause[0] = '\0';
	}
}

/* --- rows --- */

bool
db_is_null(const struct db_rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row, column) == 1;
}

bool
db_bool(const struct db_rows *rows, int row, int column)
{
	return !db_is_null(rows, row, column)
	    && *PQgetvalue(rows->result, row, column) != 0;
}

int64_t
db_int64(const struct db_rows *rows, int row, int column)
{
	uint64_t raw;

	if (PQgetlength(rows->result, row, column) != (int)sizeof(raw))
		return 0;
	memcpy(&raw, PQgetvalue(rows->result, row, column), sizeof(raw));
	return (int64_t)be64toh(raw);
}

int64_t
db_time_us(const struct db_rows *rows, int row, int column)
{
	const int64_t from_2000 = INT64_C(946684800) * CLOCK_US;
	const int64_t least = INT64_C(-62135596800) * CLOCK_US;
	const int64_t most = INT64_C(253402300800) * CLOCK_US - 1;
	int64_t us = db_int64(rows, row, column);

	if (us > most - from_2000)
		return most;
	us += from_2000;
	return us < least ? least : us;
}

struct text
db_text(const struct db_rows *rows, int row, int column)
{
	if (db_is_null(rows, row, column))
		return (struct text){0};
	return (struct text){PQgetvalue(rows->result, row, column),
	    (size_t)PQgetlength(rows->result, row, column)};
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
