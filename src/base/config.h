/* The configuration: the settings' values, from defaults, file and
 * environment. src/base/settings.c has the table of them. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/text.h"

#include <stdio.h>

enum { CONFIG_MAX_KEYS = 64, CONFIG_MAX_STORES = 32, CONFIG_NAME_MAX = 32 };

enum config_prepare { PREPARE_AUTO, PREPARE_ON, PREPARE_OFF };
enum config_kind { STORE_S3, STORE_SECURE_LINK, STORE_NONE };
enum config_credentials {
	CREDENTIALS_STATIC,
	CREDENTIALS_ENV,
	CREDENTIALS_PROFILE,
	CREDENTIALS_PROCESS,
	CREDENTIALS_CONTAINER,
	CREDENTIALS_IMDS,
	CREDENTIALS_WEB_IDENTITY,
	CREDENTIALS_AUTO,
};
enum config_addressing { ADDRESSING_VIRTUAL, ADDRESSING_PATH };

/* Texts are NULL when neither given nor defaulted, or given as nothing. The
 * numbers that a choice can have are the enums', in the order of the words. */

/* A store: the flat keys' own, or a section's. */
struct config_store {
	char name[CONFIG_NAME_MAX + 1]; /* "": the flat keys' */
	int line;                   /* of the section's heading */
	int lines[CONFIG_MAX_KEYS]; /* as below */
	int64_t store;
	char *s3_endpoint;
	char *s3_region;
	char *s3_bucket;
	int64_t s3_addressing;
	char *s3_response_content_disposition;
	char *s3_response_cache_control;
	char *s3_access_key_id;
	char *s3_secret_key_file;
	char *s3_session_token_file;
	int64_t credentials;
	char *s3_profile;
	char *s3_credential_process;
	char *secure_link_base;
	char *secure_link_secret_file;
	int64_t artifact_ttl;    /* seconds */
	int64_t artifact_window; /* seconds */
};

struct config {
	char *path; /* of the file that was read; NULL: none */
	int lines[CONFIG_MAX_KEYS]; /* of it, by setting; 0: not given there */
	char *listen;
	int64_t listen_mode;
	char *listen_owner;
	char *listen_group;
	int64_t listen_backlog;
	int64_t listen_anywhere;
	char *user;
	char *group;
	int64_t dumpable;
	char *database;
	char *listen_database;
	int64_t prepare;
	int64_t workers;
	char *base_path;
	char *public_url;
	int64_t wait_max;        /* seconds; 0: nobody is held */
	int64_t sse_max;         /* seconds; 0: no streams */
	int64_t max_waiters;
	int64_t max_waiters_per_key; /* 0: no limit of its own */
	char *ticket_keys_file;
	int64_t ticket_ttl;      /* seconds */
	char *cors_origins;
	char *hmac_secret_file;
	int64_t max_events;
	int64_t max_bytes;
	int64_t closed_grace;    /* seconds */
	int64_t log;
	int64_t log_level;
	/* the flat keys' store, then the sections' in their order */
	struct config_store stores[1 + CONFIG_MAX_STORES];
	size_t n_stores;
};

/* Defaults, then the file, then the environment's JOBTAIL_KEY. With path
 * NULL: jobtail.conf beside the program, else CONFIG_FILE, else none.
 * On an error *error (malloc) says where and what to write instead, and c
 * holds nothing. */
bool config_load(struct config *c, const char *path, char **error);

/* Every setting with its value, a line each, then the sections: a file that
 * says the same, but that passwords are masked. */
void config_print(const struct config *c, FILE *out);

/* Where the setting was given, for error messages: "file:line", or the file
 * if it is not in it, or "environment". A store's, or with NULL one that is no
 * store's: of a section, its heading's line if it is not in it. */
void config_print_place(char *out, size_t size, const struct config *c,
    const struct config_store *store, const char *key);

/* Whether the store's access key is that of the settings, and not from some
 * other source. */
bool config_is_static(const struct config_store *store);

void config_release(struct config *c);

#endif
