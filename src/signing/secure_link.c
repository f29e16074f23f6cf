/* Links that nginx checks. */
#include "signing/secure_link.h"

#include "adapters/crypto.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/secret.h"
#include "signing/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct secure_link {
	struct crypto *crypto;
	char *base;      /* without a slash at the end */
	const char *path; /* where the path begins in base; may be "" */
	char *secret;
	char expires[24];
};

/* Behind scheme://host[:port]; NULL if that is not there. */
static const char *
path_of(const char *base)
{
	const char *host = strstr(base, "://");

	if (host == NULL || host == base || host[3] == '\0' || host[3] == '/')
		return NULL;
	return host + 3 + strcspn(host + 3, "/");
}

/* nginx hashes the decoded path, so an encoded one would need both forms. */
bool
secure_link_check(const struct secure_link_settings *settings, char *error,
    size_t error_size)
{
	const char *base = settings->base;

	if (base == NULL || path_of(base) == NULL
	    || strpbrk(base, "?#% ") != NULL) {
		snprintf(error, error_size, "secure_link_base must be the "
		    "address before the artifacts' keys, such as "
		    "https://media.example.org/artifacts, without %%, ? and #");
		return false;
	}
	return true;
}

struct secure_link *
secure_link_new(
    const struct secure_link_settings *settings, struct crypto *crypto)
{
	struct secure_link *l = memory_new(sizeof(*l));
	size_t n;

	l->crypto = crypto;
	l->base = memory_strdup(settings->base);
	l->secret = memory_strdup(settings->secret);
	l->path = path_of(l->base);
	n = strlen(l->base);
	if (l->base[n - 1] == '/')
		l->base[n - 1] = '\0';
	return l;
}

void
secure_link_free(struct secure_link *l)
{
	if (l == NULL)
		return;
	free(l->base);
	explicit_bzero(l->secret, strlen(l->secret));
	free(l->secret);
	free(l);
}

void
secure_link_begin(struct secure_link *l, int64_t expires_at)
{
	snprintf(l->expires, sizeof(l->expires), "%lld",
	    (long long)expires_at);
}

void
secure_link_url(struct buf *out, struct secure_link *l, struct text key)
{
	const struct text parts[] = {text_of(l->expires), text_of(l->path),
	    TEXT("/"), key, TEXT(" "), text_of(l->secret)};
	uint8_t digest[CRYPTO_MD5_SIZE];
	char base64[4 * ((CRYPTO_MD5_SIZE + 2) / 3) + 1];

	crypto_md5(
	    digest, l->crypto, parts, sizeof(parts) / sizeof(parts[0]));
	crypto_base64url(base64, digest, sizeof(digest));
	buf_string(out, l->base);
	buf_char(out, '/');
	buf_percent(out, key, true);
	buf_string(out, "?md5=");
	buf_string(out, base64);
	buf_string(out, "&expires=");
	buf_string(out, l->expires);
}

/* --- the kind --- */

static const char *
load(struct store *store, const struct config_store *c, char *error,
    size_t size)
{
	if (!secret_load(&store->secret, "secure_link_secret_file",
		c->secure_link_secret_file, true, error, size))
		return "secure_link_secret_file";
	store->secure_link = (struct secure_link_settings){
	    c->secure_link_base, store->secret};
	return secure_link_check(&store->secure_link, error, size)
	    ? NULL : "secure_link_base";
}

static void *
signer_new(const struct store *store, struct crypto *crypto)
{
	return secure_link_new(&store->secure_link, crypto);
}

static void
signer_free(void *signer)
{
	secure_link_free(signer);
}

static bool
begin(void *signer, struct window *window, struct scope *s,
    const struct store *store, int64_t now_s)
{
	(void)s, (void)store, (void)now_s;
	secure_link_begin(signer, window->expires_at);
	return true;
}

static void
url(struct buf *out, void *signer, struct text key)
{
	secure_link_url(out, signer, key);
}

const struct store_kind store_secure_link = {
    load, signer_new, signer_free, begin, url};
