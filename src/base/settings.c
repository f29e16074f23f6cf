/* The settings, and their values as text. */
#include "base/settings.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024
#define MIB (1024 * 1024)

#define AT(member) false, offsetof(struct config, member)
#define IN_STORE(member) true, offsetof(struct config_store, member)

const struct setting settings[] = {
    {"listen", SETTING_WORDS, AT(listen), "unix:/run/jobtail/jobtail.sock"},
    {"listen_mode", SETTING_OCTAL, AT(listen_mode), "0660", 0, 0777},
    {"listen_owner", SETTING_WORDS, AT(listen_owner)},
    {"listen_group", SETTING_WORDS, AT(listen_group)},
    {"listen_backlog", SETTING_NUMBER, AT(listen_backlog), "4096", 1, 65535},
    {"listen_anywhere", SETTING_CHOICE, AT(listen_anywhere), "no", .choices = "no yes"},
    {"user", SETTING_WORDS, AT(user)},
    {"group", SETTING_WORDS, AT(group)},
    {"dumpable", SETTING_CHOICE, AT(dumpable), "no", .choices = "no yes"},
    {"database", SETTING_WORDS, AT(database)},
    {"listen_database", SETTING_WORDS, AT(listen_database)},
    {"prepare", SETTING_CHOICE, AT(prepare), "auto", .choices = "auto on off"},
    {"workers", SETTING_NUMBER, AT(workers), "4", 1, 256},
    {"base_path", SETTING_WORDS, AT(base_path)},
    {"public_url", SETTING_WORDS, AT(public_url)},
    {"store", SETTING_CHOICE, IN_STORE(store), "s3", .choices = "s3 secure_link none"},
    {"s3_endpoint", SETTING_WORDS, IN_STORE(s3_endpoint)},
    {"s3_region", SETTING_WORDS, IN_STORE(s3_region)},
    {"s3_bucket", SETTING_WORDS, IN_STORE(s3_bucket)},
    {"s3_addressing", SETTING_CHOICE, IN_STORE(s3_addressing), "virtual",
	.choices = "virtual path"},
    {"s3_response_content_disposition", SETTING_WORDS,
	IN_STORE(s3_response_content_disposition)},
    {"s3_response_cache_control", SETTING_WORDS, IN_STORE(s3_response_cache_control)},
    {"s3_access_key_id", SETTING_WORDS, IN_STORE(s3_access_key_id)},
    {"s3_secret_key_file", SETTING_WORDS, IN_STORE(s3_secret_key_file)},
    {"s3_session_token_file", SETTING_WORDS, IN_STORE(s3_session_token_file)},
    {"credentials", SETTING_CHOICE, IN_STORE(credentials), "static",
	.choices = "static env profile credential_process container imds "
		   "web-identity auto"},
    {"s3_profile", SETTING_WORDS, IN_STORE(s3_profile)},
    {"s3_credential_process", SETTING_WORDS, IN_STORE(s3_credential_process)},
    {"secure_link_base", SETTING_WORDS, IN_STORE(secure_link_base)},
    {"secure_link_secret_file", SETTING_WORDS, IN_STORE(secure_link_secret_file)},
    {"artifact_ttl", SETTING_SECONDS, IN_STORE(artifact_ttl), "900s", 1, 604800},
    {"artifact_window", SETTING_SECONDS, IN_STORE(artifact_window), "300s", 0, 86400},
    {"wait_max", SETTING_SECONDS, AT(wait_max), "25s", 0, 3600},
    {"sse_max", SETTING_SECONDS, AT(sse_max), "55s", 0, 86400},
    {"max_waiters", SETTING_NUMBER, AT(max_waiters), "10000", 0, 1000000},
    {"max_waiters_per_key", SETTING_NUMBER, AT(max_waiters_per_key), "0", 0,
	1000000},
    {"ticket_keys_file", SETTING_WORDS, AT(ticket_keys_file)},
    {"ticket_ttl", SETTING_SECONDS, AT(ticket_ttl), "300s", 1, 3600},
    {"cors_origins", SETTING_WORDS, AT(cors_origins)},
    {"hmac_secret_file", SETTING_WORDS, AT(hmac_secret_file)},
    {"max_events", SETTING_NUMBER, AT(max_events), "5000", 1, 100000},
    {"max_bytes", SETTING_BYTES, AT(max_bytes), "4MiB", KIB, 64 * MIB},
    {"closed_grace", SETTING_SECONDS, AT(closed_grace), "10s", 0, 86400},
    {"log", SETTING_CHOICE, AT(log), "stderr", .choices = "stderr syslog"},
    {"log_level", SETTING_CHOICE, AT(log_level), "info",
	.choices = "error warn notice info debug"},
    {0},
};

static const struct unit {
	const char *name;
	enum setting_kind kind;
	int64_t factor;
} units[] = {
    {"s", SETTING_SECONDS, 1},
    {"m", SETTING_SECONDS, 60},
    {"h", SETTING_SECONDS, 3600},
    {"KiB", SETTING_BYTES, KIB},
    {"MiB", SETTING_BYTES, MIB},
};

static char **
words_of(void *in, const struct setting *set)
{
	return (char **)(void *)((char *)in + set->offset);
}

static int64_t *
number_of(void *in, const struct setting *set)
{
	return (int64_t *)(void *)((char *)in + set->offset);
}

/* --- reading --- */

void
setting_print_wanted(char *out, size_t size, const struct setting *set)
{
	switch (set->kind) {
	case SETTING_SECONDS: snprintf(out, size, "30s, 5m or 1h"); break;
	case SETTING_BYTES: snprintf(out, size, "512KiB or 4MiB"); break;
	case SETTING_OCTAL: snprintf(out, size, "an octal mode such as 0660"); break;
	case SETTING_CHOICE:
		snprintf(out, size, "one of: %s", set->choices);
		break;
	case SETTING_NUMBER:
		snprintf(out, size, "a whole number from %lld to %lld",
		    (long long)set->least, (long long)set->most);
		break;
	case SETTING_WORDS: snprintf(out, size, "text"); break;
	}
}

/* digits with an optional unit */
static bool
parse_amount(int64_t *out, const struct setting *set, const char *value)
{
	int base = set->kind == SETTING_OCTAL ? 8 : 10;
	char *rest;
	long long n;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	n = strtoll(value, &rest, base);
	if (errno != 0)
		return false;
	*out = n;
	if (*rest == '\0')
		return true;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].kind == set->kind
		    && strcmp(units[i].name, rest) == 0)
			return !__builtin_mul_overflow(
			    n, units[i].factor, out);
	return false;
}

/* The place of value among the choices. */
static bool
parse_choice(int64_t *out, const char *choices, struct text value)
{
	struct text rest = text_of(choices), word;

	for (*out = 0; text_cut(&word, &rest, ' '); (*out)++)
		if (text_equal(word, value))
			return true;
	return false;
}

static bool
parse_number(int64_t *out, const struct setting *set, const char *value)
{
	if (set->kind == SETTING_CHOICE)
		return parse_choice(out, set->choices, text_of(value));
	return parse_amount(out, set, value) && *out >= set->least
	    && *out <= set->most;
}

bool
setting_set(void *in, const struct setting *set, const char *value)
{
	int64_t n = 0;

	if (set->kind == SETTING_WORDS) {
		setting_clear(in, set);
		if (*value != '\0')
			*words_of(in, set) = memory_strdup(value);
		return true;
	}
	if (!parse_number(&n, set, value))
		return false;
	*number_of(in, set) = n;
	return true;
}

/* How many letters are to be changed, added or left out to make b of a. */
static int
distance(const char *a, const char *b)
{
	int row[64], above, diagonal, n = (int)strlen(b);

	if (n > 63)
		return n;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1] != '\0'; i++) {
		diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= n; j++) {
			above = row[j];
			row[j] = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[n];
}

const struct setting *
setting_like(const char *key)
{
	const struct setting *best = &settings[0];

	for (const struct setting *set = settings; set->key != NULL; set++)
		if (distance(set->key, key) < distance(best->key, key))
			best = set;
	return distance(best->key, key) <= 3 ? best : NULL;
}

/* --- printing --- */

/* A conninfo. Whatever may hold a password is not printed at all: a URI
 * with a user's or a parameter's, and all from the first "password" on. */
static void
print_masked(FILE *out, const char *value)
{
	const char *secret = strstr(value, "password");
	const char *scheme = strstr(value, "://");
	const char *user = scheme == NULL ? NULL : strchr(scheme + 3, '@');

	if (user != NULL && (secret == NULL || scheme < secret))
		fprintf(out, "%.*s://*** (the rest is not shown)",
		    (int)(scheme - value), value);
	else if (secret != NULL)
		fprintf(out, "%.*spassword=*** (the rest is not shown)",
		    (int)(secret - value), value);
	else
		fputs(value, out);
}

static void
print_choice(FILE *out, const char *choices, int64_t n)
{
	struct text rest = text_of(choices), word = {0};

	do
		(void)text_cut(&word, &rest, ' ');
	while (n-- > 0);
	fprintf(out, "%.*s", (int)word.size, word.data);
}

static void
print_number(FILE *out, const struct setting *set, int64_t n)
{
	switch (set->kind) {
	case SETTING_CHOICE: print_choice(out, set->choices, n); break;
	case SETTING_OCTAL: fprintf(out, "%04llo", (unsigned long long)n); break;
	case SETTING_SECONDS: fprintf(out, "%llds", (long long)n); break;
	default: fprintf(out, "%lld", (long long)n); break;
	}
}

static void
print_words(FILE *out, const struct setting *set, const char *words)
{
	if (words == NULL) {
		fprintf(out, "# %s is not set\n", set->key);
		return;
	}
	fprintf(out, "%s = ", set->key);
	print_masked(out, words);
	fputc('\n', out);
}

void
setting_print(FILE *out, const void *in, const struct setting *set)
{
	const char *at = (const char *)in + set->offset;
	const char *words;
	int64_t number;

	if (set->kind == SETTING_WORDS) {
		memcpy(&words, at, sizeof(words));
		print_words(out, set, words);
		return;
	}
	memcpy(&number, at, sizeof(number));
	fprintf(out, "%s = ", set->key);
	print_number(out, set, number);
	fputc('\n', out);
}

void
setting_clear(void *in, const struct setting *set)
{
	if (set->kind == SETTING_WORDS) {
		free(*words_of(in, set));
		*words_of(in, set) = NULL;
	}
}
