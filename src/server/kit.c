/* Settings to tools. */
#include "server/kit.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "base/config.h"
#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SETTING_MAX = 150, LIFE_MAX_S = 604800 };

__attribute__((format(printf, 3, 4))) static bool
complain(char *error, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
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
check_addresses(const struct config *c, char *error, size_t size)
{
	if (c->base_path != NULL && *c->base_path != '\0'
	    && (*c->base_path != '/' || !is_header_text(c->base_path)))
		return complain(error, size, "base_path must be a path such "
		    "as /api, not '%.100s'", c->base_path);
	if (c->public_url != NULL && *c->public_url != '\0'
	    && (strncmp(c->public_url, "http", 4) != 0
		|| strstr(c->public_url, "://") == NULL
		|| !is_header_text(c->public_url)))
		return complain(error, size, "public_url must be an address "
		    "such as https://api.example.org, not '%.100s'",
		    c->public_url);
	if (c->artifact_ttl + c->artifact_window > LIFE_MAX_S)
		return complain(error, size, "artifact_ttl and artifact_window "
		    "must not be more than 604800s together");
	return true;
}

static bool
check_database(const struct config *c, char *error, size_t size)
{
	char why[200];

	if (db_check_conninfo(c->database, why, sizeof(why)))
		return true;
	return complain(error, size, "database is no conninfo: %s", why);
}

/* A secret's file that must, or may, be set. */
static bool
load_secret(char **secret, const char *key, const char *path, bool needed,
    char *error, size_t size)
{
	char why[400];

	if (path == NULL && needed)
		return complain(error, size, "%s is not set; write the name of "
		    "a file that only jobtail may read", key);
	if (path == NULL || secret_read(secret, path, why, sizeof(why)))
		return true;
	return complain(error, size, "%s: %s", key, why);
}

static bool
load_s3(struct kit *kit, char *error, size_t size)
{
	const struct config *c = kit->config;

	kit->signer.s3 = (struct sigv4_settings){
	    .endpoint = c->s3_endpoint,
	    .region = c->s3_region,
	    .bucket = c->s3_bucket,
	    .path_style = c->s3_addressing == ADDRESSING_PATH,
	};
	if (!sigv4_check(&kit->signer.s3, error, size))
		return false;
	if (c->s3_access_key_id == NULL || *c->s3_access_key_id == '\0')
		return complain(error, size, "s3_access_key_id is not set; "
		    "write the id of the access key");
	if (!load_secret(&kit->s3_secret, "s3_secret_key_file",
		c->s3_secret_key_file, true, error, size)
	    || !load_secret(&kit->s3_token, "s3_session_token_file",
		c->s3_session_token_file, false, error, size))
		return false;
	kit->signer.credentials = (struct credentials){
	    c->s3_access_key_id, kit->s3_secret, kit->s3_token};
	return true;
}

static bool
load_secure_link(struct kit *kit, char *error, size_t size)
{
	const struct config *c = kit->config;

	if (!load_secret(&kit->link_secret, "secure_link_secret_file",
		c->secure_link_secret_file, true, error, size))
		return false;
	kit->signer.secure_link = (struct secure_link_settings){
	    c->secure_link_base, kit->link_secret};
	return secure_link_check(&kit->signer.secure_link, error, size);
}

static bool
load_store(struct kit *kit, char *error, size_t size)
{
	switch (kit->config->store) {
	case STORE_S3:
		kit->signer.kind = SIGNER_S3;
		return load_s3(kit, error, size);
	case STORE_SECURE_LINK:
		kit->signer.kind = SIGNER_SECURE_LINK;
		return load_secure_link(kit, error, size);
	default: kit->signer.kind = SIGNER_NONE; return true;
	}
}

bool
kit_load(struct kit *kit, const struct config *config, char *error,
    size_t size)
{
	*kit = (struct kit){
	    .config = config,
	    .signer = {.ttl_s = config->artifact_ttl,
		.window_s = config->artifact_window},
	};
	if (check_addresses(config, error, size)
	    && check_database(config, error, size)
	    && load_store(kit, error, size)
	    && load_secret(&kit->hmac_secret, "hmac_secret_file",
		config->hmac_secret_file, false, error, size))
		return true;
	kit_release(kit);
	return false;
}

static void
wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
kit_release(struct kit *kit)
{
	wipe(kit->s3_secret);
	wipe(kit->s3_token);
	wipe(kit->link_secret);
	wipe(kit->hmac_secret);
	*kit = (struct kit){0};
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
	};
	app->signer = signer_new(&kit->signer, app->crypto);
	if (kit->hmac_secret != NULL) {
		app->body_hmac = crypto_hmac_new(app->crypto);
		crypto_hmac_set_key(
		    app->body_hmac, text_of(kit->hmac_secret));
	}
}

void
kit_close(struct app *app)
{
	db_free(app->db);
	signer_free(app->signer);
	crypto_hmac_free(app->body_hmac);
	crypto_free(app->crypto);
}
