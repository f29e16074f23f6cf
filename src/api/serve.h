/* One request, from its variables to its response. Knows neither sockets
 * nor threads. */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "api/hold.h"
#include "api/response.h"

struct app;
struct exchange;
struct request;
struct scope;

/* Gives the scope its id. */
void serve_tag(struct scope *s, struct crypto *crypto);

/* The part before the database: true, and x->timeline.call is to be made, or
 * false, and the response is finished. x points to what it is given. */
bool serve_begin(struct exchange *x, struct response *res, struct scope *s,
    const struct app *app, const struct request *req);
/* The part behind it. With VERDICT_ANSWER res is the whole answer, whatever
 * happens, and the request's line is in the log; with VERDICT_HOLD x->hold
 * is to be kept, and res may be the beginning of a stream. */
enum verdict serve_end(
    struct response *res, struct scope *s, struct exchange *x);


/* The response of one who cannot even look at the request in time. */
void serve_unavailable(
    struct response *res, struct scope *s, struct crypto *crypto);

#endif
