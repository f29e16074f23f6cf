/* Early enough that nobody notices, and seldom enough that nobody minds. */
#include "credentials/refresh.h"

#include "credentials/credentials.h"

enum {
	EARLY_S = 15 * 60,  /* before the end: tried */
	LATE_S = 10 * 60,   /* insisted on */
	MARGIN_S = 5 * 60,  /* to succeed in, before URLs become shorter */
	CALM_S = 60,        /* between tries while there is time */
	HURRY_S = 10,       /* while there is not */
	BACK_OFF_MAX_S = 60,
};

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
refresh_cover(struct refresh *r, int64_t ttl_s, int64_t window_s)
{
	r->ttl_s = larger(r->ttl_s, ttl_s);
	r->life_s = larger(r->life_s, ttl_s + window_s);
}

/* Renewed so late at most, while URLs still get the promised life. What lives
 * hardly longer than that cannot keep the promise all the time: then at half of
 * its life. */
static int64_t
latest(const struct refresh *r, int64_t life)
{
	int64_t spare = life - r->ttl_s, half = life / 2;

	return larger(smaller(CALM_S, half),
	    spare < life / 8 ? half : smaller(half, spare));
}

/* A URL that is signed now should live as long as its window and the promise
 * demand. */
static int64_t
due_of_new(const struct refresh *r, int64_t ends_at, int64_t now_s)
{
	int64_t life = ends_at - now_s;
	int64_t early = life - larger(EARLY_S, r->life_s + MARGIN_S);

	return now_s + larger(1, larger(early, latest(r, life)));
}

bool
refresh_insists(const struct refresh *r, int64_t ends_at, int64_t now_s)
{
	return ends_at != CREDENTIALS_NO_END
	    && ends_at - now_s <= larger(LATE_S, r->life_s);
}

void
refresh_got(struct refresh *r, int64_t ends_at, bool are_new,
    int64_t reread_s, int64_t now_s)
{
	r->failures = 0;
	r->asked_at = now_s;
	if (ends_at == CREDENTIALS_NO_END)
		r->due_at = reread_s > 0 ? now_s + reread_s : INT64_MAX;
	else if (are_new)
		r->due_at = due_of_new(r, ends_at, now_s);
	else
		r->due_at = now_s
		    + (refresh_insists(r, ends_at, now_s) ? HURRY_S : CALM_S);
}

/* Those that are there and live leave time to be calm, or none to lose. */
static int64_t
pause_of(const struct refresh *r, int64_t ends_at, int64_t now_s)
{
	int64_t pause = r->failures < 6 ? INT64_C(1) << r->failures
					: BACK_OFF_MAX_S;

	if (ends_at == CREDENTIALS_NO_END || ends_at <= now_s)
		return pause;
	return refresh_insists(r, ends_at, now_s) ? smaller(pause, HURRY_S)
						  : CALM_S;
}

void
refresh_failed(struct refresh *r, int64_t ends_at, int64_t now_s)
{
	r->due_at = now_s + pause_of(r, ends_at, now_s);
	r->asked_at = now_s;
	r->failures++;
}

bool
refresh_is_due(const struct refresh *r, int64_t now_s)
{
	return now_s >= r->due_at || now_s < r->asked_at;
}
