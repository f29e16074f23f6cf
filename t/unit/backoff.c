/* How long to wait before asking again. */
#include "ctl/backoff.h"

#include "tap.h"

static void
test_growth(void)
{
	static const int64_t least[] = {1000, 2000, 4000, 8000, 15000, 15000},
			     most[] = {2000, 4000, 8000, 16000, 30000, 30000};
	struct dice dice = {7};

	for (int round = 0; round < 1000; round++) {
		struct backoff b = {0};
		bool inside = true;

		for (size_t i = 0; i < N_OF(least); i++) {
			int64_t ms = backoff_fail_ms(
			    &b, -1, (uint32_t)dice_roll(&dice, UINT32_MAX));

			inside = inside && ms >= least[i] && ms <= most[i];
		}
		if (!inside)
			ok(false, "round %d", round);
	}
	ok(true, "each failure's wait is in its bounds");
}

static void
test_ends(void)
{
	struct backoff b = {0};

	is_int(backoff_fail_ms(&b, -1, 0), 1000, "never under a second");
	for (int i = 0; i < 100; i++)
		(void)backoff_fail_ms(&b, -1, UINT32_MAX);
	is_int(backoff_fail_ms(&b, -1, 15000), 30000, "never over 30");
	is_int(backoff_fail_ms(&b, -1, 0), 15000, "half of it is chance");
	backoff_reset(&b);
	is_int(backoff_fail_ms(&b, -1, 1000), 2000, "an answer starts anew");
}

static void
test_wish(void)
{
	struct backoff b = {0};

	is_int(backoff_fail_ms(&b, 5, 0), 5000, "as the answer says");
	is_int(backoff_fail_ms(&b, 5, 999), 5999, "and somewhat more");
	is_int(backoff_fail_ms(&b, 0, 0), 1000, "at least a second");
	is_int(backoff_fail_ms(&b, INT64_MAX, 0), 3600000, "an hour at most");
}

static void
test_idle(void)
{
	is_int(backoff_idle_ms(2, 0), 2000, "an answer at once: the interval");
	is_int(backoff_idle_ms(2, 500), 1500, "what is left of it");
	is_int(backoff_idle_ms(2, 2000), 0, "nothing is left");
	is_int(backoff_idle_ms(15, 25000), 0, "one that was held: at once");
	is_int(backoff_idle_ms(0, 0), 1000, "never a storm");
	is_int(backoff_idle_ms(-7, 0), 1000, "whatever the server says");
	is_int(backoff_idle_ms(INT64_MAX, 0), 300000, "nor an age");
}

int
main(void)
{
	test_growth();
	test_ends();
	test_wish();
	test_idle();
	return tap_done();
}
