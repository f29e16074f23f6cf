/* Frames, by form. */
#include "api/frames.h"

#include "api/events.h"
#include "api/hold.h"
#include "api/page.h"

void
frames_retry(struct buf *out, enum form form, int retry_ms)
{
	if (form == FORM_SSE)
		buf_printf(out, "retry: %d\n\n", retry_ms);
}

void
frames_begin(struct buf *out, const struct hold *h, int retry_ms)
{
	frames_retry(out, h->form, retry_ms);
	if (h->form == FORM_SSE && h->has_cursor) {
		buf_string(out, "id: ");
		buf_int(out, h->cursor);
		buf_string(out, "\n\n");
	}
}

/* The JSON of an event has no line end: in it they are escaped. */
bool
frames_event(struct page *page, enum form form, const struct event *e)
{
	struct buf *out = page->body;
	size_t before = out->size;

	if (form == FORM_SSE) {
		buf_string(out, "id: ");
		buf_int(out, e->seq);
		buf_string(out, "\ndata: ");
	}
	if (!page_print_event(page, e)) {
		out->size = before;
		return false;
	}
	buf_string(out, form == FORM_SSE ? "\n\n" : "\n");
	return true;
}

void
frames_silence(struct buf *out, enum form form)
{
	buf_string(out, form == FORM_SSE ? ":\n\n" : "\n");
}

static void
print_latest(struct buf *out, const struct hold *h)
{
	buf_string(out, "\"latest_seq\":");
	if (h->has_cursor)
		buf_int(out, h->cursor);
	else
		buf_string(out, "null");
}

static void
print_last_line(struct buf *out, const struct hold *h, bool closed)
{
	buf_char(out, '{');
	print_latest(out, h);
	buf_string(out, closed
		? ",\"closed\":true}\n" : ",\"closed\":false}\n");
}

void
frames_end(struct buf *out, const struct hold *h, struct text status)
{
	if (h->form == FORM_NDJSON) {
		print_last_line(out, h, true);
		return;
	}
	buf_string(out, "event: end\ndata: {\"public_id\":");
	buf_json(out, text_of(h->route.id));
	buf_char(out, ',');
	print_latest(out, h);
	buf_string(out, ",\"status\":");
	buf_json(out, status);
	buf_string(out, "}\n\n");
}

void
frames_bye(struct buf *out, const struct hold *h, const char *why)
{
	if (h->form == FORM_NDJSON) {
		print_last_line(out, h, false);
		return;
	}
	buf_string(out, "event: bye\ndata: {\"reason\":");
	buf_json(out, text_of(why));
	buf_char(out, ',');
	print_latest(out, h);
	buf_string(out, "}\n\n");
}
