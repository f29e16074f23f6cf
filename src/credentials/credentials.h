/* What a store's URLs are signed with: a snapshot that never changes. */
#ifndef SIGNING_CREDENTIALS_H
#define SIGNING_CREDENTIALS_H

struct credentials {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token; /* NULL: a long-lived key */
};

#endif
