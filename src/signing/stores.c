/* The table of the kinds, and the stores that the settings name. */
#include "signing/stores.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/seldom.h"
#include "credentials/provider.h"
#include "signing/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIFE_MAX_S = 604800, /* no signature is taken for longer */
	START_MS = 1500,     /* most answer within some ms */
};

static const struct store_kind *const kinds[] = {
    [STORE_S3] = &store_s3,
    [STORE_SECURE_LINK] = &store_secure_link,
    [STORE_NONE] = &store_none,
};

void
stores_init(struct stores *stores, size_t n)
{
	*stores = (struct stores){
	    .list = memory_new(n * sizeof(*stores->list)),
	    .n = n,
	    .unknown = seldom_new(),
	    .dots = seldom_new(),
	};
}

/* The first store before this one that has its provider; NULL: none. */
static const struct store *
sharer_of(const struct stores *stores, const struct store *store)
{
	for (const struct store *s = stores->list; s < store; s++)
		if (s->provider == store->provider)
			return s;
	return NULL;
}

/* Where the same is asked for the same, it is asked once. */
static void
share_provider(const struct stores *stores, struct store *store)
{
	for (const struct store *s = stores->list; s < store; s++) {
		if (s->provider == NULL
		    || !provider_is_same(s->provider, store->provider))
			continue;
		provider_free(store->provider);
		store->provider = s->provider;
		break;
	}
	provider_cover(store->provider, store->ttl_s, store->window_s);
}

const char *
stores_load(struct stores *stores, size_t i, const struct config_store *c,
    char *error, size_t error_size)
{
	struct store *store = &stores->list[i];
	const char *key = NULL;

	*store = (struct store){
	    .name = c->name,
	    .kind = kinds[c->store],
	    .ttl_s = c->artifact_ttl,
	    .window_s = c->artifact_window,
	};
	if (store->ttl_s + store->window_s > LIFE_MAX_S) {
		snprintf(error, error_size, "artifact_ttl and artifact_window "
		    "must not be more than 604800s together");
		return "artifact_ttl";
	}
	if (store->kind->load != NULL)
		key = store->kind->load(store, c, error, error_size);
	if (store->provider != NULL)
		share_provider(stores, store);
	return key;
}

/* All are asked at the same time. Clients wait in the socket meanwhile, which
 * is better than a 503. */
void
stores_start(const struct stores *stores)
{
	int64_t until_ms = clock_mono_ms() + START_MS;

	for (size_t i = 0; i < stores->n; i++)
		if (stores->list[i].provider != NULL)
			provider_start(stores->list[i].provider);
	for (size_t i = 0; i < stores->n; i++)
		if (stores->list[i].provider != NULL)
			provider_wait(stores->list[i].provider, until_ms);
}

/* A store is named unless it is the flat keys' own. */
static bool
complain(const struct config *config, const struct config_store *store,
    const char *key, const char *what, char *error, size_t size)
{
	bool has_name = store->name[0] != '\0';
	char where[300];

	config_print_place(where, sizeof(where), config, store, key);
	snprintf(error, size, "%s: %s%s%s%s", where, has_name ? "store " : "",
	    store->name, has_name ? ": " : "", what);
	return false;
}

bool
stores_load_all(struct stores *stores, const struct config *config,
    char *error, size_t error_size)
{
	char why[500];

	stores_init(stores, config->n_stores);
	for (size_t i = 0; i < config->n_stores; i++) {
		const struct config_store *c = &config->stores[i];
		const char *key = stores_load(
		    stores, i, c, why, sizeof(why));

		if (key != NULL)
			return complain(
			    config, c, key, why, error, error_size);
	}
	return true;
}

void
stores_release(struct stores *stores)
{
	for (size_t i = 0; i < stores->n; i++) {
		struct store *store = &stores->list[i];

		if (sharer_of(stores, store) == NULL)
			provider_free(store->provider);
	}
	for (size_t i = 0; i < stores->n; i++) {
		secret_free(stores->list[i].secret);
		secret_free(stores->list[i].session_token);
	}
	free(stores->list);
	seldom_free(stores->unknown);
	seldom_free(stores->dots);
	*stores = (struct stores){0};
}

const struct store *
stores_find(const struct stores *stores, struct text name)
{
	if (name.data == NULL)
		return &stores->list[0];
	for (size_t i = 1; i < stores->n; i++)
		if (text_equal(text_of(stores->list[i].name), name))
			return &stores->list[i];
	return NULL;
}
