/* Tickets, made and read. */
#include "signing/ticket.h"

#include "base/buf.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1 }; /* the version */

/* Where things are in a ticket before it is text. */
enum {
	AT_VERSION = 0,
	AT_DATA_SET = 1,
	AT_END = 2,
	AT_RANDOM = 10,
	AT_KEY = AT_RANDOM + TICKET_RANDOM_SIZE,
	AT_MAC = AT_KEY + CRYPTO_SHA256_SIZE,
	RAW_SIZE = AT_MAC + CRYPTO_SHA256_SIZE,
};

/* No padding, and no bits that are left over. */
_Static_assert(RAW_SIZE % 3 == 0 && RAW_SIZE / 3 * 4 == TICKET_SIZE,
    "a ticket is whole groups of base64");

struct ticket_keys {
	struct crypto_hmac *list[TICKET_KEYS_MAX];
	size_t n;
};

bool
ticket_keys_check(struct text lines, char *error, size_t error_size)
{
	struct text line;

	for (int n = 1; text_cut(&line, &lines, '\n'); n++) {
		if (n > TICKET_KEYS_MAX) {
			snprintf(error, error_size, "has more than %d lines; "
			    "keep the key that signs and, below it, the one "
			    "before it", TICKET_KEYS_MAX);
			return false;
		}
		if (line.size < TICKET_KEY_MIN) {
			snprintf(error, error_size, "has a line %d of less "
			    "than %d bytes; write a random key, such as from "
			    "openssl rand -hex 32", n, TICKET_KEY_MIN);
			return false;
		}
	}
	return true;
}

struct ticket_keys *
ticket_keys_new(struct text lines, struct crypto *crypto)
{
	struct ticket_keys *keys = memory_new(sizeof(*keys));
	struct text line;

	while (keys->n < TICKET_KEYS_MAX && text_cut(&line, &lines, '\n')) {
		keys->list[keys->n] = crypto_hmac_new(crypto);
		crypto_hmac_set_key(keys->list[keys->n++], line);
	}
	return keys;
}

void
ticket_keys_free(struct ticket_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->n; i++)
		crypto_hmac_free(keys->list[i]);
	free(keys);
}

/* The two kinds of message differ in their 15th byte: a space here, the
 * version there. */
static void
mask_key(uint8_t out[CRYPTO_SHA256_SIZE], struct crypto_hmac *key,
    const uint8_t in[CRYPTO_SHA256_SIZE], const uint8_t *random)
{
	uint8_t mask[CRYPTO_SHA256_SIZE];
	struct buf message = {0};

	buf_string(&message, "jobtail ticket mask");
	buf_bytes(&message, random, TICKET_RANDOM_SIZE);
	crypto_hmac_sha256(mask, key, buf_as_text(&message));
	buf_release(&message);
	for (size_t i = 0; i < sizeof(mask); i++)
		out[i] = in[i] ^ mask[i];
}

static void
sign(uint8_t mac[CRYPTO_SHA256_SIZE], struct crypto_hmac *key,
    const uint8_t raw[RAW_SIZE], const struct ticket_use *use)
{
	struct buf message = {0};

	/* where the job ends and the scope begins is not in the message */
	assert(use->job.size == TICKET_JOB_SIZE);
	buf_string(&message, "jobtail ticket");
	buf_bytes(&message, raw, AT_MAC);
	buf_text(&message, use->job);
	buf_text(&message, use->scope);
	crypto_hmac_sha256(mac, key, buf_as_text(&message));
	buf_release(&message);
}

static void
put_end(uint8_t out[8], int64_t ends_at)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)ends_at >> (56 - 8 * i));
}

static int64_t
take_end(const uint8_t in[8])
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | in[i];
	return (int64_t)n;
}

void
ticket_print(char out[TICKET_SIZE + 1], struct ticket_keys *keys,
    const struct ticket *t, const struct ticket_use *use,
    const uint8_t random[TICKET_RANDOM_SIZE])
{
	uint8_t raw[RAW_SIZE] = {
	    [AT_VERSION] = LAYOUT, [AT_DATA_SET] = t->data_set};

	put_end(raw + AT_END, t->ends_at);
	memcpy(raw + AT_RANDOM, random, TICKET_RANDOM_SIZE);
	mask_key(raw + AT_KEY, keys->list[0], t->key_sha256, random);
	sign(raw + AT_MAC, keys->list[0], raw, use);
	crypto_base64url(out, raw, sizeof(raw));
}

static bool
decode(uint8_t out[RAW_SIZE], struct text t)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;

	if (t.size != TICKET_SIZE)
		return false;
	for (size_t i = 0; i < TICKET_SIZE; i++) {
		const char *at = memchr(digits, t.data[i], 64);

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - digits);
		if (i % 4 == 3) {
			*out++ = (uint8_t)(bits >> 16);
			*out++ = (uint8_t)(bits >> 8);
			*out++ = (uint8_t)bits;
		}
	}
	return true;
}

static struct crypto_hmac *
find_key(struct ticket_keys *keys, const uint8_t raw[RAW_SIZE],
    const struct ticket_use *use)
{
	uint8_t mac[CRYPTO_SHA256_SIZE];

	for (size_t i = 0; i < keys->n; i++) {
		sign(mac, keys->list[i], raw, use);
		if (crypto_is_equal(
			(struct text){(const char *)mac, sizeof(mac)},
			(struct text){(const char *)raw + AT_MAC,
			    sizeof(mac)}))
			return keys->list[i];
	}
	return NULL;
}

bool
ticket_parse(struct ticket *t, struct ticket_keys *keys, struct text text,
    const struct ticket_use *use, int64_t now_s)
{
	uint8_t raw[RAW_SIZE];
	struct crypto_hmac *key;

	if (!decode(raw, text) || raw[AT_VERSION] != LAYOUT)
		return false;
	key = find_key(keys, raw, use);
	if (key == NULL)
		return false;
	t->data_set = raw[AT_DATA_SET];
	t->ends_at = take_end(raw + AT_END);
	mask_key(t->key_sha256, key, raw + AT_KEY, raw + AT_RANDOM);
	return now_s < t->ends_at;
}
