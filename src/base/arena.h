/* An arena: memory for one piece of work, given back all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena_defer;

struct arena {
	struct arena_block *first; /* kept by arena_reset() */
	struct arena_block *last;
	struct arena_defer *defers; /* newest first */
	char *next;
	char *end;
};

/* The first block, which a reset keeps, has room for first_size bytes. */
void arena_init(struct arena *a, size_t first_size);

/* Aligned for any object, not zeroed; lives until the reset. */
void *arena_alloc(struct arena *a, size_t size);

/* A NUL-terminated copy of size bytes. */
char *arena_copy(struct arena *a, const void *data, size_t size);

/* Has release(object) called by the next reset, newest first. */
void arena_defer(struct arena *a, void (*release)(void *), void *object);

/* Runs the deferred releases and gives all but the first block back. */
void arena_reset(struct arena *a);

/* The same, but nothing that was secret stays in memory that is given back. */
void arena_wipe(struct arena *a);

void arena_release(struct arena *a);

#endif
