/* Documents. One function prints an event, wherever it appears. */
#include "api/page.h"

#include "api/events.h"
#include "api/job.h"
#include "api/links.h"
#include "base/clock.h"
#include "base/scope.h"
#include "signing/signer.h"

static void
print_link(struct buf *out, const struct link *link)
{
	buf_string(out, "{\"image_url\":");
	buf_json(out, link->url);
	buf_string(out, ",\"kind\":");
	buf_json(out, link->kind);
	buf_string(out, ",\"role\":");
	buf_json(out, link->role);
	buf_string(out, ",\"label\":");
	buf_json_or_null(out, link->label);
	buf_string(out, ",\"meta\":");
	buf_text(out, link->meta);
	buf_char(out, '}');
}

static bool
print_artifacts(struct page *page, struct text artifacts)
{
	struct buf *out = page->body;
	struct links links;

	if (!links_sign(&links, page->scope, page->signer, artifacts))
		return false;
	buf_char(out, '[');
	for (size_t i = 0; i < links.n; i++) {
		if (i > 0)
			buf_char(out, ',');
		print_link(out, &links.list[i]);
	}
	buf_char(out, ']');
	if (links.n > 0)
		page->window = page->n_links == 0
		    ? links.window
		    : window_of_both(&page->window, &links.window);
	page->n_links += links.n;
	return true;
}

static void
print_time(struct buf *out, int64_t wall_us)
{
	buf_char(out, '"');
	clock_print_rfc3339(out, wall_us);
	buf_char(out, '"');
}

bool
page_print_event(struct page *page, const struct event *e)
{
	struct buf *out = page->body;

	buf_string(out, "{\"seq\":");
	buf_int(out, e->seq);
	buf_string(out, ",\"event_type\":");
	buf_json(out, e->type);
	buf_string(out, ",\"visibility\":\"public\",\"stage\":");
	buf_json_or_null(out, e->stage);
	buf_string(out, ",\"message\":");
	buf_json(out, e->message);
	buf_string(out, ",\"artifacts\":");
	if (!print_artifacts(page, e->artifacts))
		return false;
	buf_string(out, ",\"extra\":");
	buf_text(out, e->extra.data == NULL ? TEXT("{}") : e->extra);
	buf_string(out, ",\"created_at\":");
	print_time(out, e->created_at_us);
	buf_char(out, '}');
	return true;
}

void
page_begin(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job)
{
	*page = (struct page){
	    .body = body,
	    .scope = s,
	    .signer = signer,
	};
	signer_begin(signer, job->public_id, clock_us_to_s(s->now_us));
}

static void
begin_document(struct page *page, const struct job *job)
{
	buf_string(page->body, "{\"public_id\":");
	buf_json(page->body, job->public_id);
}

/* ,"events":[...] up to the ceiling; an event that passes it is taken back,
 * unless it is the first. */
static bool
print_events(struct page *page, const struct events *events, size_t max_bytes)
{
	struct buf *out = page->body;
	struct page before; /* the event */
	size_t size;

	buf_string(out, ",\"events\":[");
	for (size_t i = 0; i < events->n; i++) {
		size = out->size;
		before = *page;
		if (i > 0)
			buf_char(out, ',');
		if (!page_print_event(page, &events->list[i]))
			return false;
		if (i > 0 && out->size > max_bytes) {
			*page = before;
			out->size = size;
			page->cut = true;
			break;
		}
		page->n_events++;
	}
	buf_char(out, ']');
	return true;
}

bool
page_render(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job,
    const struct events *events, const struct page_cursor *cursor,
    size_t max_bytes)
{
	page_begin(page, body, s, signer, job);
	begin_document(page, job);
	page->cut = events->more;
	if (!print_events(page, events, max_bytes))
		return false;
	page->has_latest = page->n_events > 0 || cursor->given;
	page->latest_seq = page->n_events > 0
	    ? events->list[page->n_events - 1].seq : cursor->since;
	buf_string(body, ",\"latest_seq\":");
	if (page->has_latest)
		buf_int(body, page->latest_seq);
	else
		buf_string(body, "null");
	buf_char(body, '}');
	return true;
}

/* The artifacts of the last event that ended the job with success. */
static bool
print_result(struct page *page, const struct job *job,
    const struct events *events)
{
	struct text artifacts = {0};

	if (text_equal(job->status, TEXT("SUCCESS")))
		for (size_t i = 0; i < events->n; i++)
			if (text_equal(events->list[i].type,
				TEXT("succeeded")))
				artifacts = events->list[i].artifacts;
	return print_artifacts(page, artifacts);
}

bool
page_render_job(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job, const struct events *events)
{
	page_begin(page, body, s, signer, job);
	begin_document(page, job);
	buf_string(body, ",\"job_type\":");
	buf_json(body, job->type);
	buf_string(body, ",\"status\":");
	buf_json(body, job->status);
	buf_string(body, ",\"created_at\":");
	print_time(body, job->created_at_us);
	buf_string(body, ",\"request\":");
	buf_text(body,
	    job->request.data == NULL ? TEXT("null") : job->request);
	buf_string(body, ",\"result\":");
	if (!print_result(page, job, events))
		return false;
	buf_string(body, ",\"latest_event\":");
	if (events->n == 0)
		buf_string(body, "null");
	else if (!page_print_event(page, &events->list[events->n - 1]))
		return false;
	buf_char(body, '}');
	return true;
}
