/* The timeline: GET /v1/jobs/{id}/events, as a document or as a stream; now,
 * or when there is news. */
#ifndef API_FEED_H
#define API_FEED_H

#include "api/hold.h"

struct exchange;
struct response;
struct scope;

/* Looks whether the request can be answered; a held one is looked at again
 * with new events, until x->is_last_look. */
enum verdict feed(struct response *res, struct scope *s, struct exchange *x);

#endif
