/* What a store may be told to send as Cache-Control. */
#ifndef SIGNING_CACHE_CONTROL_H
#define SIGNING_CACHE_CONTROL_H

#include <stdbool.h>

/* Directives of public, private, no-cache, no-store, immutable and max-age=N
 * with commas between, and nothing else (RFC 9111, section 5.2.2). */
bool cache_control_is_safe(const char *value);

#endif
