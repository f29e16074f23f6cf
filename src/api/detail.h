/* The job itself: GET /v1/jobs/{id}. */
#ifndef API_DETAIL_H
#define API_DETAIL_H

struct exchange;
struct response;
struct scope;

void detail(struct response *res, struct scope *s, struct exchange *x);

#endif
