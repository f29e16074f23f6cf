/* Entity tags (RFC 9110, section 8.8.3). */
#ifndef API_ETAG_H
#define API_ETAG_H

#include "base/text.h"

struct crypto;

enum { ETAG_SIZE = 2 + 32 }; /* with the quotes */

/* 128 bits over the body and whether it is the last: the same tag means the
 * same bytes, and nothing that has ended looks unchanged. */
void etag_make(char out[ETAG_SIZE + 1], struct crypto *crypto,
    struct text body, bool closed);

/* If-None-Match against our tag: "*", or a list in which weak tags and tags
 * with a suffix that web servers add when they compress ("x-gzip") match. */
bool etag_matches(struct text if_none_match, const char *etag);

#endif
