/* The JSON of the answers. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "base/buf.h"
#include "signing/window.h"

struct event;
struct events;
struct job;
struct scope;
struct signer;

struct page {
	struct buf *body;
	struct scope *scope;
	struct signer *signer;
	size_t n_events;
	size_t n_links;
	bool cut;           /* at a ceiling: more events are to be had */
	bool has_latest;
	int64_t latest_seq; /* "latest_seq", unless it is null */
	struct window window; /* of all the URLs, if there are links */
};

/* What an empty page says as its latest_seq. */
struct page_cursor {
	bool given;
	int64_t since;
};

/* Begins a page of the job's: for URLs that are signed from here on. */
void page_begin(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job);

/* What prints URLs is false, and the scope has the problem, if a store has no
 * credentials now; the body is then of no use. */

/* The element of "events", as it stands in every form of the answer. */
bool page_print_event(struct page *page, const struct event *e);

/* Renders the timeline document into body, which is empty, with as many
 * events as stay within max_bytes, but at least one. */
bool page_render(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job,
    const struct events *events, const struct page_cursor *cursor,
    size_t max_bytes);

/* Renders the job's document: events has its newest event, if any, and the
 * one with its result, if any. */
bool page_render_job(struct page *page, struct buf *body, struct scope *s,
    struct signer *signer, const struct job *job,
    const struct events *events);

#endif
