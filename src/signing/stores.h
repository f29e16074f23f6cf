/* The stores, by name. */
#ifndef SIGNING_STORES_H
#define SIGNING_STORES_H

#include "base/text.h"

struct config;
struct config_store;
struct seldom;
struct store;

struct stores {
	struct store *list; /* the default one, which has no name, first */
	size_t n;
	struct seldom *unknown; /* names that artifacts had */
	struct seldom *dots;    /* stores with keys that clients change */
};

/* Makes all stores of the settings, which outlive them. On failure error says
 * where in the settings, which store, and what to write; what has been made
 * until then is to be released all the same. */
bool stores_load_all(struct stores *stores, const struct config *config,
    char *error, size_t error_size);

/* Room for n stores, which are then to be loaded. */
void stores_init(struct stores *stores, size_t n);

/* Makes the i-th of its settings, which outlive it. NULL if they are good;
 * else the key of one that is not, and error says what to write. */
const char *stores_load(struct stores *stores, size_t i,
    const struct config_store *c, char *error, size_t error_size);
void stores_release(struct stores *stores);

/* Starts what keeps credentials fresh, and waits a while for the first ones.
 * Who has several threads calls it before they are there; else it is done when
 * the first URL is signed. */
void stores_start(const struct stores *stores);

/* An absent name is the default one's. NULL: there is none of that name. */
const struct store *stores_find(
    const struct stores *stores, struct text name);

#endif
