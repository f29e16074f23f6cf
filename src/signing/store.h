/* A store: where artifacts are, and how their URLs are made. All threads share
 * it, and it never changes. */
#ifndef SIGNING_STORE_H
#define SIGNING_STORE_H

#include "signing/secure_link.h"
#include "signing/sigv4.h"
#include "signing/window.h"

struct config_store;
struct provider;
struct scope;

struct store {
	const char *name; /* "": the default one */
	const struct store_kind *kind;
	int64_t ttl_s;
	int64_t window_s;
	/* what its kind makes of the settings */
	struct sigv4_settings s3;
	struct provider *provider; /* of its credentials; others may share it */
	struct secure_link_settings secure_link;
	/* from files; the above points to them */
	char *secret;
	char *session_token;
};

/* What there is to a kind. One without functions has no URLs. */
struct store_kind {
	/* Checks the settings and reads the secrets. NULL if they are good;
	 * else the key of one that is not, and error says what to write. */
	const char *(*load)(struct store *store, const struct config_store *c,
	    char *error, size_t error_size);

	/* One thread's signer for the store, which outlives it. */
	void *(*new)(const struct store *store, struct crypto *crypto);
	void (*free)(void *signer);

	/* Fixes the window of the URLs that follow, which may have to end
	 * earlier. False, and the scope has a cause: there are no credentials
	 * now. */
	bool (*begin)(void *signer, struct window *window, struct scope *s,
	    const struct store *store, int64_t now_s);
	/* Appends the URL of the artifact. */
	void (*url)(struct buf *out, void *signer, struct text key);
};

extern const struct store_kind store_s3;          /* s3.c */
extern const struct store_kind store_secure_link; /* secure_link.c */
extern const struct store_kind store_none;        /* none.c */

#endif
