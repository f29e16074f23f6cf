/* The store's signer, whichever kind it is. */
#ifndef SIGNING_SIGNER_H
#define SIGNING_SIGNER_H

#include "signing/credentials.h"
#include "signing/secure_link.h"
#include "signing/sigv4.h"
#include "signing/window.h"

enum signer_kind { SIGNER_S3, SIGNER_SECURE_LINK, SIGNER_NONE };

/* Shared by all threads; what its kind does not need may be empty. */
struct signer_settings {
	enum signer_kind kind;
	int64_t ttl_s;
	int64_t window_s;
	struct sigv4_settings s3;
	struct credentials credentials;
	struct secure_link_settings secure_link;
};

/* One thread's. */
struct signer;

/* The settings outlive the signer. */
struct signer *signer_new(
    const struct signer_settings *settings, struct crypto *crypto);
void signer_free(struct signer *s);

/* Fixes the window for the URLs of this job that follow. */
struct window signer_begin(struct signer *s, struct text job, int64_t now_s);

/* Appends the URL of the artifact; false if the store has none. */
bool signer_url(struct buf *out, struct signer *s, struct text key);

#endif
