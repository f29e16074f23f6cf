/* The kind of store that takes AWS Signature Version 4. */
#include "signing/store.h"

#include "base/config.h"
#include "base/secret.h"

#include <stdio.h>

static const char *
load_credentials(struct store *store, const struct config_store *c,
    char *error, size_t size)
{
	if (c->s3_access_key_id == NULL) {
		snprintf(error, size, "s3_access_key_id is not set; write the "
		    "id of the access key");
		return "s3_access_key_id";
	}
	if (!secret_load(&store->secret, "s3_secret_key_file",
		c->s3_secret_key_file, true, error, size))
		return "s3_secret_key_file";
	if (!secret_load(&store->session_token, "s3_session_token_file",
		c->s3_session_token_file, false, error, size))
		return "s3_session_token_file";
	store->credentials = (struct credentials){
	    c->s3_access_key_id, store->secret, store->session_token};
	return NULL;
}

static const char *
load(struct store *store, const struct config_store *c, char *error,
    size_t size)
{
	const char *key;

	store->s3 = (struct sigv4_settings){
	    .endpoint = c->s3_endpoint,
	    .region = c->s3_region,
	    .bucket = c->s3_bucket,
	    .path_style = c->s3_addressing == ADDRESSING_PATH,
	    .content_disposition = c->s3_response_content_disposition,
	    .cache_control = c->s3_response_cache_control,
	};
	key = sigv4_check(&store->s3, error, size);
	return key != NULL ? key : load_credentials(store, c, error, size);
}

static void *
signer_new(const struct store *store, struct crypto *crypto)
{
	return sigv4_new(&store->s3, crypto);
}

static void
signer_free(void *signer)
{
	sigv4_free(signer);
}

static void
begin(void *signer, const struct store *store, const struct window *window)
{
	sigv4_begin(signer, &store->credentials, window->signed_at,
	    window->expires_at - window->signed_at);
}

static void
url(struct buf *out, void *signer, struct text key)
{
	sigv4_url(out, signer, key);
}

const struct store_kind store_s3 = {
    load, signer_new, signer_free, begin, url};
