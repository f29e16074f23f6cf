/* Reading settings: the table, the file, the environment. */
#include "base/config.h"

#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define KIB 1024
#define MIB (1024 * 1024)

enum kind { WORDS, NUMBER, SECONDS, BYTES, OCTAL, CHOICE };

struct setting {
	const char *key;
	enum kind kind;
	size_t offset;         /* in struct config */
	const char *initial;   /* as it would be written; NULL: none */
	int64_t least, most;
	const char *choices;   /* of a CHOICE, separated by spaces */
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
    {"listen", WORDS, AT(listen), "unix:/run/jobtail/jobtail.sock"},
    {"listen_mode", OCTAL, AT(listen_mode), "0660", 0, 0777},
    {"listen_owner", WORDS, AT(listen_owner)},
    {"listen_group", WORDS, AT(listen_group)},
    {"listen_backlog", NUMBER, AT(listen_backlog), "4096", 1, 65535},
    {"listen_anywhere", CHOICE, AT(listen_anywhere), "no", .choices = "no yes"},
    {"user", WORDS, AT(user)},
    {"group", WORDS, AT(group)},
    {"database", WORDS, AT(database), ""},
    {"prepare", CHOICE, AT(prepare), "auto", .choices = "auto on off"},
    {"workers", NUMBER, AT(workers), "4", 1, 256},
    {"base_path", WORDS, AT(base_path)},
    {"public_url", WORDS, AT(public_url)},
    {"store", CHOICE, AT(store), "s3", .choices = "s3 secure_link none"},
    {"s3_endpoint", WORDS, AT(s3_endpoint)},
    {"s3_region", WORDS, AT(s3_region)},
    {"s3_bucket", WORDS, AT(s3_bucket)},
    {"s3_addressing", CHOICE, AT(s3_addressing), "virtual",
	.choices = "virtual path"},
    {"s3_access_key_id", WORDS, AT(s3_access_key_id)},
    {"s3_secret_key_file", WORDS, AT(s3_secret_key_file)},
    {"s3_session_token_file", WORDS, AT(s3_session_token_file)},
    {"credentials", CHOICE, AT(credentials), "static", .choices = "static"},
    {"secure_link_base", WORDS, AT(secure_link_base)},
    {"secure_link_secret_file", WORDS, AT(secure_link_secret_file)},
    {"artifact_ttl", SECONDS, AT(artifact_ttl), "900s", 1, 604800},
    {"artifact_window", SECONDS, AT(artifact_window), "300s", 0, 86400},
    {"hmac_secret_file", WORDS, AT(hmac_secret_file)},
    {"max_events", NUMBER, AT(max_events), "5000", 1, 100000},
    {"max_bytes", BYTES, AT(max_bytes), "4MiB", KIB, 64 * MIB},
    {"closed_grace", SECONDS, AT(closed_grace), "10s", 0, 86400},
    {"log", CHOICE, AT(log), "stderr", .choices = "stderr syslog"},
    {"log_level", CHOICE, AT(log_level), "info",
	.choices = "error warn notice info debug"},
};

enum { N_SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static const struct unit {
	const char *name;
	enum kind kind;
	int64_t factor;
} units[] = {
    {"s", SECONDS, 1},
    {"m", SECONDS, 60},
    {"h", SECONDS, 3600},
    {"KiB", BYTES, KIB},
    {"MiB", BYTES, MIB},
};

/* What is being read, for errors, and what has been given so far. */
struct reader {
	struct config *config;
	const char *path; /* of the file, or NULL: the environment */
	int line;
	int given_at[N_SETTINGS]; /* the line, 0: not yet */
	char **error;
};

static char **
words_of(struct config *c, const struct setting *set)
{
	return (char **)(void *)((char *)c + set->offset);
}

static int64_t *
number_of(struct config *c, const struct setting *set)
{
	return (int64_t *)(void *)((char *)c + set->offset);
}

__attribute__((format(printf, 2, 3))) static bool
complain(struct reader *r, const char *format, ...)
{
	char what[600], where[300];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (r->path != NULL)
		snprintf(where, sizeof(where), "%s:%d", r->path, r->line);
	else
		snprintf(where, sizeof(where), "environment");
	*r->error = memory_new(strlen(where) + strlen(what) + 3);
	sprintf(*r->error, "%s: %s", where, what);
	return false;
}

/* --- values --- */

static void
example_of(char *out, size_t size, const struct setting *set)
{
	switch (set->kind) {
	case SECONDS: snprintf(out, size, "30s, 5m or 1h"); break;
	case BYTES: snprintf(out, size, "512KiB or 4MiB"); break;
	case OCTAL: snprintf(out, size, "an octal mode such as 0660"); break;
	case CHOICE: snprintf(out, size, "one of: %s", set->choices); break;
	case NUMBER:
		snprintf(out, size, "a whole number from %lld to %lld",
		    (long long)set->least, (long long)set->most);
		break;
	case WORDS: snprintf(out, size, "text"); break;
	}
}

/* digits with an optional unit */
static bool
parse_amount(int64_t *out, const struct setting *set, const char *value)
{
	int base = set->kind == OCTAL ? 8 : 10;
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
set_value(struct reader *r, const struct setting *set, const char *value)
{
	char example[128];
	int64_t n = 0;
	bool ok;

	if (set->kind == WORDS) {
		free(*words_of(r->config, set));
		*words_of(r->config, set) = memory_strdup(value);
		return true;
	}
	if (set->kind == CHOICE)
		ok = parse_choice(&n, set->choices, text_of(value));
	else
		ok = parse_amount(&n, set, value);
	example_of(example, sizeof(example), set);
	if (!ok)
		return complain(r, "bad value '%s' for %s; write %s", value,
		    set->key, example);
	if (set->kind != CHOICE && (n < set->least || n > set->most))
		return complain(r, "%s = %s is out of range; write %s", set->key,
		    value, example);
	*number_of(r->config, set) = n;
	return true;
}

/* --- the file --- */

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

static bool
unknown_key(struct reader *r, const char *key)
{
	const struct setting *best = &settings[0];

	for (int i = 1; i < N_SETTINGS; i++)
		if (distance(settings[i].key, key) < distance(best->key, key))
			best = &settings[i];
	if (distance(best->key, key) <= 3)
		return complain(r, "unknown key '%s'; did you mean '%s'?", key,
		    best->key);
	return complain(r, "unknown key '%s'; jobtail.conf(5) lists them", key);
}

static bool
set_key(struct reader *r, const char *key, const char *value)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (r->given_at[i] != 0)
			return complain(r,
			    "'%s' was given in line %d already; keep one", key,
			    r->given_at[i]);
		r->given_at[i] = r->line;
		return set_value(r, &settings[i], value);
	}
	return unknown_key(r, key);
}

/* Ends s where its trailing white space begins; gives its first other
 * character. */
static char *
trimmed(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		n--;
	s[n] = '\0';
	return s;
}

static bool
read_line(struct reader *r, char *line)
{
	char *key = trimmed(line), *equals;

	if (*key == '\0' || *key == '#')
		return true;
	equals = strchr(key, '=');
	if (equals == NULL)
		return complain(r, "'%.40s' has no '='; write key = value", key);
	*equals = '\0';
	return set_key(r, trimmed(key), trimmed(equals + 1));
}

static bool
read_file(struct reader *r, FILE *f)
{
	char line[2048];

	for (r->line = 1; fgets(line, sizeof(line), f) != NULL; r->line++) {
		if (strlen(line) == sizeof(line) - 1)
			return complain(r, "the line is too long");
		if (!read_line(r, line))
			return false;
	}
	if (ferror(f))
		return complain(r, "%s", strerror(errno));
	return true;
}

/* A file that was not named may be absent. */
static bool
read_path(struct reader *r, const char *path, bool named)
{
	FILE *f = fopen(path, "re");
	bool ok;

	r->path = path;
	if (f == NULL && !named && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (f == NULL)
		return complain(r, "%s", strerror(errno));
	ok = read_file(r, f);
	fclose(f);
	return ok;
}

/* Where to look when no file was named. */
static const char *
default_path(char *beside, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", beside, size - 1);
	char *slash;

	if (n > 0) {
		beside[n] = '\0';
		slash = strrchr(beside, '/');
		if (slash != NULL
		    && (size_t)(slash - beside) + sizeof("/jobtail.conf")
			< size) {
			strcpy(slash, "/jobtail.conf");
			if (access(beside, F_OK) == 0)
				return beside;
		}
	}
	return CONFIG_FILE;
}

/* --- the environment --- */

static const char *
value_in_environment(const char *key)
{
	char name[64] = "JOBTAIL_";
	size_t n = strlen(name);

	for (; *key != '\0' && n + 1 < sizeof(name); key++)
		name[n++] = *key >= 'a' && *key <= 'z'
		    ? (char)(*key - 'a' + 'A') : *key;
	name[n] = '\0';
	return getenv(name);
}

static bool
read_environment(struct reader *r)
{
	r->path = NULL;
	for (int i = 0; i < N_SETTINGS; i++) {
		const char *value = value_in_environment(settings[i].key);

		if (value != NULL && !set_value(r, &settings[i], value))
			return false;
	}
	return true;
}

/* --- the whole --- */

static bool
set_defaults(struct reader *r)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (settings[i].initial != NULL
		    && !set_value(r, &settings[i], settings[i].initial))
			return false;
	return true;
}

bool
config_load(struct config *c, const char *path, char **error)
{
	struct reader r = {.config = c, .error = error};
	bool named = path != NULL;
	char beside[1024];

	*c = (struct config){0};
	if (!named)
		path = default_path(beside, sizeof(beside));
	if (set_defaults(&r) && read_path(&r, path, named)
	    && read_environment(&r))
		return true;
	config_release(c);
	return false;
}

/* A conninfo, "key=value" or a URI, without its password. */
static void
print_masked(FILE *out, const char *value)
{
	const char *at = strstr(value, "password"), *colon, *host;
	const char *scheme = strstr(value, "://");

	if (scheme != NULL && (host = strchr(scheme + 3, '@')) != NULL
	    && (colon = strchr(scheme + 3, ':')) != NULL && colon < host) {
		fprintf(out, "%.*s:***%s", (int)(colon - value), value, host);
	} else if (at != NULL) {
		fprintf(out, "%.*spassword=*** (the rest is not shown)",
		    (int)(at - value), value);
	} else {
		fputs(value, out);
	}
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
	case CHOICE: print_choice(out, set->choices, n); break;
	case OCTAL: fprintf(out, "%04llo", (unsigned long long)n); break;
	case SECONDS: fprintf(out, "%llds", (long long)n); break;
	default: fprintf(out, "%lld", (long long)n); break;
	}
}

void
config_print(const struct config *c, FILE *out)
{
	struct config *mutable = (struct config *)(uintptr_t)c;

	for (int i = 0; i < N_SETTINGS; i++) {
		const struct setting *set = &settings[i];
		const char *words;

		if (set->kind == WORDS) {
			words = *words_of(mutable, set);
			fprintf(out, words == NULL ? "# %s is not set" : "%s = ",
			    set->key);
			if (words != NULL)
				print_masked(out, words);
		} else {
			fprintf(out, "%s = ", set->key);
			print_number(out, set, *number_of(mutable, set));
		}
		fputc('\n', out);
	}
}

void
config_release(struct config *c)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (settings[i].kind == WORDS)
			free(*words_of(c, &settings[i]));
	*c = (struct config){0};
}
