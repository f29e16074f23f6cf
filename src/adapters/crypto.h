/* Digests, HMAC, comparison in constant time and randomness (OpenSSL 3).
 * The algorithms are fetched once per struct; one thread uses it at a time. */
#ifndef ADAPTERS_CRYPTO_H
#define ADAPTERS_CRYPTO_H

#include "base/text.h"

enum { CRYPTO_SHA256_SIZE = 32, CRYPTO_MD5_SIZE = 16 };

struct crypto;
/* A key for HMAC-SHA256 that is ready for use many times. */
struct crypto_hmac;

struct crypto *crypto_new(void);
void crypto_free(struct crypto *c);

/* Of the parts, one after the other. */
void crypto_sha256(uint8_t out[CRYPTO_SHA256_SIZE], struct crypto *c,
    const struct text *parts, size_t n_parts);
void crypto_md5(uint8_t out[CRYPTO_MD5_SIZE], struct crypto *c,
    const struct text *parts, size_t n_parts);

struct crypto_hmac *crypto_hmac_new(struct crypto *c);
void crypto_hmac_free(struct crypto_hmac *h);
void crypto_hmac_set_key(struct crypto_hmac *h, struct text key);
void crypto_hmac_sha256(
    uint8_t out[CRYPTO_SHA256_SIZE], struct crypto_hmac *h, struct text data);

/* In a time that depends on the sizes alone. */
bool crypto_is_equal(struct text a, struct text b);

void crypto_random(struct crypto *c, void *out, size_t size);

/* Base64 (RFC 4648, section 4); out has room for 4 * ((size + 2) / 3) + 1
 * bytes, with a NUL at the end. */
void crypto_base64(char *out, const uint8_t *data, size_t size);
/* Base64url without padding (section 5), into the same room. */
void crypto_base64url(char *out, const uint8_t *data, size_t size);

/* The library's name and version, for -V. */
const char *crypto_version(void);

#endif
