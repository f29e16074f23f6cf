/* Where a bucket is. */
#ifndef SIGNING_PLACE_H
#define SIGNING_PLACE_H

#include "base/buf.h"

struct place {
	struct buf origin; /* scheme://host[:port] */
	struct buf host;   /* host[:port], as browsers send it */
	struct buf path;   /* before the key: "/" or "/bucket/" */
};

/* http(s)://host or http(s)://host:port in lower case, perhaps with a slash
 * behind. */
bool place_is_endpoint(const char *endpoint);

/* An endpoint of NULL is Amazon's for the region. The bucket's name stands
 * before the host; in the path with path_style, and where no host could have
 * it: dots under TLS, what is no label, an endpoint that is an address. */
void place_find(struct place *place, const char *endpoint, const char *region,
    const char *bucket, bool path_style);
void place_release(struct place *place);

#endif
