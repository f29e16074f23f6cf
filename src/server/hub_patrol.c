/* The hub's patrols: what to ask of all jobs and keys, and what the answers
 * mean. */
#include "server/hub.h"

enum {
	TAILS_MS = 5000,      /* between patrols */
	DEAF_TAILS_MS = 1000, /* ... while no notice can be relied on */
	DOUBT_MS = 250,       /* ... at least */
	KEYS_MS = 3000,
};

void
hub_begin_patrols(struct hub *hub, int64_t now_ms)
{
	hub->next_tails_ms = now_ms + DEAF_TAILS_MS;
	hub->next_keys_ms = now_ms + KEYS_MS;
}

/* Whoever is reading right now has missed it too. */
void
hub_doubt(struct hub *hub, int64_t now_ms)
{
	int64_t next_ms = hub->last_tails_ms + DOUBT_MS;

	hub->n_heard += HUB_MEMORY + 1;
	if (next_ms < now_ms)
		next_ms = now_ms;
	if (next_ms < hub->next_tails_ms)
		hub->next_tails_ms = next_ms;
}

/* Of those who are lent, workers have the keys, and ask for them anyway. */
static void
fill(struct patrol *p, struct hub *hub)
{
	struct hub_job *job;
	struct waiter *w;

	for (size_t i = 0; i < HUB_BUCKETS; i++) {
		LIST_FOREACH(job, &hub->jobs.buckets[i], chain) {
			struct patrol_part *part = &p->of[job->data_set];

			part->tails[part->n_tails++] =
			    (struct tail){.job_id = job->job_id};
			if (!p->with_keys)
				continue;
			TAILQ_FOREACH(w, &job->waiters, entry)
				if (!w->lent)
					keys_add(&part->keys, &w->hold.who);
		}
	}
}

static void
count(size_t *n_jobs, size_t *n_keys, struct hub *hub, bool with_keys)
{
	struct hub_job *job;
	struct waiter *w;

	for (size_t i = 0; i < HUB_BUCKETS; i++) {
		LIST_FOREACH(job, &hub->jobs.buckets[i], chain) {
			n_jobs[job->data_set]++;
			if (!with_keys)
				continue;
			TAILQ_FOREACH(w, &job->waiters, entry)
				n_keys[job->data_set]++;
		}
	}
}

struct patrol *
hub_next_patrol(struct hub *hub, int64_t now_ms)
{
	size_t n_jobs[N_DATA_SETS] = {0}, n_keys[N_DATA_SETS] = {0};
	bool with_keys = hub->next_keys_ms <= now_ms;
	struct patrol *p;

	if (hub->n_waiters == 0 || hub->patrolling
	    || (hub->next_tails_ms > now_ms && !with_keys))
		return NULL;
	count(n_jobs, n_keys, hub, with_keys);
	p = patrol_new(n_jobs, n_keys);
	p->with_keys = with_keys;
	fill(p, hub);
	hub->patrolling = true;
	hub->last_tails_ms = now_ms;
	hub->next_tails_ms =
	    now_ms + (hub->hears ? TAILS_MS : DEAF_TAILS_MS);
	if (with_keys)
		hub->next_keys_ms = now_ms + KEYS_MS;
	return p;
}

/* Of an unknown job, only a look can tell: its tail was refused, or did not
 * come in time though the database is there. */
static bool
has_moved(const struct hub_job *job, const struct patrol_part *part)
{
	const struct tail *tail =
	    tails_find(part->tails, part->n_tails, job->job_id);

	return tail != NULL
	    && (tail->state != TAIL_OPEN || tail->last_seq != job->known_seq);
}

static bool
has_doubtful_key(const struct hub_job *job, const struct patrol_part *part)
{
	const struct waiter *w;

	TAILQ_FOREACH(w, &job->waiters, entry) {
		const struct key *key = w->lent
		    ? NULL : keys_find(&part->keys, &w->hold.who);

		if (key != NULL && key->state != KEY_LIVES)
			return true;
	}
	return false;
}

void
hub_take_patrol(struct hub *hub, const struct patrol *p, int64_t now_ms)
{
	struct hub_job *job;

	hub->patrolling = false;
	hub_note_reached(hub, p->reached, now_ms);
	for (size_t i = 0; p->reached && i < HUB_BUCKETS; i++) {
		LIST_FOREACH(job, &hub->jobs.buckets[i], chain) {
			const struct patrol_part *part = &p->of[job->data_set];

			if (has_moved(job, part) || has_doubtful_key(job, part))
				hub_job_mark(&hub->jobs, job, now_ms);
		}
	}
}
