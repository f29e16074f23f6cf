/* Rows to events. */
#include "api/events.h"

#include "api/job.h"
#include "api/timeline.h"
#include "base/scope.h"

static struct event
take_event(const struct db_rows *rows, int row)
{
	return (struct event){
	    .seq = db_int64(rows, row, COL_SEQ),
	    .type = db_text(rows, row, COL_EVENT_TYPE),
	    .stage = db_text(rows, row, COL_STAGE),
	    .message = db_text(rows, row, COL_MESSAGE),
	    .artifacts = db_text(rows, row, COL_ARTIFACTS),
	    .extra = db_text(rows, row, COL_EXTRA),
	    .created_at_us = db_time_us(rows, row, COL_CREATED_AT),
	};
}

void
events_take(struct events *events, struct scope *s,
    const struct db_rows *rows, const struct job *job)
{
	*events = (struct events){
	    .list = arena_alloc(s->arena,
		(size_t)rows->n * sizeof(struct event)),
	    .newest_at_us = job->created_at_us,
	};
	for (int row = 1; row < rows->n; row++) {
		switch (timeline_part(rows, row)) {
		case PART_EVENT:
			events->list[events->n++] = take_event(rows, row);
			events->newest_at_us =
			    db_time_us(rows, row, COL_CREATED_AT);
			break;
		case PART_NEWEST:
			events->newest_at_us =
			    db_time_us(rows, row, COL_CREATED_AT);
			break;
		case PART_MORE: events->more = true; break;
		case PART_HEAD: break;
		}
	}
}

struct events
events_after(const struct events *all, bool has_cursor, int64_t cursor,
    size_t most)
{
	struct events some = *all;

	while (has_cursor && some.n > 0 && some.list->seq <= cursor) {
		some.list++;
		some.n--;
	}
	if (some.n > most) {
		some.n = most;
		some.more = true;
	}
	return some;
}
