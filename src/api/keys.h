/* The keys of those who wait, in one data set: which of them are dead. */
#ifndef API_KEYS_H
#define API_KEYS_H

#include "api/principal.h"

#include <stddef.h>

struct app;
struct arena;
struct scope;

struct keys {
	enum data_set data_set;
	struct key {
		uint8_t sha256[CRYPTO_SHA256_SIZE];
		enum { KEY_LIVES, KEY_DOUBTFUL, KEY_DEAD } state;
	} *list;
	size_t n;
};

/* None, with room for so many. */
void keys_init(struct keys *keys, struct arena *a, enum data_set data_set,
    size_t room);

void keys_add(struct keys *keys, const struct principal *who);
/* After the last one was added: each one once. */
void keys_sort(struct keys *keys);

/* Asks keys_alive() for all of them at once; those that it does not name are
 * doubtful, and all of them if it cannot be asked. Fails with 503; the scope's
 * cause says why it was refused. */
bool keys_read(struct keys *keys, struct scope *s, const struct app *app);

/* Asks authenticate(), which decides, for each that is doubtful: an operator
 * may have replaced that one alone. Fails with 503 or 500. */
bool keys_settle(struct keys *keys, struct scope *s, const struct app *app);

/* NULL: it is not among them. */
struct key *keys_find(const struct keys *keys, const struct principal *who);

#endif
