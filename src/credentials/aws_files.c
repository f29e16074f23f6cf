/* ~/.aws/credentials and ~/.aws/config. */
#include "credentials/aws_files.h"

#include "base/arena.h"
#include "base/ini.h"
#include "base/scope.h"
#include "credentials/source.h"
#include "credentials/text_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct file {
	const char *variable, *in_home;
	bool prefixed; /* sections are [profile NAME], but for the default */
} files[2] = {
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
	return name != NULL ? name : "default";
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
merge(struct aws_profile *p, const struct aws_profile *found, const char *path)
{
	p->is_there |= found->is_there;
	if (p->access_key_id.data == NULL && p->secret_access_key.data == NULL) {
		p->access_key_id = found->access_key_id;
		p->secret_access_key = found->secret_access_key;
		p->session_token = found->session_token;
		p->secret_path = path;
	}
	if (p->process.data == NULL)
		p->process = found->process;
	if (p->other.data == NULL)
		p->other = found->other;
}

static bool
read_one(struct aws_profile *p, const struct errand *e,
    const struct file *file, const char *path)
{
	struct aws_profile found = {0};
	struct text text;
	struct ini ini;

	if (access(path, F_OK) == -1)
		return true;
	if (!text_file_read(&text, e, path))
		return false;
	ini_begin(&ini, text);
	while (ini_next(&ini))
		if (ini.section.data != NULL
		    && is_section_of(ini.section, p->name, file->prefixed)) {
			found.is_there = true;
			take_key(&found, &ini);
		}
	merge(p, &found, path);
	return true;
}

/* NULL: nobody knows. */
static const char *
path_of(const struct file *file, const struct errand *e)
{
	const char *set = source_variable(file->variable);
	const char *home = source_variable("HOME");
	char *path;
	size_t size;

	if (set != NULL || home == NULL)
		return set;
	size = strlen(home) + strlen(file->in_home) + 1;
	path = arena_alloc(e->scope->arena, size);
	snprintf(path, size, "%s%s", home, file->in_home);
	return path;
}

bool
aws_profile_read(struct aws_profile *profile, const struct errand *e)
{
	*profile = (struct aws_profile){.name = profile_name(e)};
	for (size_t i = 0; i < 2; i++) {
		profile->paths[i] = path_of(&files[i], e);
		if (profile->paths[i] != NULL
		    && !read_one(profile, e, &files[i], profile->paths[i]))
			return false;
	}
	if (profile->paths[0] != NULL || profile->paths[1] != NULL)
		return true;
	scope_cause(e->scope, "neither HOME nor %s is set", files[0].variable);
	return false;
}
