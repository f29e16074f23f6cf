/* Of the hub alone: the jobs that somebody waits for. */
#ifndef SERVER_HUB_JOBS_H
#define SERVER_HUB_JOBS_H

#include "server/waiter.h"

enum { HUB_BUCKETS = 4096 };

/* A job that somebody waits for. */
struct hub_job {
	LIST_ENTRY(hub_job) chain;
	TAILQ_ENTRY(hub_job) entry;  /* in the list of its mark */
	enum data_set data_set;
	char public_id[ULID_SIZE + 1];
	int64_t tenant_id;           /* on whose behalf */
	int64_t job_id;
	struct waiter_list waiters;
	size_t n_looks;              /* under way ... */
	size_t n_shared;             /* ... and not at a single waiter's */
	enum { JOB_CALM, JOB_DUE, JOB_LATER } mark;
	bool wanted;                 /* one more when they are back */
	int64_t known_seq;           /* the last number that it is known or
	                                said to have */
	int64_t said_seq;            /* ... since its looks began */
	int64_t not_before_ms;       /* no look that nobody insists on */
};

LIST_HEAD(hub_bucket, hub_job);
TAILQ_HEAD(hub_job_list, hub_job);

struct hub_jobs {
	struct hub_bucket buckets[HUB_BUCKETS];
	struct hub_job_list due;   /* to be looked at */
	struct hub_job_list later; /* in the order of not_before_ms */
};

void hub_jobs_init(struct hub_jobs *jobs);
/* Nobody waits any more. */
void hub_jobs_release(struct hub_jobs *jobs);

/* Where jobs of this id are, among others; one for each tenant. */
struct hub_bucket *hub_jobs_bucket(
    struct hub_jobs *jobs, enum data_set data_set, const char *public_id);
bool hub_job_is(const struct hub_job *job, enum data_set data_set,
    const char *public_id);

/* The job that is held for; NULL: nobody waits for it yet. */
struct hub_job *hub_jobs_find(struct hub_jobs *jobs, const struct hold *h);
struct hub_job *hub_jobs_make(struct hub_jobs *jobs, const struct hold *h);
/* If nobody waits for it and no look is under way. */
void hub_job_drop(struct hub_jobs *jobs, struct hub_job *job);

/* A look is worth while: now, or when the job has had its rest. While looks
 * are under way it comes behind them, but not behind those that one stream
 * has to itself: these may go on for long. */
void hub_job_mark(
    struct hub_jobs *jobs, struct hub_job *job, int64_t now_ms);
/* Now, whatever it had. */
void hub_job_set_due(struct hub_jobs *jobs, struct hub_job *job);
void hub_job_set_calm(struct hub_jobs *jobs, struct hub_job *job);

#endif
