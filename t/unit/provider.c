/* A provider with a source that does what the test says. */
#include "credentials/provider.h"

#include "base/clock.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 20000, N_TAKERS = 8 };

/* --- the source --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* Under the lock. */
static struct {
	bool holds;      /* do not answer yet */
	bool is_broken;
	int64_t life_s;  /* of what it gives; 0: no end */
	int n_asked, n_inside, most_inside;
} fake;

static void
set(bool holds, bool is_broken, int64_t life_s)
{
	pthread_mutex_lock(&lock);
	fake.holds = holds;
	fake.is_broken = is_broken;
	fake.life_s = life_s;
	fake.n_asked = fake.most_inside = 0;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void
let_go(void)
{
	pthread_mutex_lock(&lock);
	fake.holds = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int
n_asked(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = fake.n_asked;
	pthread_mutex_unlock(&lock);
	return n;
}

/* With the lock. */
static void
hold(const struct errand *e)
{
	struct timespec until;

	while (fake.holds) {
		if (e->go_on != NULL && !e->go_on(e->of))
			return;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50 * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&changed, &lock, &until);
	}
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	enum found found = FOUND;
	char id[32];

	pthread_mutex_lock(&lock);
	fake.n_asked++;
	fake.n_inside++;
	if (fake.n_inside > fake.most_inside)
		fake.most_inside = fake.n_inside;
	hold(e);
	if (fake.is_broken) {
		found = source_fault(e, "it is broken");
	} else {
		snprintf(id, sizeof(id), "key%d", fake.n_asked);
		*out = credentials_new(text_of(id), TEXT("canary-secret"),
		    TEXT("canary-token"), fake.life_s == 0
			? CREDENTIALS_NO_END
			: clock_us_to_s(clock_wall_us()) + fake.life_s);
	}
	fake.n_inside--;
	pthread_mutex_unlock(&lock);
	return found;
}

static enum found
get_nothing(struct credentials **out, const struct errand *e)
{
	(void)out;
	return source_nothing(e, "not set up");
}

static const struct source slow = {"slow", get, .is_slow = true};
static const struct source reread = {
    "reread", get, .is_slow = true, .reread_s = 1};
static const struct source quick = {"quick", get};
static const struct source empty = {"empty", get_nothing};
static const struct source empty_slow = {
    "empty-slow", get_nothing, .is_slow = true};

/* --- its user --- */

static char error[200];

static struct provider *
provider_of(const struct source *const *sources)
{
	const struct provider_settings settings = {
	    .name = "shelf", .chain = {sources}};

	return provider_new(&settings, error, sizeof(error));
}

/* Gives the key's id, or "" if there is none; the window begins then. */
static const char *
take_at(struct provider *p, int64_t signed_at, int64_t ms)
{
	static _Thread_local char id[32];
	struct scope s = {.deadline_ms = clock_mono_ms() + ms};
	int64_t now_s = clock_us_to_s(clock_wall_us());
	struct credentials *c =
	    provider_take(p, &s, signed_at, now_s + 5, now_s);

	snprintf(id, sizeof(id), "%s", c == NULL ? "" : c->access_key_id);
	credentials_release(c);
	return id;
}

static const char *
take(struct provider *p, int64_t ms)
{
	return take_at(p, clock_us_to_s(clock_wall_us()), ms);
}

static void
test_quick(void)
{
	static const struct source *const ones[][4] = {
	    {&quick, NULL}, {&empty, &quick, &slow, NULL}, {&empty, NULL}};
	struct provider *p;

	set(false, false, 0);
	p = provider_of(ones[0]);
	is_str(take(p, 0), "key1", "there from the beginning");
	provider_start(p);
	is_str(take(p, 0), "key1", "and for ever");
	is_int(n_asked(), 1, "asked once");
	provider_free(p);
	p = provider_of(ones[1]);
	is_str(take(p, 0), "key2", "the first source that has some");
	is_int(n_asked(), 2, "no other one is asked");
	provider_free(p);
	ok(provider_of(ones[2]) == NULL, "no source has any");
	is_str(error, "credentials = empty: not set up", "which is told");
	set(false, true, 0);
	ok(provider_of(ones[1]) == NULL, "a source that is broken");
	is_str(error, "credentials = quick: it is broken",
	    "is not passed over");
}

static const struct source *const one_slow[] = {&slow, NULL};

static void
test_cold(void)
{
	struct provider *p;

	set(true, false, 3600);
	p = provider_of(one_slow);
	is_int(n_asked(), 0, "not asked by those who only have settings");
	is_str(take(p, 100), "", "a source that holds: in vain, in time");
	is_str(take(p, 0), "", "again");
	is_int(n_asked(), 1, "asked once");
	let_go();
	is_str(take(p, LONG_MS), "key1", "the first ones are waited for");
	is_str(take(p, 0), "key1", "warm");
	is_int(n_asked(), 1, "still asked once");
	provider_free(p);
}

static void *
take_often(void *provider)
{
	for (int i = 0; i < 20000; i++)
		(void)take(provider, LONG_MS);
	return NULL;
}

static void
test_crowd(void)
{
	pthread_t takers[N_TAKERS];
	struct provider *p;

	set(true, false, 3600);
	p = provider_of(one_slow);
	provider_start(p);
	is_str(take(p, LONG_MS), "", "who has others behind him does not wait");
	provider_wait(p, 0);
	for (int i = 0; i < N_TAKERS; i++)
		if (pthread_create(&takers[i], NULL, take_often, p) != 0)
			abort();
	while (n_asked() == 0)
		usleep(1000);
	let_go();
	for (int i = 0; i < N_TAKERS; i++)
		pthread_join(takers[i], NULL);
	provider_wait(p, clock_mono_ms() + LONG_MS);
	is_str(take(p, 0), "key1", "it has come to an end");
	is_int(fake.most_inside, 1, "one try at a time");
	is_int(n_asked(), 1, "for all");
	provider_free(p);
}

static void
test_fault(void)
{
	struct provider *p;

	set(false, true, 0);
	p = provider_of(one_slow);
	is_str(take(p, LONG_MS), "", "a broken source");
	is_str(take(p, LONG_MS), "", "nobody waits for the next try");
	ok(n_asked() <= 3, "which comes a second later");
	set(false, false, 3600);
	for (int i = 0; i < 1000 && *take(p, LONG_MS) == '\0'; i++)
		usleep(10000);
	ok(strncmp(take(p, 0), "key", 3) == 0, "it mends by itself");
	provider_free(p);
}

static void
test_ended(void)
{
	struct provider *p;
	int n = 0;

	set(false, false, 2);
	p = provider_of(one_slow);
	is_str(take(p, LONG_MS), "key1", "for seconds");
	while (n++ < 2000 && strcmp(take(p, 0), "key1") == 0)
		usleep(10000);
	ok(strcmp(take(p, LONG_MS), "key1") != 0
	    && *take(p, LONG_MS) != '\0', "then others, which are waited for");
	provider_free(p);
}

/* What has no end is replaced at once; what has one, at a window's begin. */
static void
test_generations(void)
{
	static const struct source *const sources[] = {&reread, NULL};
	const int64_t begun = clock_us_to_s(clock_wall_us());
	struct provider *p;
	int n = 0;

	set(false, false, 0);
	p = provider_of(sources);
	is_str(take_at(p, begun, LONG_MS), "key1", "the first key");
	while (n++ < 1000 && strcmp(take_at(p, begun, 0), "key1") == 0)
		usleep(10000);
	ok(strcmp(take_at(p, begun, 0), "key1") != 0,
	    "a new one counts at once, also for windows that have begun");
	provider_free(p);
}

static void
test_stop(void)
{
	struct provider *p;
	int64_t began_ms;

	set(true, false, 3600);
	p = provider_of(one_slow);
	provider_start(p);
	while (n_asked() == 0)
		usleep(1000);
	began_ms = clock_mono_ms();
	provider_free(p);
	ok(clock_mono_ms() - began_ms < LONG_MS, "stopped in the middle");
	p = provider_of(one_slow);
	provider_free(p);
	ok(true, "stopped before it was started");
}

/* --- for an operator --- */

struct told {
	int n;
	char words[200];
};

static void
tell(void *to, const struct chain_step *step)
{
	struct told *t = to;
	size_t n = strlen(t->words);

	snprintf(t->words + n, sizeof(t->words) - n, "%s:%d:%s:%s|",
	    step->source->name, (int)step->found, step->why,
	    step->credentials == NULL ? "-"
				      : step->credentials->access_key_id);
}

static void
test_check(void)
{
	static const struct source *const good[] = {
	    &empty, &empty_slow, &slow, &quick, NULL};
	static const struct source *const bad[] = {
	    &empty_slow, &empty_slow, NULL};
	struct told told = {0};
	struct provider *p;

	set(false, false, 3600);
	p = provider_of(good);
	ok(provider_check(p, tell, &told), "there are some");
	is_str(told.words,
	    "empty:1:not set up:-|empty-slow:1:not set up:-|slow:0::key1|",
	    "each source up to the one that has them");
	provider_free(p);
	told = (struct told){0};
	p = provider_of(bad);
	ok(!provider_check(p, tell, &told), "there are none");
	is_str(told.words, "empty-slow:1:not set up:-|empty-slow:1:not set "
	    "up:-|", "and why");
	provider_free(p);
}

int
main(void)
{
	test_quick();
	test_cold();
	test_crowd();
	test_fault();
	test_ended();
	test_generations();
	test_stop();
	test_check();
	return tap_done();
}
