/* The API key that requests are made with. */
#ifndef CTL_BEARER_H
#define CTL_BEARER_H

#include <stdbool.h>
#include <stddef.h>

#define BEARER_VARIABLE "JOBTAIL_API_KEY"

/* The header "Authorization: Bearer <key>" with the key of the file, or of
 * the environment without one (malloc). False: error says why and what to
 * do, and never what the key is. */
bool bearer_read(
    char **header, const char *key_file, char *error, size_t error_size);

#endif
