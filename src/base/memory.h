/* The process's memory. Running out ends the process, so nobody checks for
 * it; every input and every buffer has a ceiling instead. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* malloc, zeroed. */
void *memory_new(size_t size);
/* realloc; the new bytes are not zeroed. */
void *memory_grow(void *p, size_t size);
char *memory_strdup(const char *s);

#endif
