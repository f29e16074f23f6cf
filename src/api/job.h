/* A job, as its tenant sees it. */
#ifndef API_JOB_H
#define API_JOB_H

#include "base/text.h"

struct db_rows;
struct scope;

struct job {
	struct text public_id; /* upper case */
	int64_t id;            /* the database's */
	struct text type;
	struct text status;
	int64_t created_at_us;
	struct text request;   /* JSON; absent: null, or not asked for */
	bool closed;           /* nothing can follow its last event */
	bool has_last_seq;
	int64_t last_seq;      /* internal events included */
	int64_t at_us;         /* the database's time of the snapshot */
};

/* Takes the job from the call's head; fails with 404 if it has none. */
bool job_find(struct job *job, struct scope *s, const struct db_rows *rows,
    struct text public_id);

#endif
