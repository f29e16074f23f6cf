/* Reading settings: the defaults, the file, the environment. */
#include "base/config.h"

#include "base/memory.h"
#include "base/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is being read, for errors. */
struct reader {
	struct config *config;
	struct config_store *store; /* that keys belong to */
	const char *path; /* of the file, or NULL: the environment */
	int line;         /* 0: none yet */
	char **error;
};

__attribute__((format(printf, 2, 3))) static bool
complain(struct reader *r, const char *format, ...)
{
	char what[600], where[300];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (r->path != NULL && r->line > 0)
		snprintf(where, sizeof(where), "%s:%d", r->path, r->line);
	else if (r->path != NULL)
		snprintf(where, sizeof(where), "%s", r->path);
	else
		snprintf(where, sizeof(where), "environment");
	*r->error = memory_new(strlen(where) + strlen(what) + 3);
	sprintf(*r->error, "%s: %s", where, what);
	return false;
}

/* What the setting lies in. */
static void *
place_of(struct reader *r, const struct setting *set)
{
	return set->of_store ? (void *)r->store : r->config;
}

static bool
set_value(struct reader *r, const struct setting *set, const char *value)
{
	char wanted[128];

	if (setting_set(place_of(r, set), set, value))
		return true;
	setting_print_wanted(wanted, sizeof(wanted), set);
	return complain(
	    r, "bad value '%s' for %s; write %s", value, set->key, wanted);
}

/* --- the file --- */

static bool
unknown_key(struct reader *r, const char *key)
{
	const struct setting *like = setting_like(key);

	if (like != NULL)
		return complain(r, "unknown key '%s'; did you mean '%s'?", key,
		    like->key);
	return complain(r, "unknown key '%s'; jobtail.conf(5) lists them", key);
}

static bool
set_key(struct reader *r, const char *key, const char *value)
{
	for (size_t i = 0; settings[i].key != NULL; i++) {
		int *line = settings[i].of_store ? &r->store->lines[i]
						 : &r->config->lines[i];

		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (!settings[i].of_store && r->store->line != 0)
			return complain(r, "'%s' is no key of a store; write "
			    "it above the first section, in line %d", key,
			    r->config->stores[1].line);
		if (*line != 0)
			return complain(r,
			    "'%s' was given in line %d already; keep one", key,
			    *line);
		*line = r->line;
		return set_value(r, &settings[i], value);
	}
	return unknown_key(r, key);
}

/* The store's defaults are those of the flat keys, whatever these say. */
static bool
set_defaults(struct reader *r, bool of_store)
{
	for (const struct setting *set = settings; set->key != NULL; set++)
		if (set->of_store == of_store && set->initial != NULL
		    && !set_value(r, set, set->initial))
			return false;
	return true;
}

static bool
is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= CONFIG_NAME_MAX
	    && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool
begin_store(struct reader *r, const char *name)
{
	struct config *c = r->config;

	for (size_t i = 1; i < c->n_stores; i++)
		if (strcmp(c->stores[i].name, name) == 0)
			return complain(r, "the store '%s' was begun in line "
			    "%d already; keep one, or give this one another "
			    "name", name, c->stores[i].line);
	if (c->n_stores > CONFIG_MAX_STORES)
		return complain(r, "there may be %d sections, and this is one "
		    "more", CONFIG_MAX_STORES);
	r->store = &c->stores[c->n_stores++];
	strcpy(r->store->name, name);
	r->store->line = r->line;
	return set_defaults(r, true);
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

/* [store NAME] */
static bool
read_heading(struct reader *r, char *line)
{
	size_t n = strlen(line);
	char *name = line + strlen("[store");

	if (strncmp(line, "[store", strlen("[store")) != 0
	    || strchr(" \t]", *name) == NULL || line[n - 1] != ']')
		return complain(
		    r, "'%.60s' begins no section; write [store NAME]", line);
	line[n - 1] = '\0';
	name = trimmed(name);
	if (!is_name(name))
		return complain(r, "'%.60s' is no name for a store; write "
		    "[store NAME] with a name of 1 to %d letters a-z, digits, "
		    "_ and -", name, CONFIG_NAME_MAX);
	return begin_store(r, name);
}

static bool
read_line(struct reader *r, char *line)
{
	char *key = trimmed(line), *equals;

	if (*key == '\0' || *key == '#')
		return true;
	if (*key == '[')
		return read_heading(r, key);
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
		return complain(r, "%s; name a file that can be read with -c",
		    strerror(errno));
	r->config->path = memory_strdup(path);
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
	r->store = &r->config->stores[0];
	for (size_t i = 0; settings[i].key != NULL; i++) {
		const char *value = value_in_environment(settings[i].key);

		if (value != NULL && !set_value(r, &settings[i], value))
			return false;
	}
	return true;
}

/* --- the whole --- */

bool
config_load(struct config *c, const char *path, char **error)
{
	struct reader r = {
	    .config = c, .store = &c->stores[0], .error = error};
	bool named = path != NULL;
	char beside[1024];

	*c = (struct config){.n_stores = 1};
	if (!named)
		path = default_path(beside, sizeof(beside));
	if (set_defaults(&r, false) && set_defaults(&r, true)
	    && read_path(&r, path, named)
	    && read_environment(&r))
		return true;
	config_release(c);
	return false;
}

void
config_print(const struct config *c, FILE *out)
{
	fprintf(out, "# from %s and the environment\n",
	    c->path == NULL ? "no file" : c->path);
	for (const struct setting *set = settings; set->key != NULL; set++)
		setting_print(
		    out, set->of_store ? (const void *)&c->stores[0] : c, set);
	for (size_t i = 1; i < c->n_stores; i++) {
		fprintf(out, "\n[store %s]\n", c->stores[i].name);
		for (const struct setting *set = settings; set->key != NULL;
		     set++)
			if (set->of_store)
				setting_print(out, &c->stores[i], set);
	}
}

void
config_print_place(char *out, size_t size, const struct config *c,
    const struct config_store *store, const char *key)
{
	int line = store == NULL ? 0 : store->line;

	for (size_t i = 0; settings[i].key != NULL; i++) {
		const int *lines = store == NULL ? c->lines : store->lines;

		if (strcmp(settings[i].key, key) == 0 && lines[i] != 0)
			line = lines[i];
	}
	if ((store == NULL || store->line == 0)
	    && value_in_environment(key) != NULL)
		snprintf(out, size, "environment");
	else if (c->path == NULL)
		snprintf(out, size, "no settings file");
	else if (line == 0)
		snprintf(out, size, "%s", c->path);
	else
		snprintf(out, size, "%s:%d", c->path, line);
}

bool
config_is_static(const struct config_store *store)
{
	return store->credentials == CREDENTIALS_STATIC
	    || (store->credentials == CREDENTIALS_AUTO
		&& store->s3_access_key_id != NULL);
}

void
config_release(struct config *c)
{
	for (const struct setting *set = settings; set->key != NULL; set++) {
		if (!set->of_store)
			setting_clear(c, set);
		for (size_t i = 0; set->of_store && i < c->n_stores; i++)
			setting_clear(&c->stores[i], set);
	}
	free(c->path);
	*c = (struct config){0};
}
