/* JSON documents that come from the database (json-c). */
#ifndef ADAPTERS_DOC_H
#define ADAPTERS_DOC_H

#include "base/text.h"

struct scope;

struct doc_artifact {
	struct text key;   /* in the store; never empty */
	struct text kind;
	struct text role;
	struct text label; /* absent: null */
	struct text meta;  /* an object as it stands in the document */
};

struct doc_artifacts {
	struct doc_artifact *list;
	size_t n;
};

/* Reads [{"key", "kind", "role", "label", "meta"}, ...] as PostgreSQL prints
 * a jsonb; an absent document has none. Texts live in json or in the scope.
 * What is no such array gives false, an element that is no artifact is left
 * out: both leave a cause. */
bool doc_artifacts(
    struct doc_artifacts *out, struct scope *s, struct text json);

/* The library's version, for -V. */
const char *doc_version(void);

#endif
