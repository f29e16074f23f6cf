/* The table of settings: names, kinds, defaults and bounds, and how a value
 * is read and printed. t/guard holds jobtail.conf(5) against it. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/config.h"

enum setting_kind {
	SETTING_WORDS,
	SETTING_NUMBER,
	SETTING_SECONDS,
	SETTING_BYTES,
	SETTING_OCTAL,
	SETTING_CHOICE,
};

struct setting {
	const char *key;
	enum setting_kind kind;
	bool of_store;       /* one for each section too */
	size_t offset;       /* in struct config, or in struct config_store */
	const char *initial; /* as it would be written; NULL: none */
	int64_t least, most;
	const char *choices; /* of a CHOICE, separated by spaces */
};

/* The rows; the one behind the last has no key. */
extern const struct setting settings[];

/* The row whose key is like this one, for "did you mean"; NULL: none is. */
const struct setting *setting_like(const char *key);

/* Puts the value into its place in a config, or in a store of it. False: it
 * is no such value, or out of bounds; setting_print_wanted() says what may be
 * written. */
bool setting_set(void *in, const struct setting *set, const char *value);
void setting_print_wanted(
    char *out, size_t size, const struct setting *set);

/* A line as it would stand in a file, or a comment if there is no value.
 * Passwords are masked. */
void setting_print(FILE *out, const void *in, const struct setting *set);

/* Frees what the setting has there. */
void setting_clear(void *in, const struct setting *set);

#endif
