/* The kit: what the settings make of signing and checking, read once and
 * shared, and what each thread then has of its own. */
#ifndef SERVER_KIT_H
#define SERVER_KIT_H

#include "api/app.h"
#include "signing/stores.h"

#include <stdbool.h>
#include <stddef.h>

struct kit {
	const struct config *config;
	struct stores stores;
	char *hmac_secret;
	struct places *places; /* to wait in; NULL: nobody waits */
	struct seldom *patrols;
	char *ticket_keys;
	struct cors *cors;
};

/* Checks the settings against each other and reads the secrets. On failure
 * error says where, which setting, and what to write. */
bool kit_load(struct kit *kit, const struct config *config, char *error,
    size_t error_size);
void kit_release(struct kit *kit);

/* Makes the places to wait in: as many as the settings say, but no more than
 * descriptors can be had for; and room for so many to stand. */
void kit_make_places(struct kit *kit, int64_t most, int64_t standing);

/* One thread's share; the kit outlives it. */
void kit_open(struct app *app, const struct kit *kit);
void kit_close(struct app *app);

#endif
