/* Credentials under a lock, and the thread that renews them. */
#include "credentials/provider.h"

#include "adapters/fetch.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/generations.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TRY_MS = 5000,        /* for all that a try asks */
	NAP_MAX_S = 60,       /* the wall clock may be set meanwhile */
	SAY_AGAIN_S = 60,
	ARENA_FIRST = 16 * 1024,
};

struct provider {
	struct provider_settings settings;
	bool is_settled;        /* no thread will bring others */
	bool has_thread;
	pthread_t thread;
	struct fetch *fetch;    /* the thread's; NULL: it needs none */

	pthread_mutex_t lock;   /* of all below */
	pthread_cond_t changed; /* something for whoever waits */
	bool stop;
	struct generations generations;
	int64_t said_at;        /* when the log was told of a failure */
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

static void
log_success(const struct provider *p, const struct chain_step *step)
{
	int64_t ends_at = step->credentials->ends_at;
	struct buf end = {0};

	if (ends_at == CREDENTIALS_NO_END)
		buf_string(&end, "never");
	else
		clock_print_rfc3339(&end, ends_at * CLOCK_US);
	log_line(LEVEL_NOTICE, "credentials store=\"%s\" source=%s end=%.*s",
	    p->settings.name, step->source->name, (int)end.size, end.data);
	buf_release(&end);
}

static void
log_failure(const struct provider *p, const struct chain_step *step,
    bool insists)
{
	log_line(insists ? LEVEL_ERROR : LEVEL_WARN,
	    "credentials store=\"%s\" source=%s reason=\"%s\" failures=%u "
	    "do=\"jobtail -tt tells more\"",
	    p->settings.name, step->source->name, step->why,
	    p->generations.refresh.failures);
}

/* A failure is told once a minute. */
static void
note_failure(struct provider *p, const struct chain_step *step, int64_t now_s)
{
	generations_miss(&p->generations, now_s);
	if (p->said_at != 0 && now_s >= p->said_at
	    && now_s - p->said_at < SAY_AGAIN_S)
		return;
	p->said_at = now_s;
	log_failure(p, step, generations_insist(&p->generations, now_s));
}

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

/* With the lock, which others get while the sources are asked. */
static void
try(struct provider *p, struct arena *arena)
{
	struct errand e = {
	    .fetch = p->fetch, .go_on = goes_on, .of = p};
	struct scope s = {.arena = arena};
	struct credentials *fresh = NULL;
	struct chain_step step;

	pthread_mutex_unlock(&p->lock);
	step = ask(&fresh, p, &s, &e, NULL, NULL);
	pthread_mutex_lock(&p->lock);
	if (step.found != FOUND && !p->stop)
		note_failure(p, &step, wall_s());
	if (step.found == FOUND
	    && generations_add(&p->generations, fresh,
		step.source->reread_s, wall_s()))
		log_success(p, &step);
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

void
provider_start(struct provider *p)
{
	if (p->is_settled || p->has_thread)
		return;
	if (chain_fetches(&p->settings.chain))
		p->fetch = fetch_new();
	p->has_thread = true;
	start_thread(p);
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

struct credentials *
provider_take(struct provider *p, const struct scope *s, int64_t signed_at,
    int64_t expires_at, int64_t now_s)
{
	struct credentials *c;

	if (!p->is_settled)
		provider_start(p);
	pthread_mutex_lock(&p->lock);
	/* the clock was set, or the machine has slept */
	if (!p->is_settled && refresh_is_due(&p->generations.refresh, now_s))
		pthread_cond_broadcast(&p->changed);
	do
		c = generations_choose(
		    &p->generations, signed_at, expires_at, now_s);
	while (c == NULL && !p->is_settled
	    && refresh_is_due(&p->generations.refresh, wall_s())
	    && wait_until(p, s->deadline_ms));
	if (c != NULL)
		credentials_share(c);
	pthread_mutex_unlock(&p->lock);
	return c;
}

bool
provider_check(const struct provider *p,
    void (*tell)(void *to, const struct chain_step *step), void *to)
{
	struct errand e = {.fetch = fetch_new()};
	struct credentials *fresh = NULL;
	struct arena arena;
	struct scope s = {.arena = &arena};
	bool ok;

	arena_init(&arena, ARENA_FIRST);
	ok = ask(&fresh, p, &s, &e, tell, to).found == FOUND;
	credentials_release(fresh);
	arena_wipe(&arena);
	arena_release(&arena);
	fetch_free(e.fetch);
	return ok;
}
