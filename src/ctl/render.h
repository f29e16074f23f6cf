/* Events, for people. */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include "base/buf.h"

struct batch_event;

/* A line with time, stage and message; two more an artifact. */
void render_event(struct buf *out, const struct batch_event *e);

/* The event as the server sent it, as one line. */
void render_json(struct buf *out, const struct batch_event *e);

/* Somebody's text for a terminal: control characters, and those that turn
 * the direction of writing, are written as \n or \u001b. */
void render_text(struct buf *out, struct text t);

#endif
