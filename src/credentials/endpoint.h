/* Asking an endpoint for credentials: only hosts that may be asked, under
 * ceilings for time and size, never through a proxy, and no redirect is
 * followed. */
#ifndef CREDENTIALS_ENDPOINT_H
#define CREDENTIALS_ENDPOINT_H

#include "base/text.h"

struct errand;

/* Whether the address is http or https, without a user's name, at this machine
 * itself or at one of the hosts (a list that ends with NULL; IPv6 addresses in
 * brackets). */
bool endpoint_is_known(const char *url, const char *const *hosts);

/* The same with https to any host. */
bool endpoint_is_known_or_tls(const char *url, const char *const *hosts);

struct endpoint_question {
	const char *method;         /* NULL: GET */
	const char *url;
	const char *const *headers; /* a list that ends with NULL, or NULL */
	struct text body;           /* absent: none */
};

/* The body of an answer 200; it lives until the next question. False: there is
 * none, and the scope knows why; status is then the answer's, or 0. */
bool endpoint_ask(struct text *body, int *status, const struct errand *e,
    const struct endpoint_question *q);

#endif
