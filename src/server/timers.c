/* A binary heap of pointers. */
#include "server/timers.h"

#include "base/memory.h"

#include <stdlib.h>

static void
put(struct timers *all, size_t place, struct timer *t)
{
	all->heap[place] = t;
	t->place = place;
}

static void
rise(struct timers *all, struct timer *t)
{
	size_t i = t->place;

	for (; i > 1 && all->heap[i / 2]->due_ms > t->due_ms; i /= 2)
		put(all, i, all->heap[i / 2]);
	put(all, i, t);
}

static void
sink(struct timers *all, struct timer *t)
{
	size_t i = t->place, child;

	while ((child = 2 * i) <= all->n) {
		if (child < all->n
		    && all->heap[child + 1]->due_ms < all->heap[child]->due_ms)
			child++;
		if (all->heap[child]->due_ms >= t->due_ms)
			break;
		put(all, i, all->heap[child]);
		i = child;
	}
	put(all, i, t);
}

static void
add(struct timers *all, struct timer *t)
{
	if (all->n + 1 >= all->room) {
		all->room = all->room == 0 ? 64 : 2 * all->room;
		all->heap = memory_grow(
		    all->heap, all->room * sizeof(struct timer *));
	}
	put(all, ++all->n, t);
}

void
timers_set(struct timers *all, struct timer *t, int64_t due_ms)
{
	t->due_ms = due_ms;
	if (t->place == 0)
		add(all, t);
	rise(all, t);
	sink(all, t);
}

void
timers_clear(struct timers *all, struct timer *t)
{
	struct timer *last;

	if (t->place == 0)
		return;
	last = all->heap[all->n--];
	if (last != t) {
		put(all, t->place, last);
		rise(all, last);
		sink(all, last);
	}
	t->place = 0;
}

struct timer *
timers_due(const struct timers *all, int64_t now_ms)
{
	return timers_next(all) <= now_ms ? all->heap[1] : NULL;
}

int64_t
timers_next(const struct timers *all)
{
	return all->n == 0 ? INT64_MAX : all->heap[1]->due_ms;
}

void
timers_release(struct timers *all)
{
	free(all->heap);
	*all = (struct timers){0};
}
