/* Two generations of credentials through a day: what the contract promises of
 * URLs, at every second, while they are renewed as refresh.c says. */
#include "credentials/generations.h"

#include "credentials/credentials.h"
#include "signing/window.h"
#include "tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY = 86400, START = 1776211200 - 7200 }; /* over midnight too */

static struct credentials *
key(const char *id, int64_t ends_at)
{
	return credentials_new(
	    text_of(id), TEXT("secret"), TEXT("token"), ends_at);
}

static void
test_add(void)
{
	struct generations g = {0};

	ok(generations_insist(&g, 1000), "none are there");
	ok(generations_add(&g, key("a", 9000), 0, 1000), "the first ones");
	ok(!generations_insist(&g, 1000), "there is time");
	ok(!generations_add(&g, key("a", 9000), 0, 2000), "the same again");
	is_int(g.newer->since, 1000, "are the old ones");
	ok(generations_add(&g, key("a", 9001), 0, 3000), "with another end");
	is_int(g.newer->since, 3001, "are new ones, for windows to come");
	is_int(g.older->ends_at, 9000, "and the others are kept");
	ok(generations_add(&g, key("b", CREDENTIALS_NO_END), 0, 4000),
	    "without an end");
	is_int(g.older->ends_at, 9001, "too");
	ok(generations_add(&g, key("c", CREDENTIALS_NO_END), 0, 5000),
	    "others again");
	ok(g.older == NULL, "what has no end is not kept: it was withdrawn");
	generations_miss(&g, 6000);
	is_str(g.newer->access_key_id, "c", "nothing new leaves them");
	generations_release(&g);
}

static void
test_choose(void)
{
	static const struct {
		int64_t older_end, newer_end; /* 0: there are none */
		int64_t signed_at, expires_at, now;
		char want; /* 'o', 'n' or '-' */
		const char *why;
	} cases[] = {
	    /* the newer ones came at 1000 */
	    {0, 0, 900, 1900, 1000, '-', "none"},
	    {0, 5000, 900, 1900, 1000, 'n', "the first ones, at once"},
	    {0, 1000, 900, 1900, 1000, '-', "ended this second"},
	    {0, 1001, 900, 1900, 1000, 'n', "a second is left"},
	    {2000, 5000, 900, 1900, 1000, 'o', "a window that had begun"},
	    {2000, 5000, 999, 2000, 1000, 'o', "to its very end"},
	    {1999, 5000, 999, 2000, 1000, 'n', "not without the promised life"},
	    {2000, 5000, 1000, 1900, 1000, 'o', "one that began this second"},
	    {2000, 5000, 1001, 1900, 1001, 'n', "a window that begins then"},
	    {2000, 900, 900, 1900, 1000, 'o', "the newer ones have ended"},
	    {1000, 5000, 900, 950, 1000, 'n', "the older ones have ended"},
	    {1000, 1000, 900, 950, 1000, '-', "both have ended"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct generations g = {0};
		struct credentials *got;

		if (cases[i].older_end != 0)
			generations_add(&g, key("old", cases[i].older_end), 0,
			    500);
		if (cases[i].newer_end != 0)
			generations_add(&g, key("new", cases[i].newer_end), 0,
			    1000);
		got = generations_choose(&g, cases[i].signed_at,
		    cases[i].expires_at, cases[i].now);
		is_int(got == NULL ? '-' : got->access_key_id[0],
		    cases[i].want, "%s", cases[i].why);
		generations_release(&g);
	}
}

/* --- a day --- */

/* A source whose credentials live so long; whoever asks gets new ones. */
struct day {
	int64_t life, ttl, w;
	int64_t fails_from, fails_to; /* seconds of the day */
	struct generations generations;
	int n_asked;
};

static void
ask(struct day *d, int64_t at)
{
	char id[32];

	d->n_asked++;
	if (at - START >= d->fails_from && at - START < d->fails_to) {
		generations_miss(&d->generations, at);
		return;
	}
	snprintf(id, sizeof(id), "key%d", d->n_asked);
	generations_add(&d->generations, key(id, at + d->life), 0, at);
}

/* What a URL of the job would be made of. */
struct url {
	int64_t signed_at, expires_at;
	char id[32];
};

static bool
sign(struct url *url, const struct day *d, struct text job, int64_t at)
{
	struct window window = window_at(job, at, d->ttl, d->w);
	const struct credentials *c = generations_choose(&d->generations,
	    window.signed_at, window.expires_at, at);

	if (c == NULL)
		return false;
	memset(url, 0, sizeof(*url));
	url->signed_at = window.signed_at;
	url->expires_at = window.expires_at < c->ends_at
	    ? window.expires_at : c->ends_at;
	snprintf(url->id, sizeof(url->id), "%s", c->access_key_id);
	return true;
}

struct tally {
	int64_t unsigned_s, short_s, changed, outlived;
};

static void
live_through(struct tally *t, struct day *d, struct text job)
{
	struct url url, before = {0};

	*t = (struct tally){0};
	refresh_cover(&d->generations.refresh, d->ttl, d->w);
	for (int64_t at = START; at < START + DAY; at++) {
		if (refresh_is_due(&d->generations.refresh, at))
			ask(d, at);
		if (!sign(&url, d, job, at)) {
			t->unsigned_s++;
			continue;
		}
		t->short_s += url.expires_at < at + d->ttl;
		t->outlived += url.expires_at <= at
		    || url.expires_at - url.signed_at > 604800;
		t->changed += before.signed_at == url.signed_at && d->w > 1
		    && memcmp(&url, &before, sizeof(url)) != 0;
		before = url;
	}
	generations_release(&d->generations);
}

static void
test_days(void)
{
	static const struct {
		int64_t life, ttl, w;
		int most_asked;
	} cases[] = {
	    {21600, 900, 300, 5},   /* an instance's */
	    {3600, 900, 300, 42},   /* STS's default */
	    {43200, 3600, 3600, 3},
	    {3600, 900, 0, 36},
	    {3600, 900, 1, 37},
	    {7200, 1800, 86400 / 100, 24},
	};
	static const char *const jobs[] = {"01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    "01ARZ3NDEKTSV4RRFFQ69G5FAW", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"};

	for (size_t i = 0; i < N_OF(cases) * N_OF(jobs); i++) {
		size_t n = i / N_OF(jobs);
		struct day d = {.life = cases[n].life, .ttl = cases[n].ttl,
		    .w = cases[n].w};
		struct tally t;

		live_through(&t, &d, text_of(jobs[i % N_OF(jobs)]));
		note("credentials of %" PRId64 " s, URLs of %" PRId64 " + %"
		    PRId64 " s: asked %d times", d.life, d.ttl, d.w, d.n_asked);
		is_int(t.unsigned_s, 0, "always signed");
		is_int(t.short_s, 0, "always the promised life");
		is_int(t.outlived, 0, "never after the credentials' end");
		is_int(t.changed, 0, "the same for the whole window");
		ok(d.n_asked > 1 && d.n_asked <= cases[n].most_asked,
		    "asked %d times", d.n_asked);
	}
}

/* The source is away for a while around the end of the first ones. */
static void
test_outage(void)
{
	struct day d = {.life = 3600, .ttl = 900, .w = 300,
	    .fails_from = 1800, .fails_to = 5400};
	struct tally t;

	live_through(&t, &d, TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
	ok(t.unsigned_s >= 1800 && t.unsigned_s <= 1800 + 60,
	    "none between their end and at most a minute after the source is "
	    "back: %" PRId64 " s", t.unsigned_s);
	ok(t.short_s > 0 && t.short_s <= 900,
	    "shorter URLs before: %" PRId64 " s", t.short_s);
	is_int(t.outlived, 0, "but never longer than the credentials");
	ok(d.n_asked > 100 && d.n_asked < 250, "asked %d times", d.n_asked);
}

/* Credentials that live no longer than a URL should: as long as they do, and
 * the source is not stormed. */
static void
test_short_lived(void)
{
	struct day d = {.life = 900, .ttl = 900, .w = 300};
	struct tally t;

	live_through(&t, &d, TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
	is_int(t.unsigned_s, 0, "always signed");
	is_int(t.outlived, 0, "never after the credentials' end");
	ok(d.n_asked <= DAY / 60 + 1, "asked %d times", d.n_asked);
	ok(t.short_s <= DAY, "shorter than promised for %" PRId64 " s",
	    t.short_s);
}

int
main(void)
{
	test_add();
	test_choose();
	test_days();
	test_outage();
	test_short_lived();
	return tap_done();
}
