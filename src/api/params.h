/* The parameters of a query string. */
#ifndef API_PARAMS_H
#define API_PARAMS_H

#include "base/buf.h"

struct scope;

/* In the order in which the answer lists what is wrong with them. */
enum param_name { PARAM_SINCE, PARAM_LIMIT, PARAM_WAIT, N_PARAMS };

/* How a value was bad, in pydantic's words. */
enum param_fault {
	FAULT_NONE,
	FAULT_NOT_AN_INTEGER,
	FAULT_TOO_LARGE,
	FAULT_TOO_SMALL,
};

struct param {
	bool given;
	int64_t value;
	enum param_fault fault;
};

struct params {
	struct param of[N_PARAMS];
	struct text ticket; /* decoded; absent: not given */
	bool has_key; /* some value looks like an API key */
};

/* Reads all of them; an absent query has none. The last of two values
 * counts, and what has another name is ignored. */
void params_read(struct params *p, struct scope *s, struct text query);

bool params_valid(const struct params *p);

/* The body of a 422 up to its "error" member: "detail":[...]. */
void params_print_faults(struct buf *out, const struct params *p);

#endif
