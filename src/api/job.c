/* The head of the call's rows to a job. */
#include "api/job.h"

#include "api/problem.h"
#include "api/timeline.h"
#include "base/scope.h"

bool
job_find(struct job *job, struct scope *s, const struct db_rows *rows,
    struct text public_id)
{
	if (db_is_null(rows, 0, COL_JOB_ID))
		return scope_fail(s, &problem_no_job);
	*job = (struct job){
	    .public_id = public_id,
	    .id = db_int64(rows, 0, COL_JOB_ID),
	    .type = db_text(rows, 0, COL_JOB_TYPE),
	    .status = db_text(rows, 0, COL_STATUS),
	    .created_at_us = db_time_us(rows, 0, COL_JOB_CREATED_AT),
	    .request = db_text(rows, 0, COL_REQUEST),
	    .closed = db_bool(rows, 0, COL_CLOSED),
	    .has_last_seq = !db_is_null(rows, 0, COL_LAST_SEQ),
	    .last_seq = db_int64(rows, 0, COL_LAST_SEQ),
	    .at_us = db_time_us(rows, 0, COL_AT),
	};
	return true;
}
