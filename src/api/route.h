/* A route: which resource of which job is asked for, and how. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/params.h"
#include "api/ulid.h"

struct config;
struct request;
struct scope;

enum method { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS };

struct route {
	enum method method;
	size_t pattern;             /* which of the patterns matched */
	bool has_id;                /* the id in the path is a ULID ... */
	char id[ULID_SIZE + 1];     /* ... this one */
	struct params params;
};

/* What Allow says. */
#define ROUTE_ALLOW "GET, HEAD, OPTIONS"

/* Finds which of the patterns, in which "{id}" stands for one non-empty
 * segment, the path matches; PATH_INFO is looked at first. Fails with 405,
 * then 404. */
bool route_find(struct route *route, struct scope *s,
    const struct request *req, const char *base_path,
    const char *const *patterns, size_t n_patterns);

#endif
