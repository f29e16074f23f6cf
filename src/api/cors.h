/* CORS (the Fetch standard): pages of which other sites may read the
 * answers with their scripts. Never with cookies: nothing here needs any. */
#ifndef API_CORS_H
#define API_CORS_H

#include <stddef.h>

struct request;

enum { CORS_ORIGINS_MAX = 32 };

struct cors;

/* From origins as browsers send them, separated by spaces or commas. NULL
 * if one is not of that kind; error then says which, and what to write. */
struct cors *cors_new(const char *origins, char *error, size_t error_size);
void cors_free(struct cors *c);

/* The header lines, each with its end, that the answer to req begins with,
 * whatever it is. They live as long as c; NULL: c is NULL, CORS is off. */
const char *cors_lines(const struct cors *c, const struct request *req);

#endif
