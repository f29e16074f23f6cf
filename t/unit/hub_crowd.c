/* No event is ever missed: a crowd with faults of every kind, at random. When
 * it has come to rest, everybody knows what there is to know. */
#include "crowd.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEMBERS = 40,
	KEYS = 6,
	NOTICES = 64,
	STEPS = 6000,
	FALL_BACK_MS = 6000, /* more than from one patrol to the next */
};

/* What may go wrong. */
enum fault {
	LOSE = 1,       /* a notice */
	DELAY = 2,
	REPEAT = 4,
	FORGE = 8,
	GARBAGE = 16,   /* what is no notice, or a session that was made anew */
	AWAY = 32,      /* the database */
	REVOKE = 64,
	PURGE = 128,
	CLOSE = 256,
	PATROL = 512,   /* no fault, but the remedy for many */
	ALL = 1023,
};

/* A notice under way. */
struct letter {
	struct crowd_job *job;
	int64_t seq;
};

struct run {
	struct crowd crowd;
	struct dice dice;
	unsigned int faults;
	struct letter letters[NOTICES]; /* in their order */
	size_t n_letters;
};

static bool
one_in(struct run *r, uint64_t n)
{
	return dice_roll(&r->dice, n) == 0;
}

static bool
may(const struct run *r, enum fault fault)
{
	return (r->faults & fault) != 0;
}

static struct crowd_job *
any_job(struct run *r)
{
	/* some are more popular than others */
	uint64_t i = dice_roll(&r->dice, CROWD_JOBS);

	return &r->crowd.jobs[dice_roll(&r->dice, i + 1)];
}

static struct member *
any_member(struct run *r)
{
	struct member *m = TAILQ_FIRST(&r->crowd.members);
	uint64_t n;

	if (m == NULL)
		return NULL;
	for (n = dice_roll(&r->dice, r->crowd.n_members); n > 0; n--)
		m = TAILQ_NEXT(m, entry);
	return m;
}

/* --- what the world does --- */

static void
deliver(struct run *r)
{
	struct letter first = r->letters[0];

	if (r->n_letters == 0)
		return;
	memmove(r->letters, r->letters + 1,
	    --r->n_letters * sizeof(r->letters[0]));
	crowd_hear(&r->crowd, first.job, first.seq);
	if (may(r, REPEAT) && one_in(r, 5))
		crowd_hear(&r->crowd, first.job, first.seq);
}

static void
deliver_all(struct run *r)
{
	while (r->n_letters > 0)
		deliver(r);
}

static void
append(struct run *r)
{
	struct crowd_job *job = any_job(r);
	bool is_public = !one_in(r, 4) || !may(r, PATROL);

	if (job->gone || job->closed)
		return;
	crowd_append(job, is_public);
	if (!is_public || (may(r, LOSE) && one_in(r, 4)))
		return;
	if (r->n_letters == NOTICES)
		deliver(r);
	r->letters[r->n_letters++] = (struct letter){job, job->last_seq};
	if (!may(r, DELAY))
		deliver_all(r);
}

/* A number that is not, or is not yet. */
static void
forge(struct run *r)
{
	struct crowd_job *job = any_job(r);
	const int64_t seqs[] = {INT64_MAX, INT64_MIN, 0, job->last_seq,
	    job->last_seq + 1, job->last_seq + 2, job->last_seq - 1,
	    job->last_seq + (int64_t)dice_roll(&r->dice, 100)};

	if (may(r, FORGE))
		crowd_hear(
		    &r->crowd, job, seqs[dice_roll(&r->dice, N_OF(seqs))]);
}

static void
garbage(struct run *r)
{
	if (may(r, GARBAGE) && one_in(r, 5))
		hub_doubt(&r->crowd.hub, r->crowd.now_ms);
	if (may(r, GARBAGE) && one_in(r, 5))
		r->crowd.hub.hears = one_in(r, 2);
}

static void
end_something(struct run *r)
{
	struct crowd_job *job = any_job(r);

	if (may(r, CLOSE) && one_in(r, 20)) {
		job->closed = true;
		if (one_in(r, 2)) /* else by the clock alone */
			crowd_append(job, true);
	}
	if (may(r, PURGE) && one_in(r, 20))
		job->gone = true;
	if (may(r, REVOKE) && one_in(r, 20))
		r->crowd.dead_keys |= 1u << dice_roll(&r->dice, KEYS);
}

/* Jobs that have ended make room for others, so that there is always
 * something to wait for. */
static void
begin_anew(struct run *r)
{
	for (int i = 0; i < CROWD_JOBS; i++) {
		struct crowd_job *job = &r->crowd.jobs[i];

		if (!job->closed && !job->gone)
			continue;
		job->closed = job->gone = false;
		job->job_id += CROWD_JOBS;
		job->last_seq = job->public_seq = 1;
	}
	r->crowd.dead_keys = 0;
}

/* --- what requests do --- */

static void
ask(struct run *r)
{
	struct crowd_job *job = any_job(r);
	int64_t key_id = (int64_t)dice_roll(&r->dice, KEYS);
	enum form form = one_in(r, 2) ? FORM_SSE : FORM_JSON;
	struct member *m;

	if (r->crowd.n_members == MEMBERS || job->gone || job->closed
	    || r->crowd.dead_keys >> key_id & 1)
		return;
	m = crowd_ask(&r->crowd, job, form, key_id);
	m->slow = one_in(r, 3);
	if (form == FORM_JSON && one_in(r, 3))
		crowd_keep_page(m, (int64_t)dice_roll(&r->dice, 2),
		    (int64_t)dice_roll(&r->dice, 3) * 5);
	if (form == FORM_SSE && one_in(r, 4)) {
		/* far behind, and its first piece is on its way */
		m->waiter.hold.cursor -= (int64_t)dice_roll(&r->dice, 40);
		m->waiter.hold.more = true;
	}
}

static void
change_member(struct run *r)
{
	struct member *m = any_member(r);

	if (m == NULL)
		return;
	if (one_in(r, 12))
		crowd_hang_up(&r->crowd, m);
	else if (!m->joined)
		crowd_join(&r->crowd, m);
	else if (m->waiter.is_blocked)
		crowd_resume(&r->crowd, m);
	else if (!m->waiter.lent && m->waiter.hold.form == FORM_JSON
	    && one_in(r, 3)) {
		m->waiter.is_last_look = true;
		hub_insist(&r->crowd.hub, &m->waiter);
	}
}

/* --- what workers do --- */

static void
work(struct run *r)
{
	struct glance *g = TAILQ_FIRST(&r->crowd.glances), *next;

	for (; g != NULL; g = next) {
		next = TAILQ_NEXT(g, entry);
		if (one_in(r, 2))
			continue;
		if (!g->done)
			crowd_run(&r->crowd, g,
			    !may(r, AWAY) || !one_in(r, 4));
		else
			crowd_take(&r->crowd, g);
	}
	if (r->crowd.patrol == NULL || one_in(r, 2))
		return;
	if (!r->crowd.patrol_done)
		crowd_run_patrol(
		    &r->crowd, !may(r, AWAY) || !one_in(r, 4));
	else
		crowd_take_patrol(&r->crowd);
}

static void
step(struct run *r)
{
	static void (*const steps[])(struct run *r) = {append, forge, garbage,
	    end_something, ask, ask, change_member, change_member,
	    change_member, work, work};

	steps[dice_roll(&r->dice, N_OF(steps))](r);
	if (may(r, DELAY) && one_in(r, 4))
		deliver(r);
	if (one_in(r, 3))
		r->crowd.now_ms +=
		    (int64_t)dice_roll(&r->dice, one_in(r, 20) ? 3000 : 60);
	if (!may(r, PATROL))
		r->crowd.hub.next_tails_ms = r->crowd.hub.next_keys_ms =
		    INT64_MAX;
	if (one_in(r, 2))
		crowd_push(&r->crowd);
}

/* --- rest --- */

/* Peers take what was sent, and time goes by. */
static void
come_to_rest(struct run *r)
{
	struct member *m, *next;

	deliver_all(r);
	for (int i = 0; i < 10; i++) {
		for (m = TAILQ_FIRST(&r->crowd.members); m != NULL; m = next) {
			next = TAILQ_NEXT(m, entry);
			m->slow = false;
			if (!m->joined)
				crowd_join(&r->crowd, m);
			else
				crowd_resume(&r->crowd, m);
		}
		crowd_pass(&r->crowd, 300, may(r, PATROL));
	}
	if (may(r, PATROL))
		crowd_pass(&r->crowd, FALL_BACK_MS, true);
}

/* Nothing is left that would be done later. */
static const char *
unrest(const struct run *r)
{
	const struct hub *hub = &r->crowd.hub;
	const struct hub_job *job;

	if (!TAILQ_EMPTY(&hub->jobs.due) || !TAILQ_EMPTY(&hub->jobs.later)
	    || !STAILQ_EMPTY(&hub->looks))
		return "a look is due";
	for (size_t i = 0; i < HUB_BUCKETS; i++)
		LIST_FOREACH(job, &hub->jobs.buckets[i], chain)
			if (job->n_looks > 0 || job->wanted
			    || job->mark != JOB_CALM)
				return "a job is not at rest";
	return NULL;
}

static bool
run(uint64_t seed, unsigned int faults)
{
	struct run *r = calloc(1, sizeof(*r));
	const char *what = NULL;
	size_t n_looks;
	bool fine;

	r->dice.state = seed * 1000003 + faults;
	r->faults = faults;
	crowd_init(&r->crowd);
	r->crowd.hub.hears = true;
	for (int i = 0; i < STEPS && what == NULL; i++) {
		step(r);
		what = r->crowd.fault;
		if (what != NULL || i % 300 != 299)
			continue;
		come_to_rest(r);
		what = crowd_lag(&r->crowd);
		if (what == NULL)
			what = unrest(r);
		begin_anew(r);
	}
	n_looks = r->crowd.n_looks;
	crowd_release(&r->crowd);
	if (what == NULL)
		what = r->crowd.fault;
	fine = ok(what == NULL, "seed %d, faults %u, %zu looks: %s", (int)seed,
	    faults, n_looks, what == NULL ? "nothing is missed" : what);
	free(r);
	return fine;
}

int
main(int argc, char **argv)
{
	static const unsigned int faults[] = {
	    /* every notice is heard: that alone must be enough ... */
	    0, DELAY, DELAY | REPEAT, FORGE, DELAY | REPEAT | FORGE, AWAY,
	    DELAY | AWAY | FORGE | REPEAT,
	    /* ... and the patrols when it is not */
	    PATROL, PATROL | LOSE, PATROL | LOSE | DELAY | REPEAT | FORGE,
	    PATROL | GARBAGE | LOSE, PATROL | CLOSE | PURGE | REVOKE, ALL};
	uint64_t seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;

	for (size_t i = 0; i < N_OF(faults); i++)
		for (uint64_t seed = 1; seed <= seeds; seed++)
			if (!run(seed, faults[i]))
				break;
	return tap_done();
}
