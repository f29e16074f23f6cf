/* One request, from its variables to its response. Knows neither sockets
 * nor threads. */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "api/response.h"

struct app;
struct request;
struct scope;

/* Gives the scope its id. */
void serve_tag(struct scope *s, struct crypto *crypto);

/* Fills res, whatever happens, and writes the request's line to the log. */
void serve(struct response *res, struct scope *s, const struct app *app,
    const struct request *req);

/* The response of one who cannot even look at the request in time. */
void serve_unavailable(
    struct response *res, struct scope *s, struct crypto *crypto);

#endif
