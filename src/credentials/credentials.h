/* What a store's URLs are signed with: a snapshot that never changes. Many
 * share it, and the last one to release it wipes it. */
#ifndef CREDENTIALS_CREDENTIALS_H
#define CREDENTIALS_CREDENTIALS_H

#include "base/text.h"

/* Wall seconds; of a long-lived key, and of one whose end nobody knows. */
#define CREDENTIALS_NO_END INT64_MAX

struct credentials {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token; /* NULL: a long-lived key */
	int64_t ends_at;           /* wall seconds */
	int64_t since;             /* windows from then on are signed with it */
	int n_owners;              /* whoever holds one calls release */
};

/* Copies the texts; an absent token is none. The caller is the owner. */
struct credentials *credentials_new(struct text access_key_id,
    struct text secret_access_key, struct text session_token, int64_t ends_at);

/* Whether the text may be a part of credentials: it is not empty, and printable
 * ASCII without blanks. */
bool credentials_is_word(struct text t);

/* One owner more, for whom it is. */
struct credentials *credentials_share(struct credentials *c);
void credentials_release(struct credentials *c);

/* Whether both are the same key, with the same end; NULL is none. */
bool credentials_equal(
    const struct credentials *a, const struct credentials *b);

#endif
