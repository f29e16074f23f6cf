/* JSON that has credentials, as endpoints and programs give it. */
#ifndef CREDENTIALS_ANSWER_H
#define CREDENTIALS_ANSWER_H

#include "base/text.h"

struct credentials;
struct errand;

/* Texts that are absent were not in it. */
struct answer {
	struct text code;    /* of IMDS */
	struct text version; /* of a program: as it stands */
	struct text access_key_id;
	struct text secret_access_key;
	struct text token;         /* of IMDS and containers */
	struct text session_token; /* of STS and programs */
	struct text expiration;    /* as it stands */
};

/* Reads the object that the envelopes, members in members, lead to; they are
 * names with their quotes, and the last one is absent. NULL: the whole. False:
 * it is no JSON, or not such an object, or its members have wrong types; the
 * scope knows. */
bool answer_read(struct answer *answer, const struct errand *e,
    struct text json, const struct text *envelopes);

/* The credentials in it, whose owner is the caller; NULL, and the scope knows,
 * if they are not whole or have ended. Without needs_end they need neither a
 * token nor an end. */
struct credentials *answer_take(
    const struct answer *answer, const struct errand *e, bool needs_end);

#endif
