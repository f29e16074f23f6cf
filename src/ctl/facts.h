/* What was asked of a store, and the store's words about it. Pure. */
#ifndef CTL_FACTS_H
#define CTL_FACTS_H

#include "ctl/trial.h"

struct arena;

/* Absent is what the store does not tell. */
struct facts {
	const struct trial *trial;
	const struct reply *reply;
	struct arena *arena;
	/* of the URL */
	struct text host, path; /* as they were signed */
	bool in_path;           /* the bucket is */
	/* of an S3 store's error */
	struct text code, message;
	/* of the request as it came to the store, which has signed it too */
	struct text seen_host, seen_path, seen_region;
};

/* The texts live in the scope, or as long as the trial and its reply. */
void facts_read(struct facts *f, struct scope *s, const struct trial *t,
    const struct reply *r);

/* One more element of the error. */
struct text facts_element(const struct facts *f, const char *name);

#endif
