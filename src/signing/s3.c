/* The kind of store that takes AWS Signature Version 4. */
#include "signing/store.h"

#include "base/config.h"
#include "base/memory.h"
#include "base/scope.h"
#include "base/secret.h"
#include "credentials/credentials.h"
#include "credentials/provider.h"

#include <stdio.h>
#include <stdlib.h>

/* --- settings --- */

/* What "auto" may do without, "static" may not. */
static const char *
load_static(struct store *store, const struct config_store *c, char *error,
    size_t size)
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
	return NULL;
}

/* The key of a setting that another source than the one that is named would
 * take, so that only one of the two can be meant; NULL: there is none. */
static const char *
find_stray(const struct config_store *c)
{
	bool is_auto = c->credentials == CREDENTIALS_AUTO;
	bool has_process = c->credentials == CREDENTIALS_PROCESS;

	if (c->s3_access_key_id != NULL && !config_is_static(c))
		return "s3_access_key_id";
	if (c->s3_secret_key_file != NULL && !config_is_static(c))
		return "s3_secret_key_file";
	if (c->s3_profile != NULL && !is_auto && !has_process
	    && c->credentials != CREDENTIALS_PROFILE)
		return "s3_profile";
	if (c->s3_credential_process != NULL && !is_auto && !has_process)
		return "s3_credential_process";
	return NULL;
}

static const char *
load_credentials(struct store *store, const struct config_store *c,
    char *error, size_t size)
{
	struct provider_settings settings = {
	    .name = store->name,
	    .chain = chain_of(c->credentials),
	    .source = {
		.access_key_id = c->s3_access_key_id,
		.profile = c->s3_profile,
		.process = c->s3_credential_process,
		.sts_region = c->s3_endpoint == NULL ? c->s3_region : NULL,
	    },
	};
	const char *key = config_is_static(c)
	    ? load_static(store, c, error, size) : NULL;

	if (key != NULL)
		return key;
	key = find_stray(c);
	if (key != NULL) {
		snprintf(error, size, "%s is set, and credentials names a "
		    "source that does not take it; drop one of them", key);
		return key;
	}
	settings.source.secret_access_key = store->secret;
	settings.source.session_token = store->session_token;
	store->provider = provider_new(&settings, error, size);
	return store->provider != NULL ? NULL : "credentials";
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

/* --- signing --- */

struct s3_signer {
	struct sigv4 *sigv4;
	struct credentials *credentials; /* of the URLs that are made now */
};

static void *
signer_new(const struct store *store, struct crypto *crypto)
{
	struct s3_signer *signer = memory_new(sizeof(*signer));

	signer->sigv4 = sigv4_new(&store->s3, crypto);
	return signer;
}

static void
signer_free(void *state)
{
	struct s3_signer *signer = state;

	sigv4_free(signer->sigv4);
	credentials_release(signer->credentials);
	free(signer);
}

/* Nothing lives longer than what it was signed with. Then it is not to be kept
 * for as long as usual either. */
static void
clamp(struct window *window, int64_t ends_at, int64_t ttl_s, int64_t now_s)
{
	if (window->expires_at <= ends_at)
		return;
	window->expires_at = ends_at;
	if (window->rolls_at > ends_at - ttl_s)
		window->rolls_at = ends_at - ttl_s;
	if (window->rolls_at <= now_s)
		window->rolls_at = now_s + 1;
}

static bool
begin(void *state, struct window *window, struct scope *s,
    const struct store *store, int64_t now_s)
{
	struct s3_signer *signer = state;
	struct credentials *c = provider_take(store->provider, s,
	    window->signed_at, window->expires_at, now_s);

	if (c == NULL) {
		scope_cause(
		    s, "the store '%s' has no credentials now", store->name);
		return false;
	}
	clamp(window, c->ends_at, store->ttl_s, now_s);
	sigv4_begin(signer->sigv4, c, window->signed_at,
	    window->expires_at - window->signed_at);
	credentials_release(signer->credentials);
	signer->credentials = c;
	return true;
}

static void
url(struct buf *out, void *state, struct text key)
{
	struct s3_signer *signer = state;

	sigv4_url(out, signer->sigv4, key);
}

const struct store_kind store_s3 = {
    load, signer_new, signer_free, begin, url};
