/* A new ticket for a job's events: GET /v1/jobs/{id}/events?ticket=new. */
#ifndef API_ISSUE_H
#define API_ISSUE_H

#include "api/hold.h"

struct exchange;
struct response;
struct scope;

/* Whether the query asks for one, and there are tickets. */
bool issue_is_wanted(const struct exchange *x);

enum verdict issue(struct response *res, struct scope *s, struct exchange *x);

#endif
