/* Trying a URL: its first byte is asked for. */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include "adapters/fetch.h"
#include "base/config.h"

struct scope;

/* What is tried. */
struct trial {
	const struct config_store *store; /* its settings */
	struct text key;
	struct text url;
};

/* What came of it. */
struct reply {
	int status;        /* 0: there was no answer */
	struct text body;  /* as much of it as may be needed */
	struct text region; /* x-amz-bucket-region, or absent */
	struct text location;
	int64_t date_s;    /* by the store's clock, or -1 */
	int64_t now_s;     /* by ours */
	/* without an answer */
	enum fetch_hurdle hurdle;
	struct text cause; /* in libcurl's words */
};

enum { TRIAL_DEADLINE_MS = 30000 }; /* for the scope */

/* Asks, with the certificate authorities of a file or, with NULL, of the
 * system. The reply lives in the scope or until the next trial. */
void trial_send(struct reply *r, struct scope *s, struct fetch *fetch,
    const struct trial *t, const char *ca_file);

#endif
