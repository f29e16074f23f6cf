/* Secrets: in files, and in the process's memory. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

enum { SECRET_MAX = 8192 }; /* bytes; a session token has a few thousand */

/* Reads the file without one trailing newline into *secret (malloc, NUL
 * after its end). A file that others may read or write, an empty one and
 * one over SECRET_MAX are refused; error then says why and what to do. */
bool secret_read(
    char **secret, const char *path, char *error, size_t error_size);

/* The same for the file that a setting names, which the error names too. A
 * setting that is not needed may be NULL, and leaves *secret as it is. */
bool secret_load(char **secret, const char *key, const char *path,
    bool needed, char *error, size_t error_size);

/* Wipes and frees it; NULL is none. */
void secret_free(char *secret);

/* Whether others of the same user may read the process's memory, and the
 * kernel may write it to a file. Becoming another user resets it, to no. */
void secret_set_dumpable(bool dumpable);

#endif
