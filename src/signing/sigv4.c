/* Presigning. What the URLs of a page share is made once: the signing key
 * (a day's), the query, the string to sign up to the request's digest. */
#include "signing/sigv4.h"

#include "adapters/crypto.h"
#include "base/clock.h"
#include "base/memory.h"
#include "signing/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASIC_SIZE = 16, DAY_SIZE = 8 }; /* of 20260415T120001Z; 20260415 */

struct sigv4 {
	struct crypto *crypto;
	char *region;
	struct buf origin;    /* scheme://host, before the path */
	struct buf host;      /* as it is signed */
	struct buf path;      /* before the key; "/" or "/bucket/" */

	/* the day's signing key, and whose it is */
	struct crypto_hmac *derive;
	struct crypto_hmac *signing_key;
	char key_day[DAY_SIZE];
	const struct credentials *key_of;

	struct buf query;     /* without the signature */
	struct buf request;   /* the canonical request behind the path */
	struct buf to_sign;   /* the string to sign without the digest */
};

/* --- the place --- */

struct place {
	struct text scheme;
	struct text authority; /* host[:port], without the scheme's port */
};

static bool
is_authority(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~'
		    || strchr("/?#@%\\\"<>", t.data[i]) != NULL)
			return false;
	return t.size > 0;
}

static bool
split_endpoint(struct place *place, const char *endpoint)
{
	struct text all = text_of(endpoint), port;

	if (text_has_prefix(all, TEXT("https://"))) {
		place->scheme = TEXT("https://");
		port = TEXT(":443");
	} else if (text_has_prefix(all, TEXT("http://"))) {
		place->scheme = TEXT("http://");
		port = TEXT(":80");
	} else {
		return false;
	}
	all.data += place->scheme.size;
	all.size -= place->scheme.size;
	if (all.size > 0 && all.data[all.size - 1] == '/')
		all.size--;
	if (all.size > port.size
	    && text_equal((struct text){all.data + all.size - port.size,
			      port.size}, port))
		all.size -= port.size;
	place->authority = all;
	return is_authority(all);
}

/* Amazon's own endpoint of a region; China is a partition of its own. */
static void
put_amazon_host(struct buf *out, const char *region)
{
	buf_printf(out, "s3.%s.amazonaws.com%s", region,
	    strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

const char *
sigv4_check(const struct sigv4_settings *settings, char *error,
    size_t error_size)
{
	struct place place;

	if (settings->region == NULL) {
		snprintf(error, error_size, "s3_region is not set; write the "
		    "bucket's region, such as eu-central-1");
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
	    && !split_endpoint(&place, settings->endpoint)) {
		snprintf(error, error_size, "s3_endpoint must be "
		    "http(s)://host or http(s)://host:port, not '%.100s'",
		    settings->endpoint);
		return "s3_endpoint";
	}
	return NULL;
}

/* A dot in the bucket's name is one label too many for the certificate. */
static bool
needs_path_style(const struct sigv4_settings *settings)
{
	return settings->path_style || strchr(settings->bucket, '.') != NULL;
}

static void
set_place(struct sigv4 *v, const struct sigv4_settings *settings)
{
	struct place place = {TEXT("https://"), {0}};
	bool in_path = needs_path_style(settings);

	if (!in_path)
		buf_printf(&v->host, "%s.", settings->bucket);
	if (settings->endpoint != NULL
	    && split_endpoint(&place, settings->endpoint))
		buf_text(&v->host, place.authority);
	else
		put_amazon_host(&v->host, settings->region);
	buf_text(&v->origin, place.scheme);
	buf_text(&v->origin, buf_as_text(&v->host));
	buf_char(&v->path, '/');
	if (in_path) {
		buf_percent(&v->path, text_of(settings->bucket), false);
		buf_char(&v->path, '/');
	}
}

struct sigv4 *
sigv4_new(const struct sigv4_settings *settings, struct crypto *crypto)
{
	struct sigv4 *v = memory_new(sizeof(*v));

	v->crypto = crypto;
	v->region = memory_strdup(settings->region);
	v->derive = crypto_hmac_new(crypto);
	v->signing_key = crypto_hmac_new(crypto);
	set_place(v, settings);
	return v;
}

void
sigv4_free(struct sigv4 *v)
{
	if (v == NULL)
		return;
	free(v->region);
	buf_release(&v->origin);
	buf_release(&v->host);
	buf_release(&v->path);
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
	    (int)v->query.size, v->query.data, (int)v->host.size,
	    v->host.data);
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

	buf_text(out, buf_as_text(&v->origin));
	path_at = out->size;
	buf_text(out, buf_as_text(&v->path));
	buf_percent(out, key, true);
	path.size = out->size - path_at;
	buf_char(out, '?');
	buf_text(out, buf_as_text(&v->query));
	buf_string(out, "&X-Amz-Signature=");
	buf_reserve(out, 2 * CRYPTO_SHA256_SIZE);
	path.data = out->data + path_at;
	put_signature(out, v, path);
}
