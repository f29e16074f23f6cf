/* The tails of jobs: how far each one is, for those who wait for news. */
#ifndef API_TAILS_H
#define API_TAILS_H

#include "api/principal.h"

#include <stddef.h>

struct app;
struct scope;

struct tail {
	int64_t job_id;
	/* what was read */
	enum { TAIL_UNKNOWN, TAIL_OPEN, TAIL_CLOSED } state;
	int64_t last_seq;
};

/* By job_id; the others want it so. */
void tails_sort(struct tail *list, size_t n);

/* Asks job_tails() for all of them at once. A job that is gone, or of which
 * it cannot say whether it is closed, is unknown, and all of them if it cannot
 * be asked. Fails with 503; the scope's cause says why it was refused. */
bool tails_read(struct tail *list, size_t n, enum data_set data_set,
    struct scope *s, const struct app *app);

/* NULL: it is not among them. */
const struct tail *tails_find(
    const struct tail *list, size_t n, int64_t job_id);

#endif
