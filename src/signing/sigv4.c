/* Presigning. What the URLs of a page share is made once: the signing key
 * (a day's), the query, the string to sign up to the request's digest. */
#include "signing/sigv4.h"

#include "adapters/crypto.h"
#include "base/clock.h"
#include "base/memory.h"
#include "credentials/credentials.h"
#include "signing/cache_control.h"
#include "signing/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASIC_SIZE = 16, DAY_SIZE = 8 }; /* of 20260415T120001Z; 20260415 */

struct sigv4 {
	struct crypto *crypto;
	char *region;
	struct buf headers;   /* parameters: what to answer with */
	struct place place;

	/* the day's signing key, and whose it is */
	struct crypto_hmac *derive;
	struct crypto_hmac *signing_key;
	char key_day[DAY_SIZE];
	const struct credentials *key_of;

	struct buf query;     /* without the signature */
	struct buf request;   /* the canonical request behind the path */
	struct buf to_sign;   /* the string to sign without the digest */
};

/* --- what all URLs share --- */

const char *
sigv4_check(const struct sigv4_settings *settings, char *error,
    size_t error_size)
{
	if (settings->region == NULL) {
		snprintf(error, error_size, "s3_region is not set; write the "
		    "bucket's region, such as eu-central-1 (or store = none)");
		return "s3_region";
	}
	if (settings->bucket == NULL) {
		snprintf(error, error_size, "s3_bucket is not set; write the "
		    "bucket's name (or store = none)");
		return "s3_bucket";
	}
	if (strchr(settings->bucket, '/') != NULL) {
		snprintf(error, error_size, "s3_bucket is not a bucket's name; write "
		    "the name alone, without a slash");
		return "s3_bucket";
	}
	if (settings->endpoint != NULL
	    && !place_is_endpoint(settings->endpoint)) {
		snprintf(error, error_size, "s3_endpoint must be "
		    "http(s)://host or http(s)://host:port in lower case, "
		    "not '%.100s'",
		    settings->endpoint);
		return "s3_endpoint";
	}
	if (settings->content_disposition != NULL
	    && strcmp(settings->content_disposition, "inline") != 0
	    && strcmp(settings->content_disposition, "attachment") != 0) {
		snprintf(error, error_size, "s3_response_content_disposition "
		    "must be inline or attachment, not '%.100s'",
		    settings->content_disposition);
		return "s3_response_content_disposition";
	}
	if (settings->cache_control != NULL
	    && !cache_control_is_safe(settings->cache_control)) {
		snprintf(error, error_size, "s3_response_cache_control must be "
		    "a list of public, private, no-cache, no-store, immutable "
		    "and max-age=SECONDS, with commas between, not '%.100s'",
		    settings->cache_control);
		return "s3_response_cache_control";
	}
	return NULL;
}

/* They sort behind the others. */
static void
set_header(struct sigv4 *v, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(&v->headers, "&response-%s=", name);
	buf_percent(&v->headers, text_of(value), false);
}

struct sigv4 *
sigv4_new(const struct sigv4_settings *settings, struct crypto *crypto)
{
	struct sigv4 *v = memory_new(sizeof(*v));

	v->crypto = crypto;
	v->region = memory_strdup(settings->region);
	v->derive = crypto_hmac_new(crypto);
	v->signing_key = crypto_hmac_new(crypto);
	place_find(&v->place, settings->endpoint, settings->region,
	    settings->bucket, settings->path_style);
	set_header(v, "cache-control", settings->cache_control);
	set_header(v, "content-disposition", settings->content_disposition);
	return v;
}

void
sigv4_free(struct sigv4 *v)
{
	if (v == NULL)
		return;
	free(v->region);
	buf_release(&v->headers);
	place_release(&v->place);
	buf_release(&v->query);
	buf_release(&v->request);
	buf_release(&v->to_sign);
	crypto_hmac_free(v->derive);
	crypto_hmac_free(v->signing_key);
	free(v);
}

/* --- what a page shares --- */

/* HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), "s3"), "aws4_request") */
static void
derive_signing_key(
    struct sigv4 *v, const struct credentials *credentials, const char *day)
{
	const struct text steps[] = {{day, DAY_SIZE}, text_of(v->region),
	    TEXT("s3"), TEXT("aws4_request")};
	uint8_t key[CRYPTO_SHA256_SIZE];
	struct buf secret = {0};

	buf_printf(&secret, "AWS4%s", credentials->secret_access_key);
	crypto_hmac_set_key(v->derive, buf_as_text(&secret));
	explicit_bzero(secret.data, secret.size);
	buf_release(&secret);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		crypto_hmac_sha256(key, v->derive, steps[i]);
		crypto_hmac_set_key(v->derive,
		    (struct text){(const char *)key, sizeof(key)});
	}
	crypto_hmac_set_key(v->signing_key,
	    (struct text){(const char *)key, sizeof(key)});
	explicit_bzero(key, sizeof(key));
	memcpy(v->key_day, day, DAY_SIZE);
	v->key_of = credentials;
}

/* The parameters, sorted by name; values encoded, '/' too. */
static void
make_query(struct sigv4 *v, const struct credentials *credentials,
    const char *basic, struct text scope, int64_t expires_s)
{
	struct buf *q = &v->query;

	q->size = 0;
	buf_string(q, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
	buf_percent(q, text_of(credentials->access_key_id), false);
	buf_string(q, "%2F");
	buf_percent(q, scope, false);
	buf_string(q, "&X-Amz-Date=");
	buf_bytes(q, basic, BASIC_SIZE);
	buf_string(q, "&X-Amz-Expires=");
	buf_int(q, expires_s);
	if (credentials->session_token != NULL) {
		buf_string(q, "&X-Amz-Security-Token=");
		buf_percent(q, text_of(credentials->session_token), false);
	}
	buf_string(q, "&X-Amz-SignedHeaders=host");
	buf_text(q, buf_as_text(&v->headers));
}

void
sigv4_begin(struct sigv4 *v, const struct credentials *credentials,
    int64_t signed_at, int64_t expires_s)
{
	struct buf date = {0}, scope = {0};

	clock_print_basic(&date, signed_at);
	buf_bytes(&scope, date.data, DAY_SIZE);
	buf_printf(&scope, "/%s/s3/aws4_request", v->region);
	if (v->key_of != credentials
	    || memcmp(v->key_day, date.data, DAY_SIZE) != 0)
		derive_signing_key(v, credentials, date.data);
	make_query(v, credentials, date.data, buf_as_text(&scope), expires_s);

	v->request.size = 0;
	buf_printf(&v->request, "\n%.*s\nhost:%.*s\n\nhost\nUNSIGNED-PAYLOAD",
	    (int)v->query.size, v->query.data, (int)v->place.host.size,
	    v->place.host.data);
	v->to_sign.size = 0;
	buf_printf(&v->to_sign, "AWS4-HMAC-SHA256\n%.*s\n%.*s\n",
	    (int)date.size, date.data, (int)scope.size, scope.data);
	buf_release(&date);
	buf_release(&scope);
}

/* --- one URL --- */

static void
put_signature(struct buf *out, struct sigv4 *v, struct text path)
{
	const struct text request[] = {
	    TEXT("GET\n"), path, buf_as_text(&v->request)};
	uint8_t digest[CRYPTO_SHA256_SIZE];
	size_t shared = v->to_sign.size;

	crypto_sha256(digest, v->crypto, request, 3);
	buf_hex(&v->to_sign, digest, sizeof(digest));
	crypto_hmac_sha256(digest, v->signing_key, buf_as_text(&v->to_sign));
	v->to_sign.size = shared;
	buf_hex(out, digest, sizeof(digest));
}

void
sigv4_url(struct buf *out, struct sigv4 *v, struct text key)
{
	size_t path_at;
	struct text path;

	buf_text(out, buf_as_text(&v->place.origin));
	path_at = out->size;
	buf_text(out, buf_as_text(&v->place.path));
	buf_percent(out, key, true);
	path.size = out->size - path_at;
	buf_char(out, '?');
	buf_text(out, buf_as_text(&v->query));
	buf_string(out, "&X-Amz-Signature=");
	buf_reserve(out, 2 * CRYPTO_SHA256_SIZE);
	path.data = out->data + path_at;
	put_signature(out, v, path);
}
