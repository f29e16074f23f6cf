/* The request, and the meaning of its answer. */
#include "ctl/poll.h"

#include "adapters/fetch.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ctl/address.h"
#include "ctl/output.h"
#include "ctl/refusal.h"

enum {
	HOLD_S = 25,
	SILENCE_S = HOLD_S + 15,
	CONNECT_MS = 10000,
	/* the most that a server's max_bytes can be, and some for the frame */
	BODY_MAX = 65 * 1024 * 1024,
	INTERVAL_S = 2, /* of a server that names none */
};

enum { CLOSED, CURSOR, JOB_STATUS, INTERVAL, RETRY_AFTER, LOCATION, N_WANTED };

static const char *const wanted[N_WANTED + 1] = {
    [CLOSED] = "Jobtail-Closed",
    [CURSOR] = "Jobtail-Cursor",
    [JOB_STATUS] = "Jobtail-Job-Status",
    [INTERVAL] = "X-Poll-Interval",
    [RETRY_AFTER] = "Retry-After",
    [LOCATION] = "Location",
};

/* What no answer means, and what to do about it. */
static const struct meaning {
	enum poll_outcome outcome;
	const char *advice;
} meanings[] = {
    [FETCH_INTERRUPTED] = {POLL_INTERRUPTED, ""},
    [FETCH_BAD_URL] = {POLL_REFUSED, "; check the address"},
    [FETCH_UNTRUSTED] = {POLL_REFUSED,
	"; if the certificate is from an authority of your own, give its "
	"file to --cacert"},
    [FETCH_STOPPED] = {POLL_UNREAD, ""},
};

static enum poll_outcome
explain_silence(struct poll *p, const struct scope *s, enum fetch_outcome what)
{
	buf_printf(&p->why, "%s%s", s->cause, meanings[what].advice);
	return meanings[what].outcome;
}

static enum poll_outcome
explain_status(struct poll *p, struct scope *s, const struct fetch_answer *a)
{
	p->retry_after_s = fetch_retry_after_s(
	    a->wanted[RETRY_AFTER], clock_us_to_s(s->now_us));
	refusal_print(&p->why, s, a->status, a->body, a->wanted[LOCATION]);
	return refusal_is_final(a->status) ? POLL_REFUSED : POLL_INTERRUPTED;
}

static enum poll_outcome
read_page(struct poll *p, struct scope *s, const struct fetch_answer *a,
    const struct mark *after)
{
	if (!batch_read(&p->batch, s, a->body, after)) {
		buf_string(&p->why, s->cause);
		return POLL_INTERRUPTED;
	}
	p->closed = text_equal(a->wanted[CLOSED], TEXT("true"));
	p->ahead = text_equal(a->wanted[CURSOR], TEXT("ahead"));
	p->job_status = a->wanted[JOB_STATUS];
	if (!text_int(&p->interval_s, a->wanted[INTERVAL]))
		p->interval_s = INTERVAL_S;
	return POLL_ANSWERED;
}

static bool
has_reader(void *of)
{
	(void)of;
	return output_has_reader();
}

static enum fetch_outcome
send_question(struct fetch_answer *a, struct scope *s,
    const struct source *source, const struct mark *after)
{
	const char *const headers[] = {
	    source->authorization, "Accept: application/json", NULL};
	struct buf url = {0};
	enum fetch_outcome outcome;

	address_print(&url, source->job, after, HOLD_S);
	outcome = fetch_send(a, s, source->fetch,
	    &(struct fetch_request){
		.url = url.data,
		.headers = headers,
		.wanted = wanted,
		.ca_file = source->ca_file,
		.connect_ms = CONNECT_MS,
		.silence_s = SILENCE_S,
		.max_body = BODY_MAX,
		.go_on = has_reader,
	    });
	buf_release(&url);
	return outcome;
}

enum poll_outcome
poll_ask(struct poll *p, struct scope *s, const struct source *source,
    const struct mark *after)
{
	struct fetch_answer answer;
	enum fetch_outcome what = send_question(&answer, s, source, after);

	*p = (struct poll){.retry_after_s = -1};
	if (what != FETCH_ANSWERED)
		return explain_silence(p, s, what);
	if (answer.status != 200)
		return explain_status(p, s, &answer);
	return read_page(p, s, &answer, after);
}

void
poll_release(struct poll *p)
{
	buf_release(&p->why);
}
