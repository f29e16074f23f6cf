/* All that is known of OpenSSL. Its failures here are out of memory or a
 * broken installation: both end the process. */
#include "adapters/crypto.h"

#include "base/memory.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_POOL = 1024, HMAC_BLOCK = 64 };

struct crypto {
	EVP_MD *sha256;
	EVP_MD *md5;
	EVP_MD_CTX *work;
	uint8_t pool[RANDOM_POOL]; /* random bytes, used from the front */
	size_t pool_used;
};

/* RFC 2104: the digest's states behind the inner and the outer pad. */
struct crypto_hmac {
	struct crypto *crypto;
	EVP_MD_CTX *inner;
	EVP_MD_CTX *outer;
};

static void
must(bool ok)
{
	if (!ok) {
		fputs("jobtail: OpenSSL failed\n", stderr);
		abort();
	}
}

struct crypto *
crypto_new(void)
{
	struct crypto *c = memory_new(sizeof(*c));

	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	c->work = EVP_MD_CTX_new();
	c->pool_used = RANDOM_POOL;
	must(c->sha256 != NULL && c->work != NULL);
	return c;
}

void
crypto_free(struct crypto *c)
{
	if (c == NULL)
		return;
	EVP_MD_CTX_free(c->work);
	EVP_MD_free(c->sha256);
	EVP_MD_free(c->md5);
	OPENSSL_cleanse(c->pool, sizeof(c->pool));
	free(c);
}

static void
digest(uint8_t *out, struct crypto *c, const EVP_MD *md,
    const struct text *parts, size_t n_parts)
{
	must(md != NULL && EVP_DigestInit_ex2(c->work, md, NULL) == 1);
	for (size_t i = 0; i < n_parts; i++)
		must(EVP_DigestUpdate(
			 c->work, parts[i].data, parts[i].size) == 1);
	must(EVP_DigestFinal_ex(c->work, out, NULL) == 1);
}

void
crypto_sha256(uint8_t out[CRYPTO_SHA256_SIZE], struct crypto *c,
    const struct text *parts, size_t n_parts)
{
	digest(out, c, c->sha256, parts, n_parts);
}

void
crypto_md5(uint8_t out[CRYPTO_MD5_SIZE], struct crypto *c,
    const struct text *parts, size_t n_parts)
{
	digest(out, c, c->md5, parts, n_parts);
}

struct crypto_hmac *
crypto_hmac_new(struct crypto *c)
{
	struct crypto_hmac *h = memory_new(sizeof(*h));

	h->crypto = c;
	h->inner = EVP_MD_CTX_new();
	h->outer = EVP_MD_CTX_new();
	must(h->inner != NULL && h->outer != NULL);
	return h;
}

void
crypto_hmac_free(struct crypto_hmac *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->inner);
	EVP_MD_CTX_free(h->outer);
	free(h);
}

static void
start_pad(EVP_MD_CTX *ctx, const EVP_MD *md, const uint8_t *key, uint8_t pad)
{
	uint8_t block[HMAC_BLOCK];

	for (size_t i = 0; i < HMAC_BLOCK; i++)
		block[i] = key[i] ^ pad;
	must(EVP_DigestInit_ex2(ctx, md, NULL) == 1
	    && EVP_DigestUpdate(ctx, block, HMAC_BLOCK) == 1);
	OPENSSL_cleanse(block, sizeof(block));
}

void
crypto_hmac_set_key(struct crypto_hmac *h, struct text key)
{
	uint8_t block[HMAC_BLOCK] = {0};

	if (key.size > HMAC_BLOCK)
		crypto_sha256(block, h->crypto, &key, 1);
	else if (key.size > 0)
		memcpy(block, key.data, key.size);
	start_pad(h->inner, h->crypto->sha256, block, 0x36);
	start_pad(h->outer, h->crypto->sha256, block, 0x5c);
	OPENSSL_cleanse(block, sizeof(block));
}

static void
digest_from(uint8_t *out, EVP_MD_CTX *work, const EVP_MD_CTX *start,
    const void *data, size_t size)
{
	must(EVP_MD_CTX_copy_ex(work, start) == 1
	    && EVP_DigestUpdate(work, data, size) == 1
	    && EVP_DigestFinal_ex(work, out, NULL) == 1);
}

void
crypto_hmac_sha256(
    uint8_t out[CRYPTO_SHA256_SIZE], struct crypto_hmac *h, struct text data)
{
	uint8_t inner[CRYPTO_SHA256_SIZE];

	digest_from(inner, h->crypto->work, h->inner, data.data, data.size);
	digest_from(out, h->crypto->work, h->outer, inner, sizeof(inner));
}

bool
crypto_is_equal(struct text a, struct text b)
{
	return a.size == b.size && CRYPTO_memcmp(a.data, b.data, a.size) == 0;
}

void
crypto_random(struct crypto *c, void *out, size_t size)
{
	if (size > RANDOM_POOL - c->pool_used) {
		must(size <= RANDOM_POOL
		    && RAND_bytes(c->pool, RANDOM_POOL) == 1);
		c->pool_used = 0;
	}
	memcpy(out, c->pool + c->pool_used, size);
	OPENSSL_cleanse(c->pool + c->pool_used, size);
	c->pool_used += size;
}

void
crypto_base64(char *out, const uint8_t *data, size_t size)
{
	EVP_EncodeBlock((unsigned char *)out, data, (int)size);
}

void
crypto_base64url(char *out, const uint8_t *data, size_t size)
{
	crypto_base64(out, data, size);
	for (char *p = out; *p != '\0'; p++) {
		if (*p == '+')
			*p = '-';
		else if (*p == '/')
			*p = '_';
		else if (*p == '=')
			*p = '\0';
	}
}

const char *
crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
