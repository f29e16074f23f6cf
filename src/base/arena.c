/* A list of blocks, filled from the front. */
#include "base/arena.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size;
	max_align_t bytes[];
};

struct arena_defer {
	struct arena_defer *next;
	void (*release)(void *);
	void *object;
};

enum { BLOCK_SIZE = 16 * 1024 };

static void
use_block(struct arena *a, struct arena_block *block)
{
	a->last = block;
	a->next = (char *)block->bytes;
	a->end = a->next + block->size;
}

static struct arena_block *
block_new(size_t size)
{
	struct arena_block *block = memory_new(sizeof(*block) + size);

	block->size = size;
	return block;
}

void
arena_init(struct arena *a, size_t first_size)
{
	*a = (struct arena){.first = block_new(first_size)};
	use_block(a, a->first);
}

static void
add_block(struct arena *a, size_t size)
{
	struct arena_block *block =
	    block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);

	a->last->next = block;
	use_block(a, block);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (size > (size_t)(a->end - a->next))
		add_block(a, size);
	p = a->next;
	a->next += size;
	return p;
}

char *
arena_copy(struct arena *a, const void *data, size_t size)
{
	char *copy = arena_alloc(a, size + 1);

	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

void
arena_defer(struct arena *a, void (*release)(void *), void *object)
{
	struct arena_defer *d = arena_alloc(a, sizeof(*d));

	*d = (struct arena_defer){a->defers, release, object};
	a->defers = d;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *block, *next;

	for (struct arena_defer *d = a->defers; d != NULL; d = d->next)
		d->release(d->object);
	a->defers = NULL;
	for (block = a->first->next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	a->first->next = NULL;
	use_block(a, a->first);
}

void
arena_wipe(struct arena *a)
{
	for (struct arena_defer *d = a->defers; d != NULL; d = d->next)
		d->release(d->object);
	a->defers = NULL;
	for (struct arena_block *b = a->first; b != NULL; b = b->next)
		explicit_bzero(b->bytes, b->size);
	arena_reset(a);
}

void
arena_release(struct arena *a)
{
	arena_reset(a);
	free(a->first);
	*a = (struct arena){0};
}
