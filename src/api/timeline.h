/* The one call that a request makes to the database: key, job and events
 * come from one snapshot. sql/timeline.sql has the other side. */
#ifndef API_TIMELINE_H
#define API_TIMELINE_H

#include "adapters/db.h"

struct app;
struct principal;
struct scope;

struct timeline_query {
	struct text public_id; /* absent: only the key is looked at */
	bool has_since;
	int64_t since;
	int64_t max_events;
	int64_t max_bytes;
	bool tail; /* the newest events, for the detail, instead of a page */
};

/* The rows' columns. */
enum timeline_column {
	COL_PART,
	COL_AT,
	COL_TENANT_ID,
	COL_KEY_ID,
	COL_CAPABLE,
	COL_EXPIRES_AT,
	COL_JOB_ID,
	COL_JOB_TYPE,
	COL_STATUS,
	COL_JOB_CREATED_AT,
	COL_REQUEST,
	COL_CLOSED,
	COL_LAST_SEQ,
	COL_SEQ,
	COL_EVENT_TYPE,
	COL_STAGE,
	COL_MESSAGE,
	COL_ARTIFACTS,
	COL_EXTRA,
	COL_CREATED_AT,
};

/* What a row is. The first is the head, with the key's and the job's
 * columns; the others have an event's. */
enum timeline_part {
	PART_HEAD = 'h',
	PART_EVENT = 'e',
	PART_NEWEST = 'b', /* only created_at: the newest event's */
	PART_MORE = 'm',   /* only itself: the page was cut here */
};

enum { TIMELINE_PARAMS = 8 };

/* The call, before and after it is made. It points into itself. */
struct timeline {
	struct db_call call;
	struct db_value values[TIMELINE_PARAMS];
};

/* Writes the call; db_call() or db_call_all() makes it. The principal and
 * the query's text live as long. */
void timeline_ask(struct timeline *t, struct scope *s, const struct app *app,
    const struct principal *who, const struct timeline_query *query);

/* Completes the principal from what came back. Fails with 401, 403, 500 or
 * 503; else the call's rows have a head, without a job if none was found. */
bool timeline_take(
    const struct timeline *t, struct scope *s, struct principal *who);

enum timeline_part timeline_part(const struct db_rows *rows, int row);

#endif
