/* ~/.aws/credentials and ~/.aws/config. */
#include "credentials/aws_files.h"

#include "base/arena.h"
#include "base/ini.h"
#include "base/scope.h"
#include "credentials/source.h"
#include "credentials/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
	const char *variable, *in_home;
	bool prefixed; /* sections are [profile NAME], but for the default */
} kinds[2] = {
    {"AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials", false},
    {"AWS_CONFIG_FILE", "/.aws/config", true},
};

static const struct key {
	struct text name;
	size_t offset; /* in struct aws_profile */
} keys[] = {
    {TEXT("aws_access_key_id"), offsetof(struct aws_profile, access_key_id)},
    {TEXT("aws_secret_access_key"),
	offsetof(struct aws_profile, secret_access_key)},
    {TEXT("aws_session_token"), offsetof(struct aws_profile, session_token)},
    {TEXT("credential_process"), offsetof(struct aws_profile, process)},
};

/* What leads to credentials by ways that a program of somebody else's can go
 * for us, as the credential_process. */
static const struct text others[] = {TEXT("role_arn"), TEXT("source_profile"),
    TEXT("sso_session"), TEXT("sso_start_url")};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]),
	N_OTHERS = sizeof(others) / sizeof(others[0]) };

static const char *
profile_name(const struct errand *e)
{
	const char *name = e->settings->profile;

	if (name == NULL)
		name = source_variable("AWS_PROFILE");
	if (name == NULL)
		name = source_variable("AWS_DEFAULT_PROFILE");
	return name;
}

/* [NAME], or in the config file [profile NAME], perhaps with quotes. */
static bool
is_section_of(struct text section, const char *name, bool prefixed)
{
	struct text word, rest = section;

	if (!prefixed || (strcmp(name, "default") == 0
		&& text_equal(section, TEXT("default"))))
		return text_equal(section, text_of(name));
	if (!text_has_prefix(section, TEXT("profile")))
		return false;
	rest = (struct text){section.data + 7, section.size - 7};
	word = text_trim(rest, " \t");
	if (word.size == rest.size) /* no blank behind "profile" */
		return false;
	return text_equal(text_trim(word, "\"'"), text_of(name));
}

/* Within a file the last one of a name counts. */
static void
take_key(struct aws_profile *found, const struct ini *ini)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (text_equal_nocase(keys[i].name, ini->key)
		    && ini->value.size > 0)
			*(struct text *)(void *)((char *)found
			    + keys[i].offset) = ini->value;
	for (size_t i = 0; i < N_OTHERS; i++)
		if (text_equal_nocase(others[i], ini->key))
			found->other = others[i];
}

/* A key's parts come from one file. */
static void
merge(struct aws_profile *p, const struct aws_profile *found,
    const struct text_file *file)
{
	p->is_there |= found->is_there;
	if (p->access_key_id.data == NULL && p->secret_access_key.data == NULL) {
		p->access_key_id = found->access_key_id;
		p->secret_access_key = found->secret_access_key;
		p->session_token = found->session_token;
		if (file->others_may_read)
			p->open_secret = file->path;
	}
	if (p->process.data == NULL) {
		p->process = found->process;
		if (file->others_may_write)
			p->open_process = file->path;
	}
	if (p->other.data == NULL)
		p->other = found->other;
}

/* Nothing stands in the way of what is simply not there; some say so with
 * /dev/null. */
static bool
is_absent(const char *path)
{
	return strcmp(path, "/dev/null") == 0
	    || (access(path, F_OK) == -1
		&& (errno == ENOENT || errno == ENOTDIR));
}

static bool
read_one(struct aws_profile *p, const struct errand *e,
    const struct kind *kind, const char *path)
{
	struct aws_profile found = {0};
	struct text_file file;
	struct ini ini;

	if (is_absent(path))
		return true;
	if (!text_file_read(&file, e, path))
		return false;
	ini_begin(&ini, file.text);
	while (ini_next(&ini)) {
		if (ini.section.data == NULL
		    || !is_section_of(ini.section, p->name, kind->prefixed))
			continue;
		found.is_there = true;
		if (ini.key.data != NULL)
			take_key(&found, &ini);
	}
	merge(p, &found, &file);
	return true;
}

/* NULL: nobody knows. */
static const char *
path_of(const struct kind *kind, const struct errand *e)
{
	const char *set = source_variable(kind->variable);
	const char *home = source_variable("HOME");
	char *path;
	size_t size;

	if (set != NULL || home == NULL)
		return set;
	size = strlen(home) + strlen(kind->in_home) + 1;
	path = arena_alloc(e->scope->arena, size);
	snprintf(path, size, "%s%s", home, kind->in_home);
	return path;
}

bool
aws_profile_read(struct aws_profile *profile, const struct errand *e)
{
	const char *name = profile_name(e);

	*profile = (struct aws_profile){
	    .name = name != NULL ? name : "default", .is_named = name != NULL};
	for (size_t i = 0; i < 2; i++) {
		profile->paths[i] = path_of(&kinds[i], e);
		if (profile->paths[i] != NULL
		    && !read_one(profile, e, &kinds[i], profile->paths[i]))
			return false;
	}
	return true;
}
