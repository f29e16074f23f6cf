/* Allocation that either succeeds or ends the process. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
or_die(void *p)
{
	if (p == NULL) {
		fputs("jobtail: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
memory_new(size_t size)
{
	return or_die(calloc(1, size));
}

void *
memory_grow(void *p, size_t size)
{
	return or_die(realloc(p, size));
}

char *
memory_strdup(const char *s)
{
	return or_die(strdup(s));
}
