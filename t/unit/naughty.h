/* A job, its events, which do their best to break a line, and how these should
 * stand in a stream. */
#ifndef T_UNIT_NAUGHTY_H
#define T_UNIT_NAUGHTY_H

#include "api/events.h"
#include "api/hold.h"
#include "api/job.h"
#include "base/buf.h"
#include "signing/signer.h"
#include "signing/stores.h"

#define NAUGHTY_ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define NAUGHTY_AT INT64_C(1776254401500000) /* 2026-04-15T12:00:01.5Z */

enum { NAUGHTY_N = 3, NAUGHTY_LAST_SEQ = 9 };

/* Their numbers are 1, 3 and 7; the last one has a link. */
extern struct event naughty_events[NAUGHTY_N];

/* The URLs of the links. */
extern const struct stores naughty_stores;

struct job naughty_job(bool closed);
struct hold naughty_hold(enum form form, bool has_cursor, int64_t cursor);

/* The frame of an event: around the very element that the document has. */
void put_frame(struct buf *out, struct scope *s, struct signer *signer,
    enum form form, const struct event *e);

#endif
