/* Calling timeline(). */
#include "api/timeline.h"

#include "api/app.h"
#include "api/principal.h"
#include "api/problem.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"

#define STATEMENT(schema)                                                      \
	"SELECT part, at, tenant_id, key_id, capable, expires_at, job_id, "    \
	"job_type, status, job_created_at, request, closed, last_seq, seq, "   \
	"event_type, stage, message, artifacts, extra, created_at "            \
	"FROM " schema ".timeline($1, $2, $3, $4, $5, $6, $7, $8)"

#define TYPES                                                                  \
	TIMELINE_PARAMS, { DB_BYTEA, DB_TEXT_ARRAY, DB_TEXT, DB_INT8, DB_INT4, DB_INT4,      \
	     DB_BOOL, DB_INT4 }

static const struct db_statement statements[N_DATA_SETS] = {
    [DATA_LIVE] = {"jobtail_timeline_1", STATEMENT("jobtail"), TYPES},
    [DATA_TEST] = {"jobtail_test_timeline_1", STATEMENT("jobtail_test"),
	TYPES},
};

/* Either is enough; the second is the first's old name. */
#define CAPABILITIES TEXT("{jobs:read,ctm:read}")

static bool
fail_call(struct scope *s, enum db_outcome outcome, const struct principal *who)
{
	switch (outcome) {
	case DB_AWAY: return scope_fail(s, &problem_unavailable);
	case DB_MISSING:
		log_line(LEVEL_ERROR,
		    "database schema=%s missing=\"%s\" do=\"load "
		    "sql/jobtail.sql\"",
		    who->data_set == DATA_LIVE ? "jobtail" : "jobtail_test",
		    s->cause);
		return scope_fail(s, principal_refusal(who));
	default: return scope_fail(s, &problem_internal);
	}
}

static bool
identify(struct principal *who, struct scope *s, const struct db_rows *rows)
{
	if (rows->n == 0)
		return scope_fail(s, principal_refusal(who));
	who->tenant_id = db_int64(rows, 0, COL_TENANT_ID);
	who->key_id = db_int64(rows, 0, COL_KEY_ID);
	who->has_end = !db_is_null(rows, 0, COL_EXPIRES_AT);
	who->ends_at_us = db_time_us(rows, 0, COL_EXPIRES_AT);
	if (!db_bool(rows, 0, COL_CAPABLE))
		return scope_fail(s, &problem_not_capable);
	return true;
}

void
timeline_ask(struct timeline *t, struct scope *s, const struct app *app,
    const struct principal *who, const struct timeline_query *query)
{
	*t = (struct timeline){
	    .call = {&statements[who->data_set], t->values, s},
	    .values = {
		{.text = {(const char *)who->key_sha256,
		     sizeof(who->key_sha256)}},
		{.text = CAPABILITIES},
		{.text = query->public_id},
		{.is_null = !query->has_since, .number = query->since},
		{.number = query->max_events},
		{.number = query->max_bytes},
		{.number = query->tail},
		{.number = app->config->closed_grace},
	    },
	};
}

bool
timeline_take(
    const struct timeline *t, struct scope *s, struct principal *who)
{
	if (t->call.outcome != DB_OK)
		return fail_call(s, t->call.outcome, who);
	return identify(who, s, &t->call.rows);
}

enum timeline_part
timeline_part(const struct db_rows *rows, int row)
{
	struct text part = db_text(rows, row, COL_PART);

	return part.size == 1 ? (enum timeline_part)part.data[0] : PART_MORE;
}
