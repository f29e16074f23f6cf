/* What clients are told when something goes wrong: the contract's table. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include <stdbool.h>

struct problem {
	int status;
	const char *code;      /* stable */
	const char *message;   /* for people; may change */
	const char *challenge; /* WWW-Authenticate (RFC 6750), or NULL */
	bool allow;            /* send Allow */
	bool retry;            /* send Retry-After: 1 to 5 at random */
	bool detail;           /* the body lists the bad parameters */
};

extern const struct problem problem_no_key;
extern const struct problem problem_no_key_apache;
extern const struct problem problem_bad_key;
extern const struct problem problem_bad_ticket;
extern const struct problem problem_key_in_query;
extern const struct problem problem_not_capable;
extern const struct problem problem_no_job;
extern const struct problem problem_no_route;
extern const struct problem problem_method;
extern const struct problem problem_parameters;
extern const struct problem problem_internal;
extern const struct problem problem_unavailable;

#endif
