/* An event's artifacts with their URLs. */
#ifndef API_LINKS_H
#define API_LINKS_H

#include "signing/window.h"

struct scope;
struct signer;

struct link {
	struct text url;   /* presigned: it never goes to a log */
	struct text kind;
	struct text role;
	struct text label; /* absent: null */
	struct text meta;  /* JSON, as it stands in the database */
};

struct links {
	struct link *list;
	size_t n;
	struct window window; /* of them all, if there are any */
};

/* Signs what the artifacts (JSON, absent: none) name; signer_begin() has
 * been called. An artifact that cannot be read is left out, with a cause; so
 * is one whose store has no URLs or is not known. False, and the scope has the
 * problem: a store has no credentials now. */
bool links_sign(struct links *links, struct scope *s, struct signer *signer,
    struct text artifacts);

#endif
