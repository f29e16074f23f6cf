/* The one line. */
#include "api/record.h"

#include "api/exchange.h"
#include "api/problem.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

#include <inttypes.h>

static const char *const forms[N_FORMS] = {
    [FORM_JSON] = "",
    [FORM_SSE] = " form=sse",
    [FORM_NDJSON] = " form=ndjson",
};

static double
took_ms(const struct hold *h)
{
	return (double)(clock_wall_us() - h->began_us) / 1000.0;
}

static const char *
resource_of(const struct scope *s, const struct exchange *x)
{
	if (s->problem == &problem_method || s->problem == &problem_no_route)
		return "-";
	return x->resource;
}

void
record_answer(const struct response *res, const struct scope *s,
    const struct exchange *x)
{
	enum log_level level = res->status == 500 ? LEVEL_ERROR
	    : s->cause[0] != '\0' ? LEVEL_WARN : LEVEL_INFO;
	const struct hold *h = &x->hold;
	bool is_stream = h->form != FORM_JSON && h->n_bytes > 0;

	if (!log_wants(level))
		return;
	log_line(level,
	    "request id=%s method=%.*s resource=%s job=%s status=%d code=%s "
	    "bytes=%zu events=%zu key=%" PRId64 " ms=%.1f%s%s%s%s",
	    s->id, x->req->method.size > 16 ? 16 : (int)x->req->method.size,
	    x->req->method.data, resource_of(s, x),
	    x->route.has_id ? x->route.id : "-", res->status,
	    s->problem == NULL ? "-" : s->problem->code,
	    is_stream ? h->n_bytes : res->body.size,
	    is_stream ? h->n_events : x->page.n_events, x->who.key_id,
	    took_ms(h), is_stream ? forms[h->form] : "",
	    s->cause[0] == '\0' ? "" : " cause=\"", s->cause,
	    s->cause[0] == '\0' ? "" : "\"");
}

void
record_end(const struct hold *h, const char *why)
{
	log_line(LEVEL_INFO,
	    "request id=%s method=GET resource=events job=%s status=%d code=- "
	    "bytes=%zu events=%zu key=%" PRId64 " ms=%.1f%s end=%s",
	    h->id, h->route.id, h->form == FORM_JSON ? 0 : 200, h->n_bytes,
	    h->n_events, h->who.key_id, took_ms(h), forms[h->form], why);
}
