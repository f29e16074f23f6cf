/* The files of AWS's tools. */
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/source.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY(n) "aws_access_key_id = AKID" n "\n" \
	"aws_secret_access_key = secret" n "\n"

static struct arena arena;
static char dir[] = "profile.XXXXXX", credentials_path[64], config_path[64],
    loop_path[64];

static void
write_file(const char *path, const char *text)
{
	FILE *f;

	(void)unlink(path);
	if (text == NULL)
		return;
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0
	    || chmod(path, 0600) == -1)
		abort();
}

static const struct {
	const char *credentials, *config; /* NULL: no such file */
	const char *profile, *variable;   /* NULL: not set */
	enum found found;
	const char *id, *token, *cause;
} cases[] = {
    {"[default]\n" KEY("1"), NULL, NULL, NULL, FOUND, "AKID1", NULL, NULL},
    {"[default]\n" KEY("1") "aws_session_token=t\n", NULL, NULL, NULL, FOUND,
	"AKID1", "t", NULL},
    {"[default]\n" KEY("1") "[x]\n" KEY("2"), NULL, "x", NULL, FOUND, "AKID2",
	NULL, NULL},
    {"[default]\n" KEY("1") "[x]\n" KEY("2"), NULL, NULL, "x", FOUND, "AKID2",
	NULL, NULL},
    {"[x]\n" KEY("1") "[y]\n" KEY("2"), NULL, "y", "x", FOUND, "AKID2", NULL,
	NULL},
    {NULL, "[default]\n" KEY("3"), NULL, NULL, FOUND, "AKID3", NULL, NULL},
    {NULL, "[profile x]\n" KEY("3"), "x", NULL, FOUND, "AKID3", NULL, NULL},
    {NULL, "[profile 'x']\n" KEY("3"), "x", NULL, FOUND, "AKID3", NULL, NULL},
    {NULL, "[profile \"x\"]\n" KEY("3"), "x", NULL, FOUND, "AKID3", NULL,
	NULL},
    {NULL, "[x]\n" KEY("3"), "x", NULL, FOUND_FAULT, NULL, NULL,
	"no profile 'x'"},
    {NULL, "[profilex]\n" KEY("3"), "x", NULL, FOUND_FAULT, NULL, NULL,
	"no profile 'x'"},
    {"[profile x]\n" KEY("3"), NULL, "x", NULL, FOUND_FAULT, NULL, NULL,
	"no profile 'x'"},
    {"[x]\n" KEY("1"), "[profile x]\n" KEY("2"), "x", NULL, FOUND, "AKID1",
	NULL, NULL},
    {"[x]\nregion = r\n", "[profile x]\n" KEY("2"), "x", NULL, FOUND, "AKID2",
	NULL, NULL},
    {"[x]\nAWS_Access_Key_Id = A\naws_secret_access_key = s\n", NULL, "x",
	NULL, FOUND, "A", NULL, NULL},
    {"[x]\naws_access_key_id = A\n", "[profile x]\n" KEY("2"), "x", NULL,
	FOUND_FAULT, NULL, NULL, "only one of"},
    {"[x]\naws_secret_access_key = canary\n", NULL, "x", NULL, FOUND_FAULT,
	NULL, NULL, "only one of"},
    {NULL, "[profile x]\nrole_arn = r\nsource_profile = y\n", "x", NULL,
	FOUND_FAULT, NULL, NULL, "has source_profile"},
    {NULL, "[profile x]\nsso_session = r\n", "x", NULL, FOUND_FAULT, NULL,
	NULL, "has sso_session"},
    {NULL, "[profile x]\nrole_arn = r\nsource_profile = x\n" KEY("1"), "x",
	NULL, FOUND_FAULT, NULL, NULL, "has source_profile"},
    {"[x]\n" KEY("1"), "[profile x]\nrole_arn = r\ncredential_process = p\n",
	"x", NULL, FOUND_NOTHING, NULL, NULL, "has role_arn"},
    {"[x]\n  aws_access_key_id = A\n  aws_secret_access_key = s\n", NULL, "x",
	NULL, FOUND, "A", NULL, NULL},
    {"[x]\n", NULL, "x", NULL, FOUND_NOTHING, NULL, NULL,
	"no aws_access_key_id"},
    {"[x]\naws_access_key_id = A # B\naws_secret_access_key = canary\n", NULL,
	"x", NULL, FOUND_FAULT, NULL, NULL, "has blanks"},
    {NULL, "[profile x]\ncredential_process = r\n", "x", NULL, FOUND_NOTHING,
	NULL, NULL, "no aws_access_key_id"},
    {NULL, NULL, NULL, NULL, FOUND_NOTHING, NULL, NULL,
	"no profile 'default'"},
};

static void
test_case(size_t i)
{
	const struct source_settings settings = {.profile = cases[i].profile};
	struct scope s = {.arena = &arena};
	struct errand e = {.settings = &settings, .scope = &s};
	struct credentials *c = NULL;

	write_file(credentials_path, cases[i].credentials);
	write_file(config_path, cases[i].config);
	if (cases[i].variable != NULL)
		setenv("AWS_PROFILE", cases[i].variable, 1);
	else
		unsetenv("AWS_PROFILE");
	is_int(source_profile.get(&c, &e), cases[i].found, "files %zu: %s", i,
	    s.cause);
	if (c != NULL) {
		is_str(c->access_key_id, cases[i].id, "the id");
		is_str(c->session_token, cases[i].token, "the token");
		is_int(c->ends_at, CREDENTIALS_NO_END, "no end");
	}
	if (cases[i].cause != NULL)
		ok(strstr(s.cause, cases[i].cause) != NULL
		    && strstr(s.cause, "canary") == NULL, "%s", s.cause);
	credentials_release(c);
	arena_reset(&arena);
}

static enum found
look(struct scope *s)
{
	const struct source_settings settings = {0};
	struct errand e = {.settings = &settings, .scope = s};
	struct credentials *c = NULL;
	enum found found;

	*s = (struct scope){.arena = &arena};
	found = source_profile.get(&c, &e);
	credentials_release(c);
	return found;
}

static void
test_files(void)
{
	struct scope s;
	char *large = malloc(300 * 1024);

	unsetenv("AWS_PROFILE");
	write_file(config_path, NULL);
	write_file(credentials_path, "[default]\n" KEY("1"));
	is_int(chmod(credentials_path, 0640), 0, "its group may read it");
	is_int(look(&s), FOUND, "which is fine");
	is_int(chmod(credentials_path, 0644), 0, "others may read it");
	is_int(look(&s), FOUND_FAULT, "which is not");
	ok(strstr(s.cause, "chmod o-rwx") != NULL, "%s", s.cause);
	memset(large, '#', 300 * 1024 - 1);
	large[300 * 1024 - 1] = '\0';
	write_file(credentials_path, large);
	is_int(look(&s), FOUND_FAULT, "a file that is too large");
	write_file(credentials_path, NULL);
	is_int(mkdir(credentials_path, 0700), 0, "a folder");
	is_int(look(&s), FOUND_FAULT, "is no file");
	(void)rmdir(credentials_path);
	write_file(config_path, "[default]\n" KEY("1"));
	is_int(look(&s), FOUND, "one is enough");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
	is_int(look(&s), FOUND, "the other may be nothing");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null/x/y", 1);
	is_int(look(&s), FOUND, "or nowhere");
	is_int(symlink("loop", loop_path), 0, "a link to itself");
	setenv("AWS_SHARED_CREDENTIALS_FILE", loop_path, 1);
	is_int(look(&s), FOUND_FAULT, "is not nowhere");
	(void)unlink(loop_path);
	unsetenv("AWS_CONFIG_FILE");
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	unsetenv("HOME");
	is_int(look(&s), FOUND_NOTHING, "nobody knows where they are");
	ok(strstr(s.cause, "HOME") != NULL, "%s", s.cause);
	free(large);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(credentials_path, sizeof(credentials_path), "%s/a", dir);
	snprintf(config_path, sizeof(config_path), "%s/b", dir);
	snprintf(loop_path, sizeof(loop_path), "%s/loop", dir);
	setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
	setenv("AWS_CONFIG_FILE", config_path, 1);
	unsetenv("AWS_DEFAULT_PROFILE");
	arena_init(&arena, 4096);
	for (size_t i = 0; i < N_OF(cases); i++)
		test_case(i);
	test_files();
	write_file(credentials_path, NULL);
	write_file(config_path, NULL);
	(void)rmdir(dir);
	arena_release(&arena);
	return tap_done();
}
