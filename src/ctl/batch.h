/* The events of one answer. */
#ifndef CTL_BATCH_H
#define CTL_BATCH_H

#include "base/text.h"

struct scope;

/* Where a reader is in the timeline. */
struct mark {
	bool given; /* else before the first event */
	int64_t seq;
};

struct batch_artifact {
	struct text url, kind, role, label; /* absent: null, or missing */
};

struct batch_event {
	struct text json; /* as it stands in the answer */
	int64_t seq;
	struct text type, stage, message, created_at; /* or absent */
	struct batch_artifact *artifacts;
	size_t n_artifacts;
};

struct batch {
	struct batch_event *events;
	size_t n;
	struct mark latest;
};

/* Reads {"public_id", "events", "latest_seq"}, the answer to a question for
 * what is behind the mark. False with a cause if it is anything else, or if
 * the numbers are not those that must follow the mark: nothing of such an
 * answer may be used. */
bool batch_read(struct batch *out, struct scope *s, struct text body,
    const struct mark *after);

#endif
