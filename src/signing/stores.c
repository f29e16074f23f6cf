/* The table of the kinds, and the stores that the settings name. */
#include "signing/stores.h"

#include "base/config.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/seldom.h"
#include "signing/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIFE_MAX_S = 604800 }; /* no signature is taken for longer */

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

const char *
stores_load(struct stores *stores, size_t i, const struct config_store *c,
    char *error, size_t error_size)
{
	struct store *store = &stores->list[i];

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
	return store->kind->load == NULL
	    ? NULL : store->kind->load(store, c, error, error_size);
}

void
stores_release(struct stores *stores)
{
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
