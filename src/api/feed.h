/* The timeline: GET /v1/jobs/{id}/events. */
#ifndef API_FEED_H
#define API_FEED_H

struct exchange;
struct response;
struct scope;

void feed(struct response *res, struct scope *s, struct exchange *x);

#endif
