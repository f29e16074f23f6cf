/* Head, events, end. */
#include "api/stream.h"

#include "adapters/crypto.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/frames.h"
#include "api/response.h"
#include "base/config.h"
#include "base/scope.h"

enum {
	RETRY_MS = 3000,       /* and up to a second, at random */
	BUSY_RETRY_MS = 15000, /* and up to four */
};

static int
random_ms(struct crypto *crypto)
{
	uint16_t random;

	crypto_random(crypto, &random, sizeof(random));
	return random * 1000 / UINT16_MAX;
}

/* An EventSource that gets it does not come back. */
static void
answer_no_content(struct response *res)
{
	response_begin(res, 204);
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "Vary", "Authorization, Accept");
	response_header(res, "Jobtail-Closed", "true");
}

/* no-transform: no web server gathers events to compress them. */
static void
begin(struct response *res, const struct exchange *x)
{
	response_begin(res, 200);
	response_header(res, "Content-Type",
	    x->hold.form == FORM_SSE ? "text/event-stream"
				     : "application/x-ndjson");
	response_header(res, "Cache-Control", "no-store, no-transform");
	response_header(res, "Vary", "Authorization, Accept");
	response_header(res, "X-Accel-Buffering", "no");
	if (hold_is_ahead(&x->hold, &x->job))
		response_header(res, "Jobtail-Cursor", "ahead");
	frames_begin(
	    &res->body, &x->hold, RETRY_MS + random_ms(x->app->crypto));
}

/* As many events as fit into a batch, but at least one. False: the next one
 * cannot be shown now. */
static bool
put_events(struct response *res, struct scope *s, struct exchange *x)
{
	struct hold *h = &x->hold;
	size_t i, begun = res->body.size;

	page_begin(&x->page, &res->body, s, x->app->signer, &x->job);
	for (i = 0; i < x->events.n; i++) {
		if (i > 0 && res->body.size - begun > STREAM_BATCH)
			break;
		if (!frames_event(&x->page, h->form, &x->events.list[i]))
			break;
		h->has_cursor = true;
		h->cursor = x->events.list[i].seq;
	}
	x->page.n_events = i;
	h->n_events += i;
	h->more = i < x->events.n || x->events.more;
	return s->problem == NULL;
}

static enum verdict
say_bye(struct response *res, const struct exchange *x, const char *why)
{
	frames_bye(&res->body, &x->hold, why);
	return VERDICT_ANSWER;
}

static enum verdict
go_on(struct response *res, struct exchange *x, bool is_first)
{
	struct hold *h = &x->hold;

	if (!hold_place(h, x->app, &x->who, x->app->config->sse_max)
	    && !hold_stand(h, x->app, &x->who)) {
		frames_retry(&res->body, h->form,
		    BUSY_RETRY_MS + 4 * random_ms(x->app->crypto));
		return say_bye(res, x, "busy");
	}
	if (is_first && res->body.size == 0)
		/* mod_proxy_fcgi keeps a head that nothing follows */
		frames_silence(&res->body, h->form);
	return VERDICT_HOLD;
}

enum verdict
stream(struct response *res, struct scope *s, struct exchange *x)
{
	struct hold *h = &x->hold;
	bool ahead = hold_is_ahead(h, &x->job), is_first = !h->begun;

	if (is_first) {
		if (h->form == FORM_SSE && x->job.closed && x->events.n == 0) {
			answer_no_content(res);
			return VERDICT_ANSWER;
		}
		begin(res, x);
		h->begun = true;
	}
	if (!put_events(res, s, x)) {
		if (is_first && h->n_events == 0)
			return VERDICT_ANSWER;
		s->problem = NULL; /* it has begun well; the cause stays */
		return say_bye(res, x, "upstream");
	}
	if (x->job.closed && !h->more) {
		frames_end(&res->body, h, x->job.status);
		return VERDICT_ANSWER;
	}
	if (ahead)
		return say_bye(res, x, "ahead");
	return go_on(res, x, is_first);
}
