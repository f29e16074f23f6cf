/* A request as it stands in the variables of CGI (RFC 3875). */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "base/text.h"

struct scope;

/* Texts are the scope's; what was not sent is absent. */
struct request {
	struct text method;
	struct text path_info;   /* decoded by the web server */
	struct text request_uri; /* as the client wrote it */
	struct text query;       /* as the client wrote it */
	struct text authorization;
	struct text redirected_authorization; /* after Apache's rewrite */
	struct text hmac;        /* X-Shopify-Hmac-Sha256 */
	struct text if_none_match;
	struct text accept;
	struct text prefer;
	struct text last_event_id; /* an EventSource's cursor */
	struct text origin;      /* empty if there were several */
	struct text requested_method; /* Access-Control-Request-Method */
	struct text server;      /* the web server's name */
	bool has_body;
};

/* From "NAME=value" strings, NULL at the end; the first of two equal names
 * counts. False, with nothing to tell the client, if there is no method. */
bool request_read(
    struct request *req, struct scope *s, char *const *variables);

#endif
