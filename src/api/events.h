/* The public events that the call found, oldest first. */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "base/text.h"

struct db_rows;
struct job;
struct scope;

/* Texts live as long as the rows. */
struct event {
	int64_t seq;
	struct text type;
	struct text stage;     /* absent: null */
	struct text message;
	struct text artifacts; /* JSON, with the stores' keys; absent: [] */
	struct text extra;     /* JSON; absent: {} */
	int64_t created_at_us;
};

struct events {
	struct event *list;
	size_t n;
	bool more;            /* at least one follows in the database */
	int64_t newest_at_us; /* of the job's newest event, listed or not;
	                         without any, of the job itself */
};

/* Those after the cursor, if there is one, and at most so many. They are all's
 * list. */
struct events events_after(const struct events *all, bool has_cursor,
    int64_t cursor, size_t most);

void events_take(struct events *events, struct scope *s,
    const struct db_rows *rows, const struct job *job);

#endif
