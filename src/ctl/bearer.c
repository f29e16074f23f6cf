/* From a file or the environment, never from the command line, which
 * everybody on a machine can read. */
#include "ctl/bearer.h"

#include "base/memory.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
read_key(char **key, const char *key_file, char *error, size_t error_size)
{
	const char *value = getenv(BEARER_VARIABLE);

	if (key_file != NULL)
		return secret_read(key, key_file, error, error_size);
	if (value == NULL || *value == '\0') {
		snprintf(error, error_size,
		    "there is no API key: set " BEARER_VARIABLE
		    " in the environment, or give --key-file FILE");
		return false;
	}
	*key = memory_strdup(value);
	return true;
}

/* What a header can hold, and no key has more. */
static bool
is_token(const char *key)
{
	for (const char *p = key; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return strlen(key) <= SECRET_MAX;
}

bool
bearer_read(char **header, const char *key_file, char *error, size_t error_size)
{
	static const char begin[] = "Authorization: Bearer ";
	char *key;
	size_t size;
	bool ok;

	if (!read_key(&key, key_file, error, error_size))
		return false;
	ok = is_token(key);
	if (ok) {
		size = sizeof(begin) + strlen(key);
		*header = memory_new(size);
		snprintf(*header, size, "%s%s", begin, key);
	} else {
		snprintf(error, error_size,
		    "what %s holds is no API key: one is a single word of "
		    "ASCII letters, digits and signs",
		    key_file != NULL ? key_file : BEARER_VARIABLE);
	}
	free(key);
	return ok;
}
