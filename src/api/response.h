/* A response, finished: a value that whoever holds the connection sends.
 * What it points to belongs to it and is used again for the next one. */
#ifndef API_RESPONSE_H
#define API_RESPONSE_H

#include "base/buf.h"

struct crypto;
struct params;
struct scope;

struct response {
	int status;
	const char *lines; /* every head begins with these; NULL: none */
	struct buf head; /* CGI header lines (RFC 3875, section 6.3), ended */
	struct buf body;
};

/* Begins the head. The body may have been rendered before. */
void response_begin(struct response *res, int status);

/* Add a header line; no byte of a request ever goes into one, but for a
 * job's id that has been checked. */
void response_header(
    struct response *res, const char *name, const char *value);
void response_header_int(
    struct response *res, const char *name, int64_t value);
void response_header_printf(struct response *res, const char *name,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the head, with the scope's id as X-Request-Id. */
void response_end(struct response *res, const struct scope *s, bool is_head);

/* The same for a stream: its length is not known. */
void response_end_head(struct response *res, const struct scope *s);

/* The whole response to what went wrong in the scope. */
void response_problem(struct response *res, const struct scope *s,
    struct crypto *crypto, const struct params *params, bool is_head);

/* Empty again. */
void response_reset(struct response *res);
void response_release(struct response *res);

#endif
