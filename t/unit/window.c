/* Windows: what the contract promises of them, at every second of a day. */
#include "signing/window.h"

#include "tap.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY = 86400 };

/* A midnight in 2026, and a moment that is less round. */
static const int64_t starts[] = {1776211200, 1776211200 + 12345};

static const struct {
	int64_t ttl, w;
} cases[] = {
    {900, 300}, {900, 1}, {1, 300}, {900, 7}, {900, 86400}, {60, 3600},
    {518400, 86400}, {900, 299}, {604500, 300},
};

static const char *const jobs[] = {"", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "01ARZ3NDEKTSV4RRFFQ69G5FAW", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"};

static bool
keeps_promises(const struct window *now, const struct window *before,
    int64_t at, int64_t ttl, int64_t w)
{
	bool rolled = now->signed_at != before->signed_at;

	return now->signed_at <= at && now->signed_at > at - w
	    && now->rolls_at > at && now->rolls_at == now->signed_at + w
	    && now->expires_at >= at + ttl
	    && now->expires_at == now->signed_at + ttl + w
	    && (!rolled || before->rolls_at == at)
	    && (rolled || before->expires_at == now->expires_at);
}

static void
test_promises(struct text job, int64_t start, int64_t ttl, int64_t w)
{
	struct window before = window_at(job, start, ttl, w), now;
	int64_t broken_at = -1;
	int n_rolls = 0;

	for (int64_t at = start; at < start + DAY; at++, before = now) {
		now = window_at(job, at, ttl, w);
		n_rolls += now.signed_at != before.signed_at;
		if (!keeps_promises(&now, &before, at, ttl, w))
			broken_at = at;
	}
	is_int(broken_at, -1, "ttl %" PRId64 ", window %" PRId64
	    ", job '%.*s': a day of seconds", ttl, w, (int)job.size, job.data);
	ok(n_rolls >= DAY / w - 1 && n_rolls <= DAY / w + 1,
	    "it rolled over %d times", n_rolls);
}

static void
test_off(void)
{
	struct window window = window_at(TEXT("x"), 1776211234, 900, 0);

	is_int(window.signed_at, 1776211234, "no window: signed now");
	is_int(window.expires_at, 1776211234 + 900, "exactly the promise");
	ok(window.rolls_at > 1776211234 && window.rolls_at <= 1776211235,
	    "and other URLs in the next second");
}

/* Of 3,000 jobs in a window of 300 s, ten should roll over in each second. */
static void
test_spread(void)
{
	enum { W = 300, JOBS = 3000 };
	int at[W] = {0}, most = 0, seconds = 0;
	char id[27];

	for (int i = 0; i < JOBS; i++) {
		snprintf(id, sizeof(id), "01ARZ3NDEKTSV4RRFFQ69G%04d", i % 10000);
		at[window_at(text_of(id), 1776211200, 900, W).rolls_at % W]++;
	}
	for (int i = 0; i < W; i++) {
		seconds += at[i] > 0;
		most = at[i] > most ? at[i] : most;
	}
	ok(seconds > W * 9 / 10, "jobs roll over in %d of 300 seconds",
	    seconds);
	ok(most <= 30, "and at most %d at once", most);
}

int
main(void)
{
	for (size_t i = 0; i < N_OF(cases); i++)
		for (size_t j = 0; j < N_OF(jobs); j++)
			test_promises(text_of(jobs[j]), starts[(i + j) % 2],
			    cases[i].ttl, cases[i].w);
	test_off();
	test_spread();
	return tap_done();
}
