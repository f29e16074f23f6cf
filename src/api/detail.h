/* The job itself: GET /v1/jobs/{id}. */
#ifndef API_DETAIL_H
#define API_DETAIL_H

#include "api/hold.h"

struct exchange;
struct response;
struct scope;

enum verdict detail(
    struct response *res, struct scope *s, struct exchange *x);

#endif
