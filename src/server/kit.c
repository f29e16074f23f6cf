/* Settings to tools. */
#include "server/kit.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "api/places.h"
#include "api/cors.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/seldom.h"
#include "signing/signer.h"
#include "signing/ticket.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SETTING_MAX = 150 };

/* Where to tell what is wrong. */
struct complaint {
	const struct config *config;
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static bool
complain(const struct complaint *to, const char *key, const char *format, ...)
{
	char where[300], what[500];
	va_list args;

	config_print_place(where, sizeof(where), to->config, NULL, key);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(to->text, to->size, "%s: %s", where, what);
	return false;
}

/* What stands in a Link header must fit into one. */
static bool
is_header_text(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '<' || *p == '>')
			return false;
	return strlen(value) <= PATH_SETTING_MAX;
}

static bool
check_addresses(const struct config *c, const struct complaint *to)
{
	if (c->base_path != NULL
	    && (*c->base_path != '/' || !is_header_text(c->base_path)))
		return complain(to, "base_path", "base_path must be a path such "
		    "as /api, not '%.100s'", c->base_path);
	if (c->public_url != NULL
	    && (strncmp(c->public_url, "http", 4) != 0
		|| strstr(c->public_url, "://") == NULL
		|| !is_header_text(c->public_url)))
		return complain(to, "public_url", "public_url must be an address "
		    "such as https://api.example.org, not '%.100s'",
		    c->public_url);
	return true;
}

static bool
check_database(const struct config *c, const struct complaint *to)
{
	char why[200];

	if (!db_check_conninfo(c->database, why, sizeof(why)))
		return complain(
		    to, "database", "database is no conninfo: %s", why);
	if (!db_check_conninfo(c->listen_database, why, sizeof(why)))
		return complain(to, "listen_database",
		    "listen_database is no conninfo: %s", why);
	return true;
}

static bool
load_secret(char **secret, const char *key, const char *path,
    const struct complaint *to)
{
	char why[500];

	return secret_load(secret, key, path, false, why, sizeof(why))
	    || complain(to, key, "%s", why);
}

static bool
load_ticket_keys(struct kit *kit, const struct complaint *to)
{
	static const char key[] = "ticket_keys_file";
	const char *path = kit->config->ticket_keys_file;
	char why[300];

	if (!load_secret(&kit->ticket_keys, key, path, to))
		return false;
	return ticket_keys_check(
		   text_of(kit->ticket_keys), why, sizeof(why))
	    || complain(to, key, "%s: %.150s %s", key, path, why);
}

static bool
load_cors(struct kit *kit, const struct complaint *to)
{
	const char *origins = kit->config->cors_origins;
	char why[400];

	if (origins == NULL)
		return true;
	kit->cors = cors_new(origins, why, sizeof(why));
	return kit->cors != NULL
	    || complain(to, "cors_origins", "cors_origins: %s", why);
}

bool
kit_load(struct kit *kit, const struct config *config, char *error,
    size_t size)
{
	const struct complaint to = {config, error, size};

	*kit = (struct kit){.config = config, .patrols = seldom_new()};
	if (check_addresses(config, &to)
	    && check_database(config, &to)
	    && stores_load_all(&kit->stores, config, error, size)
	    && load_secret(&kit->hmac_secret, "hmac_secret_file",
		config->hmac_secret_file, &to)
	    && load_ticket_keys(kit, &to)
	    && load_cors(kit, &to))
		return true;
	kit_release(kit);
	return false;
}

void
kit_release(struct kit *kit)
{
	stores_release(&kit->stores);
	secret_free(kit->hmac_secret);
	places_free(kit->places);
	seldom_free(kit->patrols);
	secret_free(kit->ticket_keys);
	cors_free(kit->cors);
	*kit = (struct kit){0};
}

void
kit_make_places(struct kit *kit, int64_t most, int64_t standing)
{
	const struct config *c = kit->config;

	kit->places = places_new(
	    c->max_waiters < most ? c->max_waiters : most,
	    c->max_waiters_per_key, standing);
}

static enum db_prepare
prepare_of(const struct config *config)
{
	switch (config->prepare) {
	case PREPARE_ON: return DB_PREPARE_ON;
	case PREPARE_OFF: return DB_PREPARE_OFF;
	default: return DB_PREPARE_AUTO;
	}
}

void
kit_open(struct app *app, const struct kit *kit)
{
	struct db_settings db = {
	    kit->config->database, prepare_of(kit->config)};

	*app = (struct app){
	    .config = kit->config,
	    .db = db_new(&db),
	    .crypto = crypto_new(),
	    .places = kit->places,
	    .patrols = kit->patrols,
	    .cors = kit->cors,
	};
	app->signer = signer_new(&kit->stores, app->crypto);
	if (kit->hmac_secret != NULL) {
		app->body_hmac = crypto_hmac_new(app->crypto);
		crypto_hmac_set_key(
		    app->body_hmac, text_of(kit->hmac_secret));
	}
	if (kit->ticket_keys != NULL)
		app->ticket_keys = ticket_keys_new(
		    text_of(kit->ticket_keys), app->crypto);
}

void
kit_close(struct app *app)
{
	db_free(app->db);
	signer_free(app->signer);
	crypto_hmac_free(app->body_hmac);
	ticket_keys_free(app->ticket_keys);
	crypto_free(app->crypto);
}
