/* The pieces of a stream: server-sent events (HTML Standard, section 9.2), or
 * newline-delimited JSON. */
#ifndef API_FRAMES_H
#define API_FRAMES_H

#include "api/accept.h"
#include "base/buf.h"

struct event;
struct hold;
struct page;

/* Before the first event: how long to wait before connecting again, and
 * where an EventSource resumes when it sees no event at all. */
void frames_begin(struct buf *out, const struct hold *h, int retry_ms);

/* Onto the page's body, whole or not at all: see page_print_event(). */
bool frames_event(struct page *page, enum form form, const struct event *e);

/* Nothing new, but somebody is here. */
void frames_silence(struct buf *out, enum form form);

/* The timeline is complete. */
void frames_end(struct buf *out, const struct hold *h, struct text status);

/* The stream ends here, the timeline does not; why is for an EventSource. */
void frames_bye(struct buf *out, const struct hold *h, const char *why);

/* From now on connections are tried again this much later. */
void frames_retry(struct buf *out, enum form form, int retry_ms);

#endif
