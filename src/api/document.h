/* What the answers with a document have in common: the entity tag, what may
 * be cached for how long, and 304. */
#ifndef API_DOCUMENT_H
#define API_DOCUMENT_H

#include <stdbool.h>

struct exchange;
struct response;
struct scope;

/* Makes the tag of the document that stands in the body. */
void document_tag(
    struct exchange *x, const struct response *res, bool closed);

/* Begins the head of a 200, or of a 304 if the client has the document with
 * this tag. closed: it will not change but for its URLs. */
void document_begin(struct response *res, const struct scope *s,
    const struct exchange *x, bool closed);

#endif
