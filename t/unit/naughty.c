/* Events to frames, by way of the document. */
#include "naughty.h"

#include "api/page.h"
#include "signing/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Each kind of line end, a BOM, and what a parser of frames looks for. */
#define MESSAGE "a\r\nb\rc\nd\te\x01\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf: "

struct event naughty_events[NAUGHTY_N] = {
    {.seq = 1, .type = TEXT("queued"), .message = TEXT("queued"),
	.created_at_us = NAUGHTY_AT},
    {.seq = 3, .type = TEXT("event: end"), .stage = TEXT("id: 7"),
	.message = TEXT(MESSAGE), .extra = TEXT("{\"x\": \"\\n\\r\"}"),
	.created_at_us = NAUGHTY_AT},
    {.seq = 7, .type = TEXT("succeeded"), .message = TEXT("\n\n"),
	.artifacts = TEXT("[{\"key\": \"k\", \"kind\": \"c\", "
			  "\"role\": \"final\"}]"),
	.created_at_us = NAUGHTY_AT},
};

static struct store naughty_store = {
    .name = "",
    .kind = &store_secure_link,
    .ttl_s = 900,
    .secure_link = {"https://h/files/", "secret"},
};

const struct stores naughty_stores = {.list = &naughty_store, .n = 1};

struct job
naughty_job(bool closed)
{
	return (struct job){.public_id = TEXT(NAUGHTY_ID), .id = 5,
	    .status = TEXT("IN_PROGRESS"), .closed = closed,
	    .has_last_seq = true, .last_seq = NAUGHTY_LAST_SEQ,
	    .at_us = NAUGHTY_AT};
}

struct hold
naughty_hold(enum form form, bool has_cursor, int64_t cursor)
{
	struct hold h = {
	    .form = form, .has_cursor = has_cursor, .cursor = cursor};

	memcpy(h.route.id, NAUGHTY_ID, sizeof(NAUGHTY_ID));
	return h;
}

/* What stands between the brackets of "events". */
static void
put_element(struct buf *out, const struct buf *document)
{
	static const char before[] =
	    "{\"public_id\":\"" NAUGHTY_ID "\",\"events\":[";
	static const char after[] = "],\"latest_seq\":";
	const char *end = strstr(document->data, after);

	if (strncmp(document->data, before, strlen(before)) != 0
	    || end == NULL)
		abort();
	buf_text(out, (struct text){document->data + strlen(before),
	    (size_t)(end - document->data) - strlen(before)});
}

void
put_frame(struct buf *out, struct scope *s, struct signer *signer,
    enum form form, const struct event *e)
{
	const struct page_cursor cursor = {0};
	struct event event = *e;
	struct events one = {.list = &event, .n = 1};
	struct job job = naughty_job(false);
	struct buf document = {0};
	struct page page;

	page_render(&page, &document, s, signer, &job, &one, &cursor,
	    SIZE_MAX);
	buf_char(&document, '\0');
	if (form == FORM_SSE)
		buf_printf(out, "id: %" PRId64 "\ndata: ", e->seq);
	put_element(out, &document);
	buf_string(out, form == FORM_SSE ? "\n\n" : "\n");
	buf_release(&document);
}
