/* Asking for many tails. */
#include "api/tails.h"

#include "adapters/db.h"
#include "api/app.h"
#include "api/problem.h"
#include "base/buf.h"
#include "base/scope.h"

#include <stdlib.h>

#define STATEMENT(schema)                                                      \
	"SELECT job_id, last_seq, closed FROM " schema ".job_tails($1)"

enum { COL_JOB_ID, COL_LAST_SEQ, COL_CLOSED };

static const struct db_statement statements[N_DATA_SETS] = {
    [DATA_LIVE] = {"jobtail_tails_1", STATEMENT("jobtail"), 1,
	{DB_INT8_ARRAY}},
    [DATA_TEST] = {"jobtail_test_tails_1", STATEMENT("jobtail_test"), 1,
	{DB_INT8_ARRAY}},
};

static int
compare(const void *a, const void *b)
{
	const struct tail *x = a, *y = b;

	return (x->job_id > y->job_id) - (x->job_id < y->job_id);
}

static struct tail *
find(const struct tail *list, size_t n, int64_t job_id)
{
	struct tail wanted = {.job_id = job_id};

	return n == 0 ? NULL
		      : bsearch(&wanted, list, n, sizeof(*list), compare);
}

void
tails_sort(struct tail *list, size_t n)
{
	if (n > 0)
		qsort(list, n, sizeof(*list), compare);
}

const struct tail *
tails_find(const struct tail *list, size_t n, int64_t job_id)
{
	return find(list, n, job_id);
}

/* {1,2,3} */
static struct text
print_array(struct buf *out, const struct tail *list, size_t n)
{
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, ',');
		buf_int(out, list[i].job_id);
	}
	buf_char(out, '}');
	return buf_as_string(out);
}

static void
take_row(struct tail *tail, const struct db_rows *rows, int row)
{
	if (db_is_null(rows, row, COL_LAST_SEQ)
	    || db_is_null(rows, row, COL_CLOSED))
		return;
	tail->last_seq = db_int64(rows, row, COL_LAST_SEQ);
	tail->state = db_bool(rows, row, COL_CLOSED) ? TAIL_CLOSED : TAIL_OPEN;
}

bool
tails_read(struct tail *list, size_t n, enum data_set data_set,
    struct scope *s, const struct app *app)
{
	struct buf array = {0};
	struct db_value value = {.text = print_array(&array, list, n)};
	struct db_call call = {
	    &statements[data_set], &value, s, {0}, DB_AWAY};

	db_call(app->db, &call);
	buf_release(&array);
	if (call.outcome == DB_AWAY)
		return scope_fail(s, &problem_unavailable);
	/* no rows, if it was refused */
	for (int row = 0; row < call.rows.n; row++) {
		struct tail *tail = find(
		    list, n, db_int64(&call.rows, row, COL_JOB_ID));

		if (tail != NULL)
			take_row(tail, &call.rows, row);
	}
	return true;
}
