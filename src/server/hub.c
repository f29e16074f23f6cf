/* Waiters, notices and looks. */
#include "server/hub.h"

#include "api/stream.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
	QUIET_MS = 100, /* after a look that found nothing */
	AWAY_MS = 250,  /* after one that did not reach the database */
};

void
hub_init(struct hub *hub, int64_t max_events, int64_t max_bytes)
{
	*hub = (struct hub){.max_events = max_events, .max_bytes = max_bytes};
	hub_jobs_init(&hub->jobs);
	STAILQ_INIT(&hub->looks);
}

void
hub_release(struct hub *hub)
{
	struct look *l;

	while ((l = STAILQ_FIRST(&hub->looks)) != NULL) {
		STAILQ_REMOVE_HEAD(&hub->looks, entry);
		look_free(l);
	}
	hub_jobs_release(&hub->jobs);
}

/* --- waiters --- */

/* A stream whose next events are there already needs no news, and shares its
 * look with nobody: it may be far behind. */
static void
look_at_once(struct hub *hub, struct waiter *w)
{
	struct look *l = look_new(w->job, hub->max_events, STREAM_BATCH);

	look_add(l, w);
	l->alone = true;
	w->lent = true;
	w->job->n_looks++;
	STAILQ_INSERT_TAIL(&hub->looks, l, entry);
}

static bool
is_ready(const struct waiter *w)
{
	return !w->lent && !w->is_blocked;
}

/* The looks that are under way may have begun too early to see it. */
static void
note_said(struct hub_job *job, int64_t seq)
{
	if (seq > job->said_seq)
		job->said_seq = seq;
}

/* What one has seen, others may have missed. */
static void
learn(struct hub *hub, struct hub_job *job, int64_t seq, int64_t now_ms)
{
	struct waiter *w;

	note_said(job, seq);
	if (seq == job->known_seq)
		return;
	job->known_seq = seq;
	TAILQ_FOREACH(w, &job->waiters, entry) {
		if (is_ready(w) && w->hold.last_seq < seq) {
			hub_job_mark(&hub->jobs, job, now_ms);
			return;
		}
	}
}

void
hub_settle(struct hub *hub, struct waiter *w, int64_t now_ms)
{
	struct hub_job *job = w->job;

	w->lent = w->is_blocked = false;
	/* while the database is away it comes again with all the others */
	if (w->hold.more && hub->away_since_ms == 0)
		look_at_once(hub, w);
	note_said(job, w->hold.last_seq);
	if (w->hold.last_seq > job->known_seq)
		learn(hub, job, w->hold.last_seq, now_ms);
	if (w->hold.last_seq < job->known_seq
	    || (w->hold.more && !w->lent))
		hub_job_mark(&hub->jobs, job, now_ms);
}

/* The job's newest number that was heard of since then. */
static int64_t
heard_since(const struct hub *hub, const struct hold *h, uint64_t stamp)
{
	int64_t seq = INT64_MIN;

	if (hub->n_heard - stamp > HUB_MEMORY)
		return INT64_MAX; /* who knows */
	for (; stamp < hub->n_heard; stamp++) {
		const struct hub_notice *n = &hub->heard[stamp % HUB_MEMORY];

		if (n->data_set == h->who.data_set && n->seq > seq
		    && memcmp(n->public_id, h->route.id, ULID_SIZE) == 0)
			seq = n->seq;
	}
	return seq;
}

void
hub_join(struct hub *hub, struct waiter *w, uint64_t stamp, int64_t now_ms)
{
	struct hub_job *job = hub_jobs_find(&hub->jobs, &w->hold);
	int64_t heard = heard_since(hub, &w->hold, stamp);

	hub_note_reached(hub, true, now_ms);
	if (job == NULL)
		job = hub_jobs_make(&hub->jobs, &w->hold);
	if (heard > job->known_seq)
		learn(hub, job, heard, now_ms);
	w->job = job;
	TAILQ_INSERT_TAIL(&job->waiters, w, entry);
	if (hub->n_waiters++ == 0)
		hub_begin_patrols(hub, now_ms);
}

void
hub_insist(struct hub *hub, struct waiter *w)
{
	if (w->job->n_shared > 0)
		w->job->wanted = true;
	else
		hub_job_set_due(&hub->jobs, w->job);
	w->job->not_before_ms = 0;
}

void
hub_leave(struct hub *hub, struct waiter *w)
{
	TAILQ_REMOVE(&w->job->waiters, w, entry);
	hub->n_waiters--;
	hub_job_drop(&hub->jobs, w->job);
	w->job = NULL;
}

/* --- notices --- */

uint64_t
hub_stamp(const struct hub *hub)
{
	return hub->n_heard;
}

void
hub_hear(struct hub *hub, enum data_set data_set, struct text public_id,
    int64_t seq, int64_t now_ms)
{
	struct hub_notice *n = &hub->heard[hub->n_heard++ % HUB_MEMORY];
	struct hub_job *job;

	n->data_set = data_set;
	memcpy(n->public_id, public_id.data, ULID_SIZE);
	n->seq = seq;
	LIST_FOREACH(
	    job, hub_jobs_bucket(&hub->jobs, data_set, public_id.data), chain) {
		if (!hub_job_is(job, data_set, public_id.data))
			continue;
		note_said(job, seq);
		if (seq > job->known_seq) {
			job->known_seq = seq;
			hub_job_mark(&hub->jobs, job, now_ms);
		}
	}
}

/* --- looks --- */

/* All who are at the tail of a job share one look. Those who wait for a page
 * to change share it with those of the same page. */
static bool
may_share(const struct hold *a, const struct hold *b)
{
	const struct param *x = &a->route.params.of[PARAM_LIMIT];
	const struct param *y = &b->route.params.of[PARAM_LIMIT];

	if (!a->has_page || !b->has_page)
		return a->has_page == b->has_page;
	return a->has_cursor == b->has_cursor && a->cursor == b->cursor
	    && x->given == y->given && x->value == y->value;
}

static int64_t
max_events(const struct hub *hub, const struct hold *h)
{
	const struct param *limit = &h->route.params.of[PARAM_LIMIT];

	if (h->has_page && limit->given && limit->value < hub->max_events)
		return limit->value;
	return hub->max_events;
}

/* A look for the first one that is ready, and those who may share it; NULL:
 * nobody is. */
static struct look *
make_look(const struct hub *hub, struct hub_job *job)
{
	struct waiter *w, *first = NULL;
	struct look *l = NULL;

	TAILQ_FOREACH(w, &job->waiters, entry) {
		if (!is_ready(w)
		    || (first != NULL && !may_share(&first->hold, &w->hold)))
			continue;
		if (first == NULL) {
			first = w;
			l = look_new(job, max_events(hub, &w->hold),
			    hub->max_bytes);
			l->one_page = w->hold.has_page;
		}
		look_add(l, w);
		w->lent = true;
		if (l->n == LOOK_MAX)
			break;
	}
	job->n_looks += l != NULL;
	job->n_shared += l != NULL;
	return l;
}

static void
make_looks(struct hub *hub, struct hub_job *job)
{
	struct look *l;

	hub_job_set_calm(&hub->jobs, job);
	job->said_seq = INT64_MIN; /* they will see what was said before */
	while ((l = make_look(hub, job)) != NULL)
		STAILQ_INSERT_TAIL(&hub->looks, l, entry);
}

struct look *
hub_next_look(struct hub *hub, int64_t now_ms)
{
	struct hub_job *job;
	struct look *l;

	while ((job = TAILQ_FIRST(&hub->jobs.later)) != NULL
	    && job->not_before_ms <= now_ms)
		hub_job_set_due(&hub->jobs, job);
	while ((job = TAILQ_FIRST(&hub->jobs.due)) != NULL)
		make_looks(hub, job);
	l = STAILQ_FIRST(&hub->looks);
	if (l != NULL)
		STAILQ_REMOVE_HEAD(&hub->looks, entry);
	return l;
}

void
hub_note_reached(struct hub *hub, bool reached, int64_t now_ms)
{
	if (reached)
		hub->away_since_ms = 0;
	else if (hub->away_since_ms == 0)
		hub->away_since_ms = now_ms;
}

/* Events were left that somebody is waiting for. */
static bool
leaves_news(const struct look *l)
{
	return l->cut && !l->alone && !l->one_page;
}

/* Forged notices cost ten looks a second and job at most: what leads to news
 * may come as often as it likes. */
static int64_t
rest_ms(const struct look *l)
{
	if (!l->reached)
		return AWAY_MS;
	return l->news || leaves_news(l) ? 0 : QUIET_MS;
}

/* What is known now. Before the job's looks began, more may have been said than
 * is true; what one stream has to itself may have begun long ago. */
static int64_t
newest_seq(const struct look *l)
{
	const struct hub_job *job = l->job;
	int64_t seq = l->alone ? job->known_seq : job->said_seq;

	return l->last_seq > seq ? l->last_seq : seq;
}

void
hub_take_look(struct hub *hub, const struct look *l, int64_t now_ms)
{
	struct hub_job *job = l->job;

	hub_note_reached(hub, l->reached, now_ms);
	if (!l->alone || !l->reached)
		job->not_before_ms = now_ms + rest_ms(l);
	if (l->found)
		learn(hub, job, newest_seq(l), now_ms);
}

void
hub_end_look(struct hub *hub, struct look *l, int64_t now_ms)
{
	struct hub_job *job = l->job;

	job->n_looks--;
	job->n_shared -= !l->alone;
	if (leaves_news(l) || !l->reached)
		job->wanted = true;
	look_free(l);
	if (job->n_shared == 0 && job->wanted) {
		job->wanted = false;
		hub_job_mark(&hub->jobs, job, now_ms);
	}
	hub_job_drop(&hub->jobs, job);
}

int64_t
hub_next_deadline(const struct hub *hub)
{
	const struct hub_job *job = TAILQ_FIRST(&hub->jobs.later);
	int64_t next = INT64_MAX;

	if (hub->n_waiters > 0 && !hub->patrolling)
		next = hub->next_tails_ms < hub->next_keys_ms
		    ? hub->next_tails_ms : hub->next_keys_ms;
	if (job != NULL && job->not_before_ms < next)
		next = job->not_before_ms;
	return next;
}
