/* Asking for all. */
#include "server/patrol.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/worker.h"

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

/* Whoever is slow at one question may still be there: keys come first, which
 * are few. False: it is of no use to ask more. */
static bool
run_part(struct patrol *p, enum data_set data_set, struct scope *s,
    const struct app *app)
{
	struct patrol_part *part = &p->of[data_set];

	keys_sort(&part->keys);
	if (part->keys.n > 0) {
		if (!keys_read(&part->keys, s, app))
			return false;
		p->reached = true;
	}
	if (part->n_tails > 0) {
		if (!tails_read(part->tails, part->n_tails, data_set, s, app))
			return false;
		p->reached = true;
	}
	return true;
}

void
patrol_run(struct patrol *p, const struct app *app, struct arena *a)
{
	struct scope s;

	scope_init(&s, a, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	p->has_tails = true;
	for (int i = 0; i < N_DATA_SETS && p->has_tails; i++)
		p->has_tails = run_part(p, (enum data_set)i, &s, app);
	if (s.cause[0] != '\0')
		log_line(s.problem == NULL ? LEVEL_ERROR : LEVEL_DEBUG,
		    "patrol cause=\"%s\"", s.cause);
	arena_reset(a);
}
