/* Clues to where the store has looked for the bucket's name. Pure. */
#ifndef CTL_BUCKET_H
#define CTL_BUCKET_H

#include "base/text.h"

struct facts;

/* In the host, and found it in the first part of the key, or in all of the
 * host; each gives what that is. */
struct text bucket_from_key(const struct facts *f);
struct text bucket_from_host(const struct facts *f);

/* The same, though it stands in the path. */
struct text bucket_is_host(const struct facts *f);

/* Nowhere: it is a part of the key. */
struct text bucket_in_key(const struct facts *f);

/* In the name of the store, as far as it does not tell that it knows better. */
struct text bucket_in_endpoint(const struct facts *f);

/* Where it stands: before the host of s3_endpoint. Amazon's hosts without one
 * are known to have it there. */
struct text bucket_in_host(const struct facts *f);

/* Takes its name off a host's beginning. False: it is not there. */
bool bucket_take_off(struct text *host, const struct facts *f);

#endif
