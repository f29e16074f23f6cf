/* Head lines, and the envelope of errors. */
#include "api/response.h"

#include "adapters/crypto.h"
#include "api/params.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/scope.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {304, "Not Modified"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {422, "Unprocessable Content"},
	    {500, "Internal Server Error"},
	    {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	abort();
}

static void
begin_header(struct response *res, const char *name)
{
	buf_string(&res->head, name);
	buf_bytes(&res->head, ": ", 2);
}

static void
end_header(struct response *res)
{
	buf_bytes(&res->head, "\r\n", 2);
}

/* Always with a Status line: without one, Apache answers conditional
 * requests by itself. */
void
response_begin(struct response *res, int status)
{
	res->status = status;
	res->head.size = 0;
	begin_header(res, "Status");
	buf_int(&res->head, status);
	buf_char(&res->head, ' ');
	buf_string(&res->head, reason(status));
	end_header(res);
	if (res->lines != NULL)
		buf_string(&res->head, res->lines);
}

void
response_header(struct response *res, const char *name, const char *value)
{
	begin_header(res, name);
	buf_string(&res->head, value);
	end_header(res);
}

void
response_header_int(struct response *res, const char *name, int64_t value)
{
	begin_header(res, name);
	buf_int(&res->head, value);
	end_header(res);
}

void
response_header_printf(
    struct response *res, const char *name, const char *format, ...)
{
	va_list args;

	begin_header(res, name);
	va_start(args, format);
	buf_vprintf(&res->head, format, args);
	va_end(args);
	end_header(res);
}

void
response_end(struct response *res, const struct scope *s, bool is_head)
{
	response_header(res, "X-Request-Id", s->id);
	if (is_head || res->status == 204 || res->status == 304)
		res->body.size = 0;
	else
		response_header_int(
		    res, "Content-Length", (int64_t)res->body.size);
	buf_string(&res->head, "\r\n");
}

void
response_end_head(struct response *res, const struct scope *s)
{
	response_header(res, "X-Request-Id", s->id);
	buf_string(&res->head, "\r\n");
}

static int
one_to_five(struct crypto *crypto)
{
	uint8_t byte;

	crypto_random(crypto, &byte, 1);
	return 1 + byte % 5;
}

static void
print_envelope(
    struct buf *out, const struct scope *s, const struct params *params)
{
	const struct problem *problem = s->problem;

	out->size = 0;
	buf_char(out, '{');
	if (problem->detail) {
		params_print_faults(out, params);
		buf_char(out, ',');
	}
	buf_string(out, "\"error\":{\"code\":");
	buf_json(out, text_of(problem->code));
	buf_string(out, ",\"message\":");
	buf_json(out, text_of(problem->message));
	buf_string(out, ",\"request_id\":");
	buf_json(out, text_of(s->id));
	buf_string(out, "}}");
}

void
response_problem(struct response *res, const struct scope *s,
    struct crypto *crypto, const struct params *params, bool is_head)
{
	const struct problem *problem = s->problem;

	print_envelope(&res->body, s, params);
	response_begin(res, problem->status);
	response_header(res, "Content-Type", "application/json");
	response_header(res, "Cache-Control", "no-store");
	if (problem->challenge != NULL)
		response_header(res, "WWW-Authenticate", problem->challenge);
	if (problem->allow)
		response_header(res, "Allow", ROUTE_ALLOW);
	if (problem->retry)
		response_header_int(res, "Retry-After", one_to_five(crypto));
	response_end(res, s, is_head);
}

void
response_reset(struct response *res)
{
	enum { KEEP = 64 * 1024 };

	res->status = 0;
	res->lines = NULL;
	buf_reset(&res->head, KEEP);
	buf_reset(&res->body, KEEP);
}

void
response_release(struct response *res)
{
	buf_release(&res->head);
	buf_release(&res->body);
}
