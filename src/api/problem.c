/* The table of errors. */
#include "api/problem.h"

#include <stddef.h>

const struct problem problem_no_key = {
    .status = 401,
    .code = "UNAUTHORIZED",
    .message = "An API key is needed: Authorization: Bearer <key>.",
    .challenge = "Bearer",
};

const struct problem problem_no_key_apache = {
    .status = 401,
    .code = "UNAUTHORIZED",
    .message = "An API key is needed: Authorization: Bearer <key>. If one "
	       "was sent, this Apache withholds it: its operator must set "
	       "CGIPassAuth On.",
    .challenge = "Bearer",
};

const struct problem problem_bad_key = {
    .status = 401,
    .code = "UNAUTHORIZED",
    .message = "The API key is not valid.",
    .challenge = "Bearer error=\"invalid_token\"",
};

const struct problem problem_bad_ticket = {
    .status = 401,
    .code = "UNAUTHORIZED",
    .message = "The ticket is not valid for this job's events, or no longer; "
	       "a new one is to be had with an API key.",
    .challenge = "Bearer error=\"invalid_token\"",
};

const struct problem problem_key_in_query = {
    .status = 401,
    .code = "UNAUTHORIZED",
    .message = "An API key never belongs in a URL; send it as "
	       "Authorization: Bearer <key>, and replace this one.",
    .challenge = "Bearer error=\"invalid_request\"",
};

const struct problem problem_not_capable = {
    .status = 403,
    .code = "FORBIDDEN",
    .message = "The API key lacks the capability jobs:read.",
    .challenge = "Bearer error=\"insufficient_scope\", scope=\"jobs:read\"",
};

const struct problem problem_no_job = {
    .status = 404,
    .code = "JOB_NOT_FOUND",
    .message = "There is no such job.",
};

const struct problem problem_no_route = {
    .status = 404,
    .code = "NOT_FOUND",
    .message = "There is nothing at this path.",
};

const struct problem problem_method = {
    .status = 405,
    .code = "METHOD_NOT_ALLOWED",
    .message = "Only GET, HEAD and OPTIONS are allowed here.",
    .allow = true,
};

const struct problem problem_parameters = {
    .status = 422,
    .code = "VALIDATION_ERROR",
    .message = "A parameter is not valid; detail says which.",
    .detail = true,
};

const struct problem problem_internal = {
    .status = 500,
    .code = "INTERNAL",
    .message = "Something went wrong here; the request_id finds it in the "
	       "log.",
};

const struct problem problem_unavailable = {
    .status = 503,
    .code = "UNAVAILABLE",
    .message = "The service cannot answer right now; try again.",
    .retry = true,
};
