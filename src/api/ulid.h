/* ULIDs: 48 bits of milliseconds and 80 random ones as 26 characters of
 * Crockford's base32 (the ULID specification, github.com/ulid/spec). */
#ifndef API_ULID_H
#define API_ULID_H

#include "base/text.h"

enum { ULID_SIZE = 26, ULID_RANDOM_SIZE = 10 };

/* Takes letters of either case and gives upper case with a NUL at the end;
 * false if t is no ULID. I, L, O and U are none of its letters. */
bool ulid_parse(char out[ULID_SIZE + 1], struct text t);

void ulid_make(char out[ULID_SIZE + 1], int64_t wall_ms,
    const uint8_t random[ULID_RANDOM_SIZE]);

#endif
