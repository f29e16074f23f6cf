/* Memory for one piece of work. */
#include "base/arena.h"

#include "tap.h"

#include <stdalign.h>
#include <string.h>

static char order[16];
static size_t n_released;

static void
note_release(void *object)
{
	order[n_released++] = *(char *)object;
}

static void
test_alignment_and_sizes(void)
{
	static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 31, 33, 100,
	    4095, 4096, 16383, 16384, 16385, 100000, 3, 1, 0, 5};
	struct arena a;
	char *pieces[N_OF(sizes)];
	bool aligned = true, whole = true;

	arena_init(&a, 64);
	for (size_t i = 0; i < N_OF(sizes); i++) {
		pieces[i] = arena_alloc(&a, sizes[i]);
		aligned = aligned
		    && (uintptr_t)pieces[i] % alignof(max_align_t) == 0;
		memset(pieces[i], (int)i, sizes[i]);
	}
	for (size_t i = 0; i < N_OF(sizes); i++)
		for (size_t j = 0; j < sizes[i]; j++)
			whole = whole && pieces[i][j] == (char)i;
	ok(aligned, "every piece is aligned for any object");
	ok(whole, "no piece overlaps another");
	arena_release(&a);
}

static void
test_copy(void)
{
	struct arena a;
	const char *copy;

	arena_init(&a, 8);
	copy = arena_copy(&a, "a\0b", 3);
	ok(memcmp(copy, "a\0b", 4) == 0, "a copy has a NUL behind its bytes");
	is_str(arena_copy(&a, NULL, 0), "", "nothing copies to \"\"");
	arena_release(&a);
}

static void
test_reset(void)
{
	struct arena a;
	const void *first;

	arena_init(&a, 1024);
	first = arena_alloc(&a, 10);
	arena_alloc(&a, 50000);
	arena_alloc(&a, 50000);
	arena_reset(&a);
	ok(arena_alloc(&a, 10) == first, "a reset keeps the first block");
	arena_release(&a);
	ok(a.first == NULL, "a released arena holds nothing");
}

static void
test_defer(void)
{
	static char objects[] = "abc";
	struct arena a;

	arena_init(&a, 16);
	for (int i = 0; i < 3; i++)
		arena_defer(&a, note_release, &objects[i]);
	is_int((int64_t)n_released, 0, "nothing is released before the reset");
	arena_reset(&a);
	is_str(order, "cba", "a reset releases, newest first");
	arena_reset(&a);
	is_int((int64_t)n_released, 3, "each object is released once");
	arena_defer(&a, note_release, &objects[1]);
	arena_release(&a);
	is_str(order, "cbab", "the arena's release releases too");
}

int
main(void)
{
	test_alignment_and_sizes();
	test_copy();
	test_reset();
	test_defer();
	return tap_done();
}
