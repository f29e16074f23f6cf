/* Jobs by their ids, and when to look at them. */
#include "server/hub_jobs.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void
hub_jobs_init(struct hub_jobs *jobs)
{
	*jobs = (struct hub_jobs){0};
	TAILQ_INIT(&jobs->due);
	TAILQ_INIT(&jobs->later);
}

void
hub_jobs_release(struct hub_jobs *jobs)
{
	for (size_t i = 0; i < HUB_BUCKETS; i++) {
		struct hub_job *job;

		while ((job = LIST_FIRST(&jobs->buckets[i])) != NULL) {
			LIST_REMOVE(job, chain);
			free(job);
		}
	}
}

/* FNV-1a. */
struct hub_bucket *
hub_jobs_bucket(
    struct hub_jobs *jobs, enum data_set data_set, const char *public_id)
{
	uint32_t hash = 2166136261u ^ (uint32_t)data_set;

	for (size_t i = 0; i < ULID_SIZE; i++)
		hash = (hash ^ (uint8_t)public_id[i]) * 16777619u;
	return &jobs->buckets[hash % HUB_BUCKETS];
}

bool
hub_job_is(const struct hub_job *job, enum data_set data_set,
    const char *public_id)
{
	return job->data_set == data_set
	    && memcmp(job->public_id, public_id, ULID_SIZE) == 0;
}

struct hub_job *
hub_jobs_find(struct hub_jobs *jobs, const struct hold *h)
{
	struct hub_job *job;

	LIST_FOREACH(job,
	    hub_jobs_bucket(jobs, h->who.data_set, h->route.id), chain)
		if (hub_job_is(job, h->who.data_set, h->route.id)
		    && job->tenant_id == h->who.tenant_id)
			return job;
	return NULL;
}

struct hub_job *
hub_jobs_make(struct hub_jobs *jobs, const struct hold *h)
{
	struct hub_job *job = memory_new(sizeof(*job));

	job->data_set = h->who.data_set;
	memcpy(job->public_id, h->route.id, sizeof(job->public_id));
	job->tenant_id = h->who.tenant_id;
	job->job_id = h->job_id;
	job->known_seq = job->said_seq = h->last_seq;
	TAILQ_INIT(&job->waiters);
	LIST_INSERT_HEAD(
	    hub_jobs_bucket(jobs, job->data_set, job->public_id), job, chain);
	return job;
}

void
hub_job_set_calm(struct hub_jobs *jobs, struct hub_job *job)
{
	if (job->mark == JOB_DUE)
		TAILQ_REMOVE(&jobs->due, job, entry);
	else if (job->mark == JOB_LATER)
		TAILQ_REMOVE(&jobs->later, job, entry);
	job->mark = JOB_CALM;
}

void
hub_job_drop(struct hub_jobs *jobs, struct hub_job *job)
{
	if (!TAILQ_EMPTY(&job->waiters) || job->n_looks > 0)
		return;
	hub_job_set_calm(jobs, job);
	LIST_REMOVE(job, chain);
	free(job);
}

void
hub_job_set_due(struct hub_jobs *jobs, struct hub_job *job)
{
	if (job->mark == JOB_DUE)
		return;
	hub_job_set_calm(jobs, job);
	job->mark = JOB_DUE;
	TAILQ_INSERT_TAIL(&jobs->due, job, entry);
}

void
hub_job_mark(struct hub_jobs *jobs, struct hub_job *job, int64_t now_ms)
{
	if (job->n_shared > 0) {
		job->wanted = true;
	} else if (job->not_before_ms <= now_ms) {
		hub_job_set_due(jobs, job);
	} else if (job->mark == JOB_CALM) {
		job->mark = JOB_LATER;
		TAILQ_INSERT_TAIL(&jobs->later, job, entry);
	}
}
