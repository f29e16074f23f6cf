/* Two generations of credentials through a day: what the contract promises of
 * URLs, at every second, while they are renewed as refresh.c says. */
#include "credentials/credentials.h"

#include "credentials/refresh.h"
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
test_snapshot(void)
{
	struct credentials *c = credentials_new(
	    TEXT("AKID"), TEXT("secret"), (struct text){0}, 7);
	struct credentials *same = credentials_new(
	    TEXT("AKID"), TEXT("secret"), (struct text){0}, 7);

	is_str(c->access_key_id, "AKID", "the key's id");
	is_str(c->secret_access_key, "secret", "the secret");
	ok(c->session_token == NULL, "no token");
	ok(credentials_equal(c, same), "the same");
	same->ends_at = 8;
	ok(!credentials_equal(c, same), "another end");
	ok(!credentials_equal(c, NULL), "something is not nothing");
	ok(credentials_equal(NULL, NULL), "nothing is nothing");
	ok(credentials_share(c) == c, "shared");
	credentials_release(c);
	is_str(c->access_key_id, "AKID", "one owner is left");
	credentials_release(c);
	credentials_release(same);
	credentials_release(NULL);
}

static void
test_equal(void)
{
	static const char *const parts[][3] = {
	    {"a", "b", "c"}, {"x", "b", "c"}, {"a", "x", "c"}, {"a", "b", "x"},
	    {"a", "b", NULL}};
	struct credentials *first = credentials_new(
	    TEXT("a"), TEXT("b"), TEXT("c"), 1);

	for (size_t i = 0; i < N_OF(parts); i++) {
		struct credentials *c = credentials_new(text_of(parts[i][0]),
		    text_of(parts[i][1]), text_of(parts[i][2]), 1);

		is_int(credentials_equal(first, c), i == 0, "%s %s %s",
		    parts[i][0], parts[i][1],
		    parts[i][2] == NULL ? "-" : parts[i][2]);
		credentials_release(c);
	}
	credentials_release(first);
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
	    {2000, 5000, 1000, 1900, 1000, 'n', "a window that begins then"},
	    {2000, 900, 900, 1900, 1000, 'o', "the newer ones have ended"},
	    {1000, 5000, 900, 950, 1000, 'n', "the older ones have ended"},
	    {1000, 1000, 900, 950, 1000, '-', "both have ended"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct credentials *older = cases[i].older_end == 0
		    ? NULL : key("old", cases[i].older_end);
		struct credentials *newer = cases[i].newer_end == 0
		    ? NULL : key("new", cases[i].newer_end);
		struct credentials *got;

		if (newer != NULL)
			newer->since = 1000;
		got = credentials_choose(older, newer, cases[i].signed_at,
		    cases[i].expires_at, cases[i].now);
		is_int(got == NULL ? '-' : got->access_key_id[0],
		    cases[i].want, "%s", cases[i].why);
		credentials_release(older);
		credentials_release(newer);
	}
}

/* --- a day --- */

/* A source whose credentials live so long; whoever asks gets new ones. */
struct day {
	int64_t life, ttl, w;
	int64_t fails_from, fails_to; /* seconds of the day */
	struct refresh refresh;
	struct credentials *older, *newer;
	int n_asked;
};

static void
ask(struct day *d, int64_t at)
{
	char id[32];

	d->n_asked++;
	if (at - START >= d->fails_from && at - START < d->fails_to) {
		refresh_failed(&d->refresh,
		    d->newer == NULL ? 0 : d->newer->ends_at, at);
		return;
	}
	credentials_release(d->older);
	d->older = d->newer;
	snprintf(id, sizeof(id), "key%d", d->n_asked);
	d->newer = key(id, at + d->life);
	d->newer->since = at;
	refresh_got(&d->refresh, d->newer->ends_at, true, 0, at);
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
	const struct credentials *c = credentials_choose(d->older, d->newer,
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
	refresh_cover(&d->refresh, d->ttl, d->w);
	for (int64_t at = START; at < START + DAY; at++) {
		if (refresh_is_due(&d->refresh, at))
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
	credentials_release(d->older);
	credentials_release(d->newer);
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
	ok(d.n_asked > 60 && d.n_asked < 150, "asked %d times", d.n_asked);
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
	test_snapshot();
	test_equal();
	test_choose();
	test_days();
	test_outage();
	test_short_lived();
	return tap_done();
}
