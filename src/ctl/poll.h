/* One question for what is new, and what came of it. */
#ifndef CTL_POLL_H
#define CTL_POLL_H

#include "base/buf.h"
#include "ctl/batch.h"

struct fetch;
struct scope;

/* The timeline that is asked for. */
struct source {
	struct fetch *fetch;
	struct text job; /* its address */
	const char *authorization; /* a header */
	const char *ca_file; /* or NULL */
};

enum poll_outcome {
	POLL_ANSWERED,
	POLL_INTERRUPTED, /* worth another try */
	POLL_REFUSED, /* not worth one */
	POLL_UNREAD, /* nobody reads what we print */
};

/* Which members count depends on the outcome. */
struct poll {
	/* answered */
	struct batch batch;
	bool closed; /* nothing can follow */
	bool ahead; /* the mark is past the job's last event */
	struct text job_status; /* absent from servers that do not tell */
	int64_t interval_s; /* between answers without news */
	/* interrupted, refused */
	struct buf why; /* for people */
	int64_t retry_after_s; /* what the answer asks for, or -1 */
};

enum { POLL_DEADLINE_MS = 300000 }; /* for the scope; slow lines need some */

/* Asks what is behind the mark; the server may hold the answer until there
 * is something. Texts live in the scope or until the next question. */
enum poll_outcome poll_ask(struct poll *p, struct scope *s,
    const struct source *source, const struct mark *after);

void poll_release(struct poll *p);

#endif
