/* The heap of timers, against a list that is searched from end to end. */
#include "server/timers.h"

#include "tap.h"

#include <stdlib.h>

enum { N = 200, NOT_SET = -1 };

/* What each timer should be. */
struct model {
	struct timer timers[N];
	int64_t due_ms[N]; /* NOT_SET, or its moment */
};

static int64_t
first_of(const struct model *m)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < N; i++)
		if (m->due_ms[i] != NOT_SET && m->due_ms[i] < first)
			first = m->due_ms[i];
	return first;
}

static bool
is_heap(const struct timers *all)
{
	for (size_t i = 2; i <= all->n; i++)
		if (all->heap[i / 2]->due_ms > all->heap[i]->due_ms)
			return false;
	return true;
}

static bool
knows(const struct model *m, const struct timers *all)
{
	size_t n = 0;

	for (int i = 0; i < N; i++) {
		const struct timer *t = &m->timers[i];
		bool set = m->due_ms[i] != NOT_SET;

		n += set;
		if ((t->place != 0) != set
		    || (set && (t->due_ms != m->due_ms[i]
			    || all->heap[t->place] != t)))
			return false;
	}
	return n == all->n && is_heap(all)
	    && timers_next(all) == first_of(m);
}

/* At this moment: nothing, or one whose moment has come, and a first one. */
static bool
is_due_right(const struct model *m, const struct timers *all, int64_t now_ms)
{
	const struct timer *t = timers_due(all, now_ms);
	int64_t first = first_of(m);

	if (first > now_ms)
		return t == NULL;
	return t != NULL && t->place != 0 && t->due_ms == first
	    && m->due_ms[t - m->timers] == first;
}

static void
change_one(struct model *m, struct timers *all, struct dice *dice,
    uint64_t range)
{
	uint64_t i = dice_roll(dice, N);

	if (dice_roll(dice, 3) == 0) {
		timers_clear(all, &m->timers[i]);
		m->due_ms[i] = NOT_SET;
	} else {
		m->due_ms[i] = (int64_t)dice_roll(dice, range);
		timers_set(all, &m->timers[i], m->due_ms[i]);
	}
}

/* In a small range many moments are the same. */
static void
test_random(uint64_t seed, uint64_t range)
{
	struct model *m = calloc(1, sizeof(*m));
	struct timers all = {0};
	struct dice dice = {seed};
	int step;

	for (int i = 0; i < N; i++)
		m->due_ms[i] = NOT_SET;
	for (step = 0; step < 5000; step++) {
		int64_t now_ms = (int64_t)dice_roll(&dice, range + 2) - 1;

		change_one(m, &all, &dice, range);
		if (!knows(m, &all) || !is_due_right(m, &all, now_ms))
			break;
	}
	is_int(step, 5000, "seed %d, %d moments: all steps",
	    (int)seed, (int)range);
	timers_release(&all);
	free(m);
}

/* Taken away as they come due, they come in their order. */
static void
test_order(void)
{
	static struct timer timers[N];
	struct timers all = {0};
	struct dice dice = {7};
	struct timer *t;
	int64_t last = INT64_MIN;
	int n = 0;

	for (int i = 0; i < N; i++)
		timers_set(
		    &all, &timers[i], (int64_t)dice_roll(&dice, 1000) - 500);
	for (; n < N && (t = timers_due(&all, 1000)) != NULL; n++) {
		ok(t == timers_due(&all, t->due_ms), "it stays set");
		if (t->due_ms < last)
			break;
		last = t->due_ms;
		timers_clear(&all, t);
	}
	is_int(n, N, "in their order");
	ok(timers_due(&all, 1000) == NULL, "and then none");
	timers_release(&all);
}

static void
test_none(void)
{
	struct timers all = {0};
	struct timer t = {0};

	is_int(timers_next(&all), INT64_MAX, "none, never");
	ok(timers_due(&all, INT64_MAX - 1) == NULL, "none is due");
	timers_clear(&all, &t);
	timers_set(&all, &t, 5);
	timers_set(&all, &t, 9);
	is_int((int64_t)all.n, 1, "set twice, it is there once");
	ok(timers_due(&all, 8) == NULL, "not before its moment");
	ok(timers_due(&all, 9) == &t, "but then");
	timers_clear(&all, &t);
	timers_clear(&all, &t);
	is_int((int64_t)all.n, 0, "and gone");
	timers_release(&all);
	timers_set(&all, &t, INT64_MAX);
	is_int(timers_next(&all), INT64_MAX, "used again after a release");
	timers_clear(&all, &t);
	timers_release(&all);
}

int
main(void)
{
	test_none();
	test_order();
	for (uint64_t seed = 1; seed <= 10; seed++)
		test_random(seed, seed % 2 ? 10 : 100000);
	return tap_done();
}
