/* A connection to PostgreSQL (libpq), kept, and re-made when it is lost.
 * Nothing here waits longer than the scope's deadline. */
#ifndef ADAPTERS_DB_H
#define ADAPTERS_DB_H

#include "base/text.h"

struct arena;
struct db;
struct scope;

enum db_prepare { DB_PREPARE_AUTO, DB_PREPARE_ON, DB_PREPARE_OFF };

struct db_settings {
	const char *conninfo; /* libpq's; NULL: its defaults */
	enum db_prepare prepare;
};

enum db_type {
	DB_BOOL,
	DB_INT4,
	DB_INT8,
	DB_TEXT,
	DB_BYTEA,
	DB_TEXT_ARRAY,
	DB_INT8_ARRAY,
	DB_BYTEA_ARRAY,
};

/* A parameter's value; the statement says its type. An absent text is NULL,
 * as is_null is for the others. Arrays are written as text ('{a,b}'), with a
 * NUL behind them. */
struct db_value {
	bool is_null;
	int64_t number;
	struct text text;
};

enum { DB_MAX_PARAMS = 10 };

struct db_statement {
	const char *name; /* of its own for every text it has ever had */
	const char *sql;
	int n_params;
	enum db_type types[DB_MAX_PARAMS];
};

enum db_outcome {
	DB_OK,
	DB_AWAY,    /* not to be reached, or not in time */
	DB_MISSING, /* the schema does not exist */
	DB_FAULT,   /* it said no */
};

struct db_rows {
	void *result; /* the arena's */
	int n;
};

/* One call: what to run, for whom, and what came of it. */
struct db_call {
	const struct db_statement *statement;
	const struct db_value *values;
	struct scope *scope;
	struct db_rows rows; /* the scope's, if the outcome is DB_OK */
	enum db_outcome outcome;
};

/* Not connected yet: the first call does that. */
struct db *db_new(const struct db_settings *settings);
void db_free(struct db *db);

/* Runs one reading statement. What is not DB_OK leaves a cause. A statement
 * that lost its connection is tried once more on a new one. While the
 * database is known to be away the answer is DB_AWAY at once; attempts are
 * 0.1 to 1 s apart. */
void db_call(struct db *db, struct db_call *call);

/* The same for each of them, on one round trip if all goes well. */
void db_call_all(struct db *db, struct db_call *const *calls, size_t n);

bool db_is_null(const struct db_rows *rows, int row, int column);
bool db_bool(const struct db_rows *rows, int row, int column);
int64_t db_int64(const struct db_rows *rows, int row, int column);
/* Microseconds since 1970, within the years 1 to 9999. */
int64_t db_time_us(const struct db_rows *rows, int row, int column);
/* Absent for NULL; lives as long as the rows. */
struct text db_text(const struct db_rows *rows, int row, int column);

/* True if libpq can read the conninfo, or it is NULL; else error says why. */
bool db_check_conninfo(const char *conninfo, char *error, size_t error_size);

/* The library's version (major * 10000 + minor), for -V. */
int db_version(void);

#endif
