/* The head of a document. */
#include "api/document.h"

#include "api/app.h"
#include "api/etag.h"
#include "api/exchange.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/scope.h"

#include <inttypes.h>

enum { NO_URLS_MAX_AGE_S = 3600 };

/* A closed page stays as it is until its URLs roll over. */
static void
put_cache_control(struct response *res, const struct scope *s,
    const struct page *page, bool closed)
{
	int64_t max_age = NO_URLS_MAX_AGE_S;

	if (page->n_links > 0)
		max_age = page->window.rolls_at - clock_us_to_s(s->now_us);
	if (closed)
		response_header_printf(res, "Cache-Control",
		    "private, max-age=%" PRId64, max_age);
	else
		response_header(res, "Cache-Control", "private, no-cache");
}

static void
put_artifacts_expire(struct response *res, const struct page *page)
{
	struct buf date = {0};

	if (page->n_links == 0)
		return;
	clock_print_http(&date, page->window.expires_at);
	response_header_printf(res, "Jobtail-Artifacts-Expire", "%.*s",
	    (int)date.size, date.data);
	buf_release(&date);
}

void
document_tag(struct exchange *x, const struct response *res, bool closed)
{
	etag_make(x->etag, x->app->crypto, buf_as_text(&res->body), closed);
}

void
document_begin(struct response *res, const struct scope *s,
    const struct exchange *x, bool closed)
{
	if (etag_matches(x->req->if_none_match, x->etag)) {
		response_begin(res, 304);
	} else {
		response_begin(res, 200);
		response_header(res, "Content-Type", "application/json");
	}
	response_header(res, "ETag", x->etag);
	response_header(res, "Vary", "Authorization, Accept");
	put_cache_control(res, s, &x->page, closed);
	put_artifacts_expire(res, &x->page);
}
