/* When credentials are asked for. */
#include "credentials/refresh.h"

#include "credentials/credentials.h"
#include "tap.h"

#include <inttypes.h>

enum { NOW = 1776254400, HOUR = 3600 };

static struct refresh
covering(int64_t ttl, int64_t window)
{
	struct refresh r = {0};

	refresh_cover(&r, ttl, window);
	return r;
}

static void
test_new_ones(void)
{
	static const struct {
		int64_t life, ttl, window, wait;
		const char *why;
	} cases[] = {
	    {6 * HOUR, 60, 0, 6 * HOUR - 900, "15 min before the end"},
	    {6 * HOUR, 900, 300, 6 * HOUR - 1500,
		"or what the longest URL needs, and 5 min"},
	    {6 * HOUR, 10000, 0, 6 * HOUR - 10300, "long URLs"},
	    {1200, 60, 0, 600, "short ones at half their life"},
	    {1200, 900, 300, 300, "or before they keep the promise no more"},
	    {900, 900, 300, 450, "which some never can: at half their life"},
	    {1000, 900, 300, 500, "or hardly"},
	    {200, 150, 0, 60, "but not more than once a minute"},
	    {30, 900, 300, 15, "but for what lives hardly longer"},
	    {1, 900, 300, 1, "and never at once"},
	};

	ok(refresh_is_due(&(struct refresh){0}, NOW), "at first: now");
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct refresh r = covering(cases[i].ttl, cases[i].window);

		refresh_got(&r, NOW + cases[i].life, true, 0, NOW);
		is_int(r.due_at - NOW, cases[i].wait, "%s", cases[i].why);
		ok(!refresh_is_due(&r, r.due_at - 1), "not before");
		ok(refresh_is_due(&r, r.due_at), "but then");
	}
}

static void
test_longest(void)
{
	struct refresh r = covering(900, 300);

	refresh_cover(&r, 60, 2000);
	refresh_cover(&r, 100, 0);
	is_int(r.ttl_s, 900, "the longest promise of several stores");
	is_int(r.life_s, 2060, "the longest life");
}

static void
test_same_ones(void)
{
	struct refresh r = covering(60, 0);

	refresh_got(&r, NOW + 800, false, 0, NOW);
	is_int(r.due_at - NOW, 60, "nothing new yet, and there is time");
	refresh_got(&r, NOW + 600, false, 0, NOW);
	is_int(r.due_at - NOW, 10, "nothing new yet, and there is none");
}

static void
test_endless(void)
{
	struct refresh r = covering(900, 300);

	refresh_got(&r, CREDENTIALS_NO_END, true, 0, NOW);
	ok(!refresh_is_due(&r, NOW + INT64_C(1000000000)), "never again");
	refresh_got(&r, CREDENTIALS_NO_END, false, 5, NOW);
	is_int(r.due_at - NOW, 5, "files are read again");
	ok(!refresh_insists(&r, CREDENTIALS_NO_END, NOW), "not urgent");
}

static void
test_insists(void)
{
	struct refresh r = covering(60, 0);

	ok(refresh_insists(&r, 0, NOW), "there are none");
	ok(!refresh_insists(&r, NOW + 601, NOW), "there is time");
	ok(refresh_insists(&r, NOW + 600, NOW), "10 min before the end");
	r = covering(900, 300);
	ok(refresh_insists(&r, NOW + 1200, NOW), "when URLs get shorter");
}

static void
test_failures(void)
{
	static const int pauses[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct refresh r = covering(60, 0);

	for (size_t i = 0; i < N_OF(pauses); i++) {
		refresh_failed(&r, 0, NOW);
		is_int(r.due_at - NOW, pauses[i], "failure %zu", i + 1);
	}
	for (int i = 0; i < 100; i++)
		refresh_failed(&r, 0, NOW);
	is_int(r.due_at - NOW, 60, "after many");
	refresh_got(&r, NOW + 6 * HOUR, true, 0, NOW);
	refresh_failed(&r, NOW + 800, NOW);
	is_int(r.due_at - NOW, 60, "with time: calmly");
	refresh_got(&r, NOW + 6 * HOUR, true, 0, NOW);
	refresh_failed(&r, NOW + 500, NOW);
	is_int(r.due_at - NOW, 1, "a success forgets them");
	for (int i = 0; i < 100; i++)
		refresh_failed(&r, NOW + 500, NOW);
	is_int(r.due_at - NOW, 10, "insisting, after many");
	refresh_failed(&r, CREDENTIALS_NO_END, NOW);
	is_int(r.due_at - NOW, 60, "a key without an end, after many");
	refresh_got(&r, CREDENTIALS_NO_END, true, 5, NOW);
	refresh_failed(&r, CREDENTIALS_NO_END, NOW);
	is_int(r.due_at - NOW, 1, "and at first: a file may be half written");
}

/* A machine that starts with the wrong time gets the right one. */
static void
test_clock(void)
{
	struct refresh r = covering(60, 0);

	refresh_failed(&r, 0, NOW + 7 * HOUR);
	ok(refresh_is_due(&r, NOW), "the clock was set back");
	refresh_failed(&r, 0, NOW);
	ok(!refresh_is_due(&r, NOW), "from then on it counts");
	ok(refresh_is_due(&r, NOW + 7 * HOUR), "the clock was set forward");
}

int
main(void)
{
	test_clock();
	test_new_ones();
	test_longest();
	test_same_ones();
	test_endless();
	test_insists();
	test_failures();
	return tap_done();
}
