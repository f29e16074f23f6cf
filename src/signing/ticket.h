/* Tickets: what a page in a browser shows in place of an API key. One opens
 * one thing of one job, for a short time. As text it is base64url of
 *
 *      1 byte   version: 1
 *      1        data set
 *      8        end, wall seconds, big endian
 *     16        random
 *     32        the API key's SHA-256, XORed with a mask
 *     32        HMAC-SHA256 of all before, and of what it opens
 *
 * The mask too is an HMAC under the ticket key, so that who holds a ticket
 * learns nothing of the API key. Time and randomness are parameters. */
#ifndef SIGNING_TICKET_H
#define SIGNING_TICKET_H

#include "adapters/crypto.h"

enum {
	TICKET_SIZE = 120, /* as text */
	TICKET_RANDOM_SIZE = 16,
	TICKET_JOB_SIZE = 26,
	TICKET_KEY_MIN = 16,
	TICKET_KEYS_MAX = 2,
};

struct ticket {
	uint8_t data_set; /* the caller's number for it */
	int64_t ends_at;  /* wall seconds; from then on it is none */
	uint8_t key_sha256[CRYPTO_SHA256_SIZE];
};

/* What a ticket opens: it holds for nothing else. */
struct ticket_use {
	struct text job; /* TICKET_JOB_SIZE bytes of one spelling */
	struct text scope;
};

/* The ticket keys: the first signs, all of them verify. */
struct ticket_keys;

/* One or two lines, each a key; false if they are not, and error then says
 * what to write. */
bool ticket_keys_check(struct text lines, char *error, size_t error_size);

/* From lines that have been checked; crypto outlives them. */
struct ticket_keys *ticket_keys_new(struct text lines, struct crypto *crypto);
void ticket_keys_free(struct ticket_keys *keys);

/* Prints the ticket, with a NUL at the end. */
void ticket_print(char out[TICKET_SIZE + 1], struct ticket_keys *keys,
    const struct ticket *t, const struct ticket_use *use,
    const uint8_t random[TICKET_RANDOM_SIZE]);

/* False if text is no ticket of these keys, is for another use, or is over;
 * which of these is not told. */
bool ticket_parse(struct ticket *t, struct ticket_keys *keys,
    struct text text, const struct ticket_use *use, int64_t now_s);

#endif
