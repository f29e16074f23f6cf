/* Asking for all. */
#include "server/patrol.h"

#include "api/problem.h"
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

static bool
run_part(struct patrol_part *part, enum data_set data_set, struct scope *s,
    const struct app *app)
{
	keys_sort(&part->keys);
	return (part->n_tails == 0
		   || tails_read(part->tails, part->n_tails, data_set, s, app))
	    && keys_read(&part->keys, s, app);
}

void
patrol_run(struct patrol *p, const struct app *app, struct arena *a)
{
	struct scope s;

	scope_init(&s, a, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	p->reached = true;
	for (int i = 0; i < N_DATA_SETS && p->reached; i++)
		p->reached = run_part(&p->of[i], (enum data_set)i, &s, app);
	if (!p->reached)
		log_line(s.problem == &problem_unavailable ? LEVEL_DEBUG
							   : LEVEL_ERROR,
		    "patrol cause=\"%s\"", s.cause);
	arena_reset(a);
}
