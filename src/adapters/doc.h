/* Reading JSON documents (json-c). A value is its text as it stands in the
 * document, so numbers stay what they are. Whether a document is JSON at all
 * is not asked: see json_is_valid() for what comes from strangers. Texts live
 * in the document or in the scope. */
#ifndef ADAPTERS_DOC_H
#define ADAPTERS_DOC_H

#include "base/text.h"

struct scope;

/* What a decoder makes of a value; false if it is of the wrong type. */
bool doc_string(struct text *out, struct scope *s, struct text json);
bool doc_string_or_null(struct text *out, struct scope *s, struct text json);
bool doc_as_it_stands(struct text *out, struct scope *s, struct text json);

/* A member that is wanted, and where in a struct its text goes. A list of
 * them ends with one without a decoder. */
struct doc_member {
	struct text name; /* with its quotes */
	size_t offset;
	bool (*decode)(struct text *out, struct scope *s, struct text json);
};

/* Reads an object's members into the struct out; those that are absent leave
 * it as it is, others are passed over. False if json is no object, or a
 * member is of the wrong type or there twice. */
bool doc_members(void *out, const struct doc_member *members, struct scope *s,
    struct text json);

struct doc_elements {
	struct text *list;
	size_t n;
};

/* False if json is no array. */
bool doc_elements(struct doc_elements *out, struct scope *s, struct text json);

struct doc_artifact {
	struct text key;   /* in the store; never empty */
	struct text kind;
	struct text role;
	struct text label; /* absent: null */
	struct text meta;  /* an object as it stands in the document */
	struct text store; /* its name; absent: the default one */
};

struct doc_artifacts {
	struct doc_artifact *list;
	size_t n;
};

/* Reads [{"key", "kind", "role", "label", "meta", "store"}, ...] as PostgreSQL
 * prints a jsonb; an absent document has none. What is no such array gives false, an
 * element that is no artifact is left out: both leave a cause. */
bool doc_artifacts(
    struct doc_artifacts *out, struct scope *s, struct text json);

/* The library's version, for -V. */
const char *doc_version(void);

#endif
