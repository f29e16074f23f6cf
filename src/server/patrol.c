/* Asking for all. */
#include "server/patrol.h"

#include "api/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "base/seldom.h"
#include "server/worker.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ARENA_FIRST = 4096 };

struct patrol *
patrol_new(const size_t *n_jobs, const size_t *n_keys)
{
	struct patrol *p = memory_new(sizeof(*p));

	arena_init(&p->arena, ARENA_FIRST);
	for (int i = 0; i < N_DATA_SETS; i++) {
		p->of[i].tails = arena_alloc(
		    &p->arena, n_jobs[i] * sizeof(struct tail));
		keys_init(&p->of[i].keys, &p->arena, (enum data_set)i,
		    n_keys[i]);
	}
	return p;
}

void
patrol_free(struct patrol *p)
{
	if (p == NULL)
		return;
	arena_release(&p->arena);
	free(p);
}

/* --- what is asked --- */

static bool
ask_keys(struct patrol *p, enum data_set data_set, struct scope *s,
    const struct app *app)
{
	struct keys *keys = &p->of[data_set].keys;

	if (!keys_read(keys, s, app))
		return false;
	p->reached = p->reached || keys->n > 0;
	return true;
}

static bool
ask_tails(struct patrol *p, enum data_set data_set, struct scope *s,
    const struct app *app)
{
	struct patrol_part *part = &p->of[data_set];

	if (part->n_tails == 0)
		return true;
	if (!tails_read(part->tails, part->n_tails, data_set, s, app))
		return false;
	p->reached = true;
	return true;
}

static const struct question {
	const char *names[N_DATA_SETS]; /* under which failures are counted */
	int wait_ms;
	bool (*ask)(struct patrol *p, enum data_set data_set,
	    struct scope *s, const struct app *app);
} questions[] = {
    /* keys come first: they are few, and nothing else tells of them */
    {{"keys", "test keys"}, WORKER_DEADLINE_MS, ask_keys},
    /* what is known of keys waits for these */
    {{"tails", "test tails"}, 1000, ask_tails},
};

/* --- asking it --- */

/* What goes wrong with one patrol does so with the next. */
static void
tell(enum log_level level, const struct scope *s, const struct app *app,
    const char *name)
{
	int64_t count;

	if (seldom_count(&count, app->patrols, text_of(name),
		clock_us_to_s(s->now_us)))
		log_line(level, "patrol cause=\"%s\" times=%" PRId64,
		    s->cause, count);
}

/* Each with a scope of its own, so that no cause hides behind another. False:
 * there is no answer, and it is of no use to ask more. */
static bool
put(struct patrol *p, const struct question *q, struct arena *a,
    const struct app *app)
{
	int64_t deadline_ms = clock_mono_ms() + q->wait_ms;

	for (int i = 0; i < N_DATA_SETS; i++) {
		struct scope s;
		bool ok;

		scope_init(&s, a, deadline_ms, clock_wall_us());
		ok = q->ask(p, (enum data_set)i, &s, app);
		if (!ok && !p->reached)
			log_line(LEVEL_DEBUG, "patrol cause=\"%s\"", s.cause);
		else if (s.cause[0] != '\0')
			tell(ok ? LEVEL_ERROR : LEVEL_NOTICE, &s, app,
			    q->names[i]);
		if (!ok)
			return false;
	}
	return true;
}

void
patrol_run(struct patrol *p, const struct app *app, struct arena *a)
{
	for (int i = 0; i < N_DATA_SETS; i++) {
		keys_sort(&p->of[i].keys);
		tails_sort(p->of[i].tails, p->of[i].n_tails);
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (!put(p, &questions[i], a, app))
			break;
	arena_reset(a);
}
