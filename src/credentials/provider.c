/* Credentials under a lock, and the thread that renews them. */
#include "credentials/provider.h"

#include "adapters/fetch.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/generations.h"
#include "credentials/report.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TRY_MS = 5000,        /* for all that a try asks */
	NAP_MAX_S = 60,       /* the wall clock may be set meanwhile */
	ARENA_FIRST = 16 * 1024,
};

struct provider {
	struct provider_settings settings;
	bool is_settled;        /* no thread will bring others */
	bool has_thread;
	bool may_wait;          /* whoever takes them: nobody else is kept up */
	pthread_t thread;
	struct fetch *fetch;    /* the thread's; NULL: it needs none */

	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* something for whoever waits */
	bool stop;
	struct generations generations;
	struct report report;
};

static int64_t
wall_s(void)
{
	return clock_us_to_s(clock_wall_us());
}

static void
init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* With the lock. False: it was too late. */
static bool
wait_until(struct provider *p, int64_t mono_ms)
{
	const struct timespec at = {mono_ms / 1000, mono_ms % 1000 * 1000000};

	return pthread_cond_timedwait(&p->changed, &p->lock, &at) == 0;
}

/* --- a try --- */

static bool
goes_on(void *provider)
{
	struct provider *p = provider;
	bool stop;

	pthread_mutex_lock(&p->lock);
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return !stop;
}

static struct chain_step
ask(struct credentials **fresh, const struct provider *p, struct scope *s,
    struct errand *e,
    void (*tell)(void *to, const struct chain_step *step), void *to)
{
	scope_init(s, s->arena, clock_mono_ms() + TRY_MS, clock_wall_us());
	e->settings = &p->settings.source;
	e->scope = s;
	return chain_get(fresh, &p->settings.chain, e, tell, to);
}

/* With the lock. */
static void
take_step(struct provider *p, struct credentials *fresh,
    const struct chain_step *step, int64_t now_s)
{
	struct generations *g = &p->generations;

	if (step->found == FOUND) {
		if (generations_add(g, fresh, step->source->reread_s, now_s))
			report_success(
			    &p->report, step, g->refresh.ttl_s, now_s);
	} else if (!p->stop) {
		generations_miss(g, now_s);
		report_failure(&p->report, step, generations_insist(g, now_s),
		    g->refresh.failures, now_s);
	}
}

/* With the lock, which others get while the sources are asked. */
static void
try(struct provider *p, struct arena *arena)
{
	int64_t ahead_s = 0;
	struct errand e = {.fetch = p->fetch, .clock_ahead_s = &ahead_s,
	    .go_on = goes_on, .of = p};
	struct scope s = {.arena = arena};
	struct credentials *fresh = NULL;
	struct chain_step step;

	pthread_mutex_unlock(&p->lock);
	step = ask(&fresh, p, &s, &e, NULL, NULL);
	pthread_mutex_lock(&p->lock);
	take_step(p, fresh, &step, wall_s());
	report_clock(&p->report, ahead_s, wall_s());
	if (p->fetch != NULL)
		fetch_wipe(p->fetch);
	arena_wipe(arena);
}

/* --- the thread --- */

static void *
run(void *provider)
{
	struct provider *p = provider;
	struct arena arena;
	int64_t nap_s;

	arena_init(&arena, ARENA_FIRST);
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		if (refresh_is_due(&p->generations.refresh, wall_s())) {
			try(p, &arena);
			pthread_cond_broadcast(&p->changed);
			continue;
		}
		nap_s = p->generations.refresh.due_at - wall_s();
		(void)wait_until(p, clock_mono_ms()
		    + (nap_s < NAP_MAX_S ? nap_s : NAP_MAX_S) * 1000);
	}
	pthread_mutex_unlock(&p->lock);
	arena_release(&arena);
	return NULL;
}

/* Signals are for the other threads. */
static void
start_thread(struct provider *p)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&p->thread, NULL, run, p) != 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void
start(struct provider *p)
{
	if (chain_fetches(&p->settings.chain))
		p->fetch = fetch_new();
	p->has_thread = true;
	start_thread(p);
}

void
provider_start(struct provider *p)
{
	if (!p->is_settled && !p->has_thread)
		start(p);
}

/* With the lock. Whether it is worth while to wait for the try that goes on, or
 * begins: not after one that has failed. */
static bool
is_hopeful(const struct provider *p)
{
	const struct refresh *r = &p->generations.refresh;

	return !p->is_settled && r->failures == 0
	    && refresh_is_due(r, wall_s());
}

void
provider_wait(struct provider *p, int64_t until_ms)
{
	pthread_mutex_lock(&p->lock);
	while (is_hopeful(p) && wait_until(p, until_ms))
		;
	pthread_mutex_unlock(&p->lock);
}

/* --- for its users --- */

struct provider *
provider_new(
    const struct provider_settings *settings, char *error, size_t error_size)
{
	struct provider *p = memory_new(sizeof(*p));
	struct errand e = {.only_quick = true};
	struct credentials *fresh = NULL;
	struct chain_step step;
	struct arena arena;
	struct scope s = {.arena = &arena};

	p->settings = *settings;
	p->report.store = settings->name;
	pthread_mutex_init(&p->lock, NULL);
	init_condition(&p->changed);
	arena_init(&arena, ARENA_FIRST);
	step = ask(&fresh, p, &s, &e, NULL, NULL);
	p->is_settled = step.found != FOUND_LATER;
	p->generations.newer = fresh;
	arena_release(&arena);
	if (!p->is_settled || fresh != NULL)
		return p;
	snprintf(error, error_size, "credentials = %s: %s",
	    step.source->name, step.why);
	provider_free(p);
	return NULL;
}

void
provider_free(struct provider *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	if (p->has_thread)
		pthread_join(p->thread, NULL);
	fetch_free(p->fetch);
	generations_release(&p->generations);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
provider_is_same(const struct provider *a, const struct provider *b)
{
	const struct source_settings *x = &a->settings.source;
	const struct source_settings *y = &b->settings.source;

	return a->settings.chain.sources == b->settings.chain.sources
	    && is_same(x->access_key_id, y->access_key_id)
	    && is_same(x->secret_access_key, y->secret_access_key)
	    && is_same(x->session_token, y->session_token)
	    && is_same(x->profile, y->profile)
	    && is_same(x->process, y->process)
	    && is_same(x->sts_region, y->sts_region);
}

void
provider_cover(struct provider *p, int64_t ttl_s, int64_t window_s)
{
	refresh_cover(&p->generations.refresh, ttl_s, window_s);
}

static void
tell_none(struct provider *p, int64_t now_s)
{
	if (p->is_settled)
		report_none(&p->report,
		    "they have ended, and nobody brings others", now_s);
	else if (p->generations.refresh.failures == 0)
		report_none(&p->report, "no source has answered yet", now_s);
}

struct credentials *
provider_take(struct provider *p, const struct scope *s, int64_t signed_at,
    int64_t expires_at, int64_t now_s)
{
	struct credentials *c;

	if (!p->is_settled && !p->has_thread) {
		p->may_wait = true;
		start(p);
	}
	pthread_mutex_lock(&p->lock);
	/* the thread may nap by a clock that was set, or have slept */
	if (!p->is_settled && refresh_is_due(&p->generations.refresh, now_s))
		pthread_cond_broadcast(&p->changed);
	do
		c = generations_choose(
		    &p->generations, signed_at, expires_at, now_s);
	while (c == NULL && p->may_wait && is_hopeful(p)
	    && wait_until(p, s->deadline_ms));
	if (c != NULL)
		credentials_share(c);
	else
		tell_none(p, now_s);
	pthread_mutex_unlock(&p->lock);
	return c;
}

bool
provider_check(const struct provider *p,
    void (*tell)(void *to, const struct chain_step *step), void *to)
{
	struct errand e = {0};
	struct credentials *fresh = NULL;
	struct arena arena;
	struct scope s = {.arena = &arena};
	bool ok;

	if (chain_fetches(&p->settings.chain))
		e.fetch = fetch_new();
	arena_init(&arena, ARENA_FIRST);
	ok = ask(&fresh, p, &s, &e, tell, to).found == FOUND;
	credentials_release(fresh);
	arena_wipe(&arena);
	arena_release(&arena);
	fetch_free(e.fetch);
	return ok;
}
