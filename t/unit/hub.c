/* The hub, one situation at a time. hub_crowd.c has all of them at once. */
#include "crowd.h"
#include "tap.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static struct crowd *c;

static void
begin(void)
{
	c = calloc(1, sizeof(*c));
	crowd_init(c);
	c->hub.hears = true;
}

static void
end(void)
{
	crowd_release(c);
	ok(c->fault == NULL, "in order%s%s", c->fault == NULL ? "" : ": ",
	    c->fault == NULL ? "" : c->fault);
	free(c);
}

static struct crowd_job *
job(int i)
{
	return &c->jobs[i];
}

/* One that waits from now on. */
static struct member *
wait_for(struct crowd_job *j, enum form form)
{
	struct member *m = crowd_ask(c, j, form, 1);

	crowd_join(c, m);
	return m;
}

/* A poll that waits for this page, of so many events, to change. */
static struct member *
wait_for_page(struct crowd_job *j, int64_t cursor, int64_t limit)
{
	struct member *m = crowd_ask(c, j, FORM_JSON, 1);

	crowd_keep_page(m, cursor, limit);
	crowd_join(c, m);
	return m;
}

static struct glance *
only_glance(void)
{
	crowd_push(c);
	return TAILQ_FIRST(&c->glances);
}

static void
is_told(const char *what)
{
	const char *lag = crowd_lag(c);

	ok(lag == NULL, "%s%s%s", what, lag == NULL ? "" : ": ",
	    lag == NULL ? "" : lag);
}

/* --- what is heard --- */

static void
test_notice(void)
{
	begin();
	wait_for(job(0), FORM_SSE);
	wait_for(job(2), FORM_JSON);
	crowd_pass(c, 3000, false);
	is_int((int64_t)c->n_looks, 0, "nobody looks without a reason");
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_hear(c, job(3), crowd_append(job(3), true));
	crowd_pass(c, 1, false);
	is_int((int64_t)c->n_looks, 1, "a notice is one look, at once");
	crowd_hear(c, job(0), job(0)->last_seq);
	crowd_hear(c, job(0), 1);
	crowd_pass(c, 3000, false);
	is_int((int64_t)c->n_looks, 1, "what is known already is none");
	crowd_hear(c, job(2), crowd_append(job(2), true));
	crowd_pass(c, 1, false);
	is_int((int64_t)c->n_answered, 1, "a poll has its answer");
	is_told("everybody knows");
	end();
}

/* Two jobs of one name, each in its data set; another tenant's; and those that
 * share a bucket. */
static void
test_names(void)
{
	struct member *test;

	begin();
	wait_for(job(0), FORM_SSE);
	test = wait_for(job(1), FORM_SSE);
	is_str(job(0)->public_id, job(1)->public_id, "the same name");
	crowd_hear(c, job(1), crowd_append(job(1), true));
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looked_at, 1, "its data set is part of it");
	is_int(test->waiter.hold.cursor, 2, "the right one knows");
	job(2)->tenant_id = job(0)->tenant_id + 1;
	memcpy(job(2)->public_id, job(0)->public_id,
	    sizeof(job(2)->public_id));
	wait_for(job(2), FORM_SSE);
	crowd_append(job(0), true);
	crowd_append(job(2), true);
	crowd_hear(c, job(0), 2);
	crowd_push(c);
	ok(TAILQ_FIRST(&c->glances) != TAILQ_LAST(&c->glances, glance_list),
	    "of two tenants' jobs, each has its own look");
	crowd_finish(c);
	is_told("both know");
	end();
}

/* Heard between the read and the wait, when nobody waited yet. */
static void
test_stamp(void)
{
	struct member *m;

	begin();
	m = crowd_ask(c, job(0), FORM_SSE, 1);
	crowd_join(c, m);
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looks, 0, "nothing was missed");

	m = crowd_ask(c, job(2), FORM_SSE, 1);
	crowd_hear(c, job(2), crowd_append(job(2), true));
	crowd_join(c, m);
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looks, 1, "one notice");
	is_told("is not missed");

	crowd_hear(c, job(3), crowd_append(job(3), true));
	m = crowd_ask(c, job(3), FORM_SSE, 1);
	crowd_join(c, m);
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looks, 1, "one before the read is old");

	m = crowd_ask(c, job(4), FORM_SSE, 1);
	crowd_hear(c, job(4), crowd_append(job(4), true));
	for (int i = 0; i < HUB_MEMORY; i++)
		crowd_hear(c, job(5), 1);
	crowd_join(c, m);
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looks, 2, "more than is remembered: a look");
	is_told("is not missed");

	m = crowd_ask(c, job(6), FORM_SSE, 1);
	crowd_append(job(6), true);
	hub_doubt(&c->hub, c->now_ms);
	crowd_join(c, m);
	crowd_pass(c, 10, false);
	is_int((int64_t)c->n_looks, 3, "what may have been lost: a look");
	is_told("is not missed");
	crowd_pass(c, 1000, false);
	is_int((int64_t)c->n_looks, 3, "and that is all");
	end();
}

/* --- numbers that are not true --- */

/* A number that is too high must not drown the true ones behind it. */
static void
test_forged(void)
{
	struct glance *g;

	begin();
	wait_for(job(0), FORM_SSE);
	crowd_hear(c, job(0), INT64_MAX);
	g = only_glance();
	crowd_run(c, g, true); /* it finds nothing ... */
	crowd_hear(c, job(0), crowd_append(job(0), true)); /* ... too early */
	crowd_take(c, g);
	crowd_pass(c, 200, false);
	is_told("a notice behind a forged one, while a look is under way");
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 200, false);
	is_told("and one when it is over");
	end();
}

/* The same when nobody forged anything: what was heard is not known. */
static void
test_unknown(void)
{
	struct member *m;
	struct glance *g;

	begin();
	m = crowd_ask(c, job(0), FORM_SSE, 1);
	hub_doubt(&c->hub, c->now_ms);
	crowd_join(c, m);
	g = only_glance();
	crowd_run(c, g, true);
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_take(c, g);
	crowd_pass(c, 200, false);
	is_told("a notice while the first look is under way");
	end();
}

/* However many looks it takes: then it is known to be false. */
static void
test_forged_for_two(void)
{
	size_t n_looks;

	begin();
	wait_for(job(0), FORM_SSE);
	wait_for_page(job(0), 0, 5);
	wait_for_page(job(0), 1, 5);
	crowd_hear(c, job(0), INT64_MAX);
	crowd_pass(c, 1000, false);
	n_looks = c->n_looks;
	ok(n_looks >= 3 && n_looks <= 6, "%zu looks for three kinds of pages",
	    n_looks);
	crowd_pass(c, 2000, false);
	is_int((int64_t)(c->n_looks - n_looks), 0, "and then no more");
	end();
}

/* Forged notices cost ten looks a second and job, whatever they say. */
static void
test_flood(void)
{
	begin();
	wait_for(job(0), FORM_SSE);
	wait_for(job(0), FORM_JSON);
	for (int ms = 0; ms < 10000; ms++) {
		crowd_hear(c, job(0), ms % 2 ? ms + 10 : INT64_MAX);
		crowd_hear(c, job(0), ms + 10);
		crowd_hear(c, job(2), ms);
		crowd_pass(c, 1, false);
	}
	ok(c->n_looks >= 50 && c->n_looks <= 102,
	    "%zu looks in ten seconds", c->n_looks);
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 200, false);
	is_told("and the true one among them is heard");
	end();
}

/* What one has seen, others have missed: a number that was heard too early
 * for the one is on its way to the other. */
static void
test_learning(void)
{
	struct member *late, *m;
	struct glance *g;

	begin();
	m = wait_for(job(0), FORM_SSE);
	late = crowd_ask(c, job(0), FORM_SSE, 1);
	crowd_hear(c, job(0), 2); /* of an event that is not to be seen yet */
	crowd_pass(c, 500, false);
	is_int((int64_t)c->n_looks, 1, "a look that comes too early");
	late->waiter.hold.last_seq = late->waiter.hold.cursor =
	    crowd_append(job(0), true);
	crowd_join(c, late);
	crowd_pass(c, 200, false);
	is_int(m->waiter.hold.cursor, 2,
	    "whoever joins with news brings it to all");
	wait_for(job(2), FORM_SSE);
	crowd_append(job(2), true); /* its notice is lost */
	wait_for(job(2), FORM_SSE);
	crowd_pass(c, 200, false);
	is_told("also without any notice");

	wait_for(job(3), FORM_SSE);
	crowd_hear(c, job(3), 2);
	g = only_glance();
	crowd_run(c, g, true);
	crowd_append(job(3), true); /* as is this one's */
	wait_for(job(3), FORM_SSE);
	crowd_take(c, g);
	crowd_pass(c, 200, false);
	is_told("also while a look is under way that was too early");

	wait_for(job(4), FORM_JSON);
	wait_for_page(job(4), 0, 5);
	crowd_hear(c, job(4), 2);
	g = only_glance();
	crowd_run(c, TAILQ_NEXT(g, entry), true);
	crowd_append(job(4), true);
	crowd_run(c, g, true);
	crowd_take(c, g);
	is_int((int64_t)c->n_answered, 1, "one look has an answer for all");
	crowd_take(c, TAILQ_FIRST(&c->glances));
	crowd_pass(c, 200, false);
	is_int((int64_t)c->n_answered, 2, "the other one was too early");
	end();
}

/* --- streams far behind --- */

/* One that reads from the start of a long timeline. */
static struct member *
catch_up(struct crowd_job *j, int64_t n)
{
	struct member *m;

	while (n-- > 0)
		crowd_append(j, true);
	m = crowd_ask(c, j, FORM_SSE, 1);
	m->waiter.hold.cursor = 1;
	m->waiter.hold.more = true;
	crowd_join(c, m);
	return m;
}

/* Nobody has to wait for those who catch up. */
static void
test_catching_up(void)
{
	struct member *poll, *stream, *far;

	begin();
	far = catch_up(job(0), 10000);
	poll = wait_for(job(0), FORM_JSON);
	stream = wait_for(job(0), FORM_SSE);
	crowd_pass(c, 50, false);
	is_int(far->waiter.hold.cursor, 1 + 50 * CROWD_EVENTS,
	    "a look a batch, at once");
	is_int((int64_t)c->n_looked_at, 50, "at nobody else");
	poll->waiter.is_last_look = true;
	hub_insist(&c->hub, &poll->waiter);
	crowd_pass(c, 1, false);
	is_int((int64_t)c->n_answered, 1, "a poll's time is up: it is answered");
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 200, false);
	is_int(stream->waiter.hold.cursor, job(0)->last_seq,
	    "a stream at the tail is told");
	ok(far->waiter.hold.more, "while the other one is still behind");
	for (int i = 0; i < 100; i++) {
		crowd_hear(c, job(0), INT64_MAX - 100 + i);
		crowd_pass(c, 1, false);
	}
	ok(c->n_looks <= 1 + 350 + 5, "%zu looks: no licence to forge",
	    c->n_looks);
	crowd_pass(c, 1000, false);
	is_told("in the end all are there");
	end();
}

/* --- keys --- */

/* Whoever has a dead key is looked at within five seconds; of one that is
 * looked at right now, the look itself asks. */
static void
test_keys(void)
{
	struct glance *g;

	begin();
	wait_for(job(0), FORM_SSE);
	wait_for(job(2), FORM_SSE);
	crowd_join(c, crowd_ask(c, job(3), FORM_SSE, 2));
	crowd_pass(c, 500, true);
	crowd_hear(c, job(0), crowd_append(job(0), true));
	g = only_glance();
	c->now_ms += 3500;
	crowd_push(c);
	ok(c->patrol != NULL && c->patrol->with_keys
		&& c->patrol->of[DATA_LIVE].keys.n == 2,
	    "a patrol for the keys of those who are here");
	crowd_run_patrol(c, true);
	crowd_take_patrol(c);
	crowd_run(c, g, true);
	crowd_take(c, g);
	c->dead_keys = 1 << 1;
	crowd_pass(c, 5000, true);
	is_int((int64_t)c->n_answered, 2, "two had a key that is dead now");
	is_int((int64_t)c->n_members, 1, "another one stays");
	end();
}

/* The keys were answered, the tails were not: nobody knows where the jobs
 * are. */
static void
test_half_a_patrol(void)
{
	begin();
	wait_for(job(0), FORM_SSE);
	crowd_join(c, crowd_ask(c, job(2), FORM_SSE, 2));
	c->dead_keys = 1 << 2;
	c->now_ms += 3500;
	crowd_push(c);
	crowd_run_patrol(c, true);
	for (size_t i = 0; i < c->patrol->of[DATA_LIVE].n_tails; i++)
		c->patrol->of[DATA_LIVE].tails[i].state = TAIL_UNKNOWN;
	crowd_take_patrol(c);
	is_int(c->hub.away_since_ms, 0, "the database is there");
	crowd_pass(c, 1, false);
	is_int((int64_t)c->n_looks, 2, "a look for each job");
	is_int((int64_t)c->n_members, 1, "a key that is dead");
	end();
}

/* --- pages --- */

/* A poll that waits for its page to change wants that page and nothing behind
 * it, however much there is. */
static void
test_pages(void)
{
	begin();
	for (int i = 0; i < 3 * CROWD_EVENTS; i++)
		crowd_append(job(0), true);
	wait_for_page(job(0), 1, 2);
	wait_for_page(job(0), 1, 2);
	wait_for_page(job(0), 1, 3);
	wait_for_page(job(0), 1, 0);
	crowd_pass(c, 1000, false);
	is_int((int64_t)c->n_looks, 0, "pages that are full");
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 2000, false);
	is_int((int64_t)c->n_looks, 3, "a look for each kind of page");
	is_int((int64_t)c->n_looked_at, 4, "those of one kind share it");
	is_int((int64_t)c->n_members, 4, "none of them has changed");
	end();
}

/* Who wants less than a look reads does not keep others from the rest. */
static void
test_rest(void)
{
	struct member *far, *poll;

	begin();
	for (int i = 0; i < 3 * CROWD_EVENTS; i++)
		crowd_append(job(0), true);
	poll = wait_for(job(0), FORM_JSON);
	far = wait_for(job(0), FORM_SSE);
	far->waiter.hold.cursor = 1;
	poll->waiter.hold.cursor = job(0)->last_seq;
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 50, false);
	is_int((int64_t)c->n_answered, 1, "the poll has its answer");
	is_int(far->waiter.hold.cursor, job(0)->last_seq,
	    "as the stream far behind, that read first");
	end();
}

/* --- without a database --- */

/* It is asked again, but not without end. */
static void
test_away(enum form form, bool far_behind)
{
	struct member *m;
	size_t n_looks;

	begin();
	m = far_behind ? catch_up(job(0), 100) : wait_for(job(0), form);
	c->away = true;
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_pass(c, 5000, false);
	ok(c->n_looks >= 10 && c->n_looks <= 25,
	    "%zu looks in five seconds", c->n_looks);
	is_int((int64_t)c->n_members, 1, "nobody is sent away");
	ok(c->hub.away_since_ms != 0
		&& c->now_ms - c->hub.away_since_ms >= 4990,
	    "it is known how long it has been away");
	c->away = false;
	n_looks = c->n_looks;
	crowd_pass(c, 400, false);
	is_int(c->hub.away_since_ms, 0, "and that it is back");
	is_told("then there is the news");
	ok(c->n_looks - n_looks <= 13, "in %zu looks", c->n_looks - n_looks);
	if (form == FORM_SSE)
		is_int(m->waiter.hold.cursor, job(0)->last_seq, "all of it");
	end();
}

/* What a patrol has found is looked for until it is seen, though no number
 * tells that there is something to see. */
static void
test_away_for_once(void)
{
	struct glance *g;

	begin();
	wait_for(job(0), FORM_SSE);
	job(0)->closed = true;
	c->now_ms += 1000;
	crowd_push(c);
	crowd_run_patrol(c, true);
	crowd_take_patrol(c);
	g = only_glance();
	crowd_run(c, g, false);
	crowd_take(c, g);
	is_int((int64_t)c->n_answered, 0, "a look in vain");
	crowd_pass(c, 300, false);
	is_int((int64_t)c->n_answered, 1, "is not the last one");
	end();
}

/* --- crowds --- */

/* One event for a crowd that waits for one job. */
static void
test_crowd(void)
{
	enum { N = 10000 };

	begin();
	for (int i = 0; i < N; i++)
		wait_for(job(0), i % 2 ? FORM_SSE : FORM_JSON);
	crowd_pass(c, 1000, false);
	is_int((int64_t)c->n_looks, 0, "ten thousand wait");
	crowd_hear(c, job(0), crowd_append(job(0), true));
	crowd_push(c);
	is_int((int64_t)c->n_looks, 3, "three looks for all of them");
	is_int((int64_t)c->n_looked_at, N, "each is in one of them");
	crowd_finish(c);
	is_int((int64_t)c->n_answered, N / 2, "the polls are answered");
	crowd_pass(c, 1000, false);
	is_int((int64_t)c->n_looks, 3, "and that was all");
	is_told("everybody knows");
	end();
}

/* As many jobs as there are waiters: a look is as small as can be. */
static void
test_small_looks(void)
{
	struct glance *g;
	size_t most = 0;

	begin();
	for (int i = 0; i < CROWD_JOBS; i++) {
		wait_for(job(i), FORM_SSE);
		wait_for(job(i), FORM_JSON);
		crowd_hear(c, job(i), crowd_append(job(i), true));
	}
	crowd_push(c);
	is_int((int64_t)c->n_looks, CROWD_JOBS, "a look for each job");
	TAILQ_FOREACH(g, &c->glances, entry) {
		size_t size = malloc_usable_size(g->look->waiters);

		most = size > most ? size : most;
	}
	ok(most < 100, "with room for its two waiters: %zu bytes", most);
	end();
}

int
main(void)
{
	test_notice();
	test_names();
	test_stamp();
	test_forged();
	test_unknown();
	test_forged_for_two();
	test_flood();
	test_learning();
	test_catching_up();
	test_keys();
	test_half_a_patrol();
	test_pages();
	test_rest();
	test_away(FORM_JSON, false);
	test_away(FORM_SSE, false);
	test_away(FORM_SSE, true);
	test_away_for_once();
	test_crowd();
	test_small_looks();
	return tap_done();
}
