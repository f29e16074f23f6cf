/* Settings from defaults, file and environment. */
#include "base/config.h"

#include "base/buf.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the folder that the tests run from. */
static char path[64];

static void
write_file(const char *name, const char *bytes, size_t size)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
		abort();
}

/* What -T prints, or the error without the path before it. */
static char *
outcome(const char *name)
{
	struct config c;
	char *text = NULL, *error = NULL;
	size_t size;
	FILE *out;

	if (!config_load(&c, name, &error)) {
		size_t n = strlen(path);

		if (strncmp(error, path, n) == 0)
			memmove(error, error + n, strlen(error + n) + 1);
		return error;
	}
	out = open_memstream(&text, &size);
	config_print(&c, out);
	fclose(out);
	config_release(&c);
	return text;
}

static char *
outcome_of(const char *file)
{
	write_file(path, file, strlen(file));
	return outcome(path);
}

static bool
has_line(const char *text, const char *line)
{
	struct text rest = text_of(text), found;

	while (text_cut(&found, &rest, '\n'))
		if (text_equal(found, text_of(line)))
			return true;
	return false;
}

/* --- what is taken --- */

static const struct {
	const char *file, *line;
} taken[] = {
    {"", "listen = unix:/run/jobtail/jobtail.sock"},
    {"", "listen_mode = 0660"},
    {"", "listen_backlog = 4096"},
    {"", "# listen_owner is not set"},
    {"", "# user is not set"},
    {"", "prepare = auto"},
    {"", "workers = 4"},
    {"", "store = s3"},
    {"", "s3_addressing = virtual"},
    {"", "credentials = static"},
    {"", "artifact_ttl = 900s"},
    {"", "artifact_window = 300s"},
    {"", "max_events = 5000"},
    {"", "max_bytes = 4194304"},
    {"", "closed_grace = 10s"},
    {"", "log = stderr"},
    {"", "log_level = info"},
    /* the form */
    {"workers = 8\n", "workers = 8"},
    {"workers=8", "workers = 8"},
    {"  workers\t=\t8 \t\n", "workers = 8"},
    {"workers = 8\r\nprepare = on\r\n", "workers = 8"},
    {"workers = 8\r\nprepare = on\r\n", "prepare = on"},
    {"# workers = 8\n  # prepare = x\n\n\t\nuser = www\n", "user = www"},
    {"database = host=/run dbname=x\n", "database = host=/run dbname=x"},
    {"database =\n", "# database is not set"},
    {"listen =\n", "# listen is not set"},
    {"base_path = /a b\n", "base_path = /a b"},
    /* numbers and their ends */
    {"workers = 1", "workers = 1"},
    {"workers = 256", "workers = 256"},
    {"workers = 010", "workers = 10"},
    {"listen_backlog = 65535", "listen_backlog = 65535"},
    {"max_events = 100000", "max_events = 100000"},
    /* units */
    {"artifact_ttl = 60", "artifact_ttl = 60s"},
    {"artifact_ttl = 60s", "artifact_ttl = 60s"},
    {"artifact_ttl = 15m", "artifact_ttl = 900s"},
    {"artifact_ttl = 168h", "artifact_ttl = 604800s"},
    {"artifact_window = 0", "artifact_window = 0s"},
    {"artifact_window = 24h", "artifact_window = 86400s"},
    {"max_bytes = 65536", "max_bytes = 65536"},
    {"max_bytes = 1KiB", "max_bytes = 1024"},
    {"max_bytes = 64MiB", "max_bytes = 67108864"},
    /* modes and words */
    {"listen_mode = 0600", "listen_mode = 0600"},
    {"listen_mode = 777", "listen_mode = 0777"},
    {"listen_mode = 0", "listen_mode = 0000"},
    {"store = secure_link", "store = secure_link"},
    {"store = none", "store = none"},
    {"s3_addressing = path", "s3_addressing = path"},
    {"log = syslog", "log = syslog"},
    {"log_level = debug", "log_level = debug"},
    {"log_level = error", "log_level = error"},
};

static void
test_taken(void)
{
	for (size_t i = 0; i < N_OF(taken); i++) {
		char *out = outcome_of(taken[i].file);

		if (!ok(has_line(out, taken[i].line), "%s", taken[i].line))
			note("%s", out);
		free(out);
	}
}

/* --- what is refused, with the line and what to write --- */

#define NUMBER " for workers; write a whole number from 1 to 256"
#define SECONDS " for artifact_ttl; write 30s, 5m or 1h"
#define BYTES " for max_bytes; write 512KiB or 4MiB"
#define MODE " for listen_mode; write an octal mode such as 0660"
#define CHOICE " for prepare; write one of: auto on off"

#define NAME \
	" for a store; write [store NAME] with a name of 1 to 32 letters a-z, " \
	"digits, _ and -"
#define LONG_NAME "abcdefghijklmnopqrstuvwxyz_01-89" /* 32 bytes */

static const struct {
	const char *file, *error;
} refused[] = {
    {"workrs = 4", ":1: unknown key 'workrs'; did you mean 'workers'?"},
    {"worker = 4", ":1: unknown key 'worker'; did you mean 'workers'?"},
    {"Workers = 4", ":1: unknown key 'Workers'; did you mean 'workers'?"},
    {"artefact_ttl = 4",
	":1: unknown key 'artefact_ttl'; did you mean 'artifact_ttl'?"},
    {"loglevel = info",
	":1: unknown key 'loglevel'; did you mean 'log_level'?"},
    {"no_such_thing_at_all = 4",
	":1: unknown key 'no_such_thing_at_all'; jobtail.conf(5) lists them"},
    {"workers = 1\n# \n\nworkers = 2",
	":4: 'workers' was given in line 1 already; keep one"},
    {"workers = 1\nworkers = 1",
	":2: 'workers' was given in line 1 already; keep one"},
    {"\n\nworkers", ":3: 'workers' has no '='; write key = value"},
    /* sections */
    {"\n[store]", ":2: '' is no name for a store; write [store NAME] with a "
     "name of 1 to 32 letters a-z, digits, _ and -"},
    {"[store ]", ":1: '' is no name" NAME},
    {"[store Media]", ":1: 'Media' is no name" NAME},
    {"[store a.b]", ":1: 'a.b' is no name" NAME},
    {"[store a b]", ":1: 'a b' is no name" NAME},
    {"[store \xc3\xbc]", ":1: '\xc3\xbc' is no name" NAME},
    {"[store a]]", ":1: 'a]' is no name" NAME},
    {"[store " LONG_NAME "x]", ":1: '" LONG_NAME "x' is no name" NAME},
    {"[store", ":1: '[store' begins no section; write [store NAME]"},
    {"[store x", ":1: '[store x' begins no section; write [store NAME]"},
    {"[store x] # y", ":1: '[store x] # y' begins no section; write [store "
     "NAME]"},
    {"[storex]", ":1: '[storex]' begins no section; write [store NAME]"},
    {"[Store x]", ":1: '[Store x]' begins no section; write [store NAME]"},
    {"[media]", ":1: '[media]' begins no section; write [store NAME]"},
    {"[]", ":1: '[]' begins no section; write [store NAME]"},
    {"[store x]\nstore = none\n\n[store y]\n[store x]\n",
	":5: the store 'x' was begun in line 1 already; keep one, or give "
	"this one another name"},
    {"user = a\n[store x]\n[store y]\nworkers = 3\n",
	":4: 'workers' is no key of a store; write it above the first "
	"section, in line 2"},
    {"[store x]\ns3_region = a\n[store y]\ns3_region = b\ns3_region = c",
	":5: 's3_region' was given in line 4 already; keep one"},
    {"[store x]\ns3_regoin = a",
	":2: unknown key 's3_regoin'; did you mean 's3_region'?"},
    {"[store x]\nstore = S3",
	":2: bad value 'S3' for store; write one of: s3 secure_link none"},
    {"[store x]\nartifact_ttl = x", ":2: bad value 'x'" SECONDS},
    {"[store x]\ns3_region", ":2: 's3_region' has no '='; write key = value"},
    {"workers = 0", ":1: bad value '0'" NUMBER},
    {"workers = 257", ":1: bad value '257'" NUMBER},
    {"workers = -1", ":1: bad value '-1'" NUMBER},
    {"workers = +4", ":1: bad value '+4'" NUMBER},
    {"workers = 4x", ":1: bad value '4x'" NUMBER},
    {"workers = 4s", ":1: bad value '4s'" NUMBER},
    {"workers = 4 4", ":1: bad value '4 4'" NUMBER},
    {"workers = 0x4", ":1: bad value '0x4'" NUMBER},
    {"workers = 4.0", ":1: bad value '4.0'" NUMBER},
    {"workers =", ":1: bad value ''" NUMBER},
    {"workers = 99999999999999999999",
	":1: bad value '99999999999999999999'" NUMBER},
    {"workers = 18446744073709551620",
	":1: bad value '18446744073709551620'" NUMBER},
    {"artifact_ttl = 0", ":1: bad value '0'" SECONDS},
    {"artifact_ttl = 604801", ":1: bad value '604801'" SECONDS},
    {"artifact_ttl = 169h", ":1: bad value '169h'" SECONDS},
    {"artifact_ttl = 1d", ":1: bad value '1d'" SECONDS},
    {"artifact_ttl = 1H", ":1: bad value '1H'" SECONDS},
    {"artifact_ttl = 1ms", ":1: bad value '1ms'" SECONDS},
    {"artifact_ttl = 1KiB", ":1: bad value '1KiB'" SECONDS},
    {"artifact_ttl = 9223372036854775807h",
	":1: bad value '9223372036854775807h'" SECONDS},
    {"max_bytes = 1023", ":1: bad value '1023'" BYTES},
    {"max_bytes = 65MiB", ":1: bad value '65MiB'" BYTES},
    {"max_bytes = 4MB", ":1: bad value '4MB'" BYTES},
    {"max_bytes = 4m", ":1: bad value '4m'" BYTES},
    {"listen_mode = 0888", ":1: bad value '0888'" MODE},
    {"listen_mode = 01000", ":1: bad value '01000'" MODE},
    {"listen_mode = rw", ":1: bad value 'rw'" MODE},
    {"prepare = maybe", ":1: bad value 'maybe'" CHOICE},
    {"prepare = AUTO", ":1: bad value 'AUTO'" CHOICE},
    {"prepare = aut", ":1: bad value 'aut'" CHOICE},
    {"prepare = auto on", ":1: bad value 'auto on'" CHOICE},
    {"prepare =", ":1: bad value ''" CHOICE},
    {"# x\r\n\r\nprepare = on\r\nworkers = x\r\n",
	":4: bad value 'x'" NUMBER},
};

static void
test_refused(void)
{
	for (size_t i = 0; i < N_OF(refused); i++) {
		char *out = outcome_of(refused[i].file);

		is_str(out, refused[i].error, "refused: '%.30s'",
		    refused[i].file);
		free(out);
	}
}

static void
test_long_lines(void)
{
	char file[5000] = "user = ";
	char *out;

	memset(file + 7, 'x', 1500);
	out = outcome_of(file);
	ok(strstr(out, "xxxx\n") != NULL, "a line of 1,500 characters");
	free(out);
	memset(file + 7, 'x', 4000);
	out = outcome_of(file);
	is_str(out, ":1: the line is too long", "one of 4,000 is refused");
	free(out);
}

static void
test_bad_files(void)
{
	char *out;

	(void)unlink(path);
	out = outcome(path);
	is_str(out, 
	    ": No such file or directory; name a file that can be read with -c",
	    "a file that was named must be there");
	free(out);
	out = outcome(".");
	ok(strstr(out, "directory") != NULL, "a folder is no file: %s", out);
	free(out);
}

/* --- the environment --- */

static void
test_environment(void)
{
	static const struct {
		const char *name, *value, *line;
	} cases[] = {
	    {"JOBTAIL_WORKERS", "9", "workers = 9"},
	    {"JOBTAIL_S3_BUCKET", "b", "s3_bucket = b"},
	    {"JOBTAIL_DATABASE", "", "# database is not set"},
	    {"JOBTAIL_ARTIFACT_TTL", "1h", "artifact_ttl = 3600s"},
	    {"JOBTAIL_WORKERS", "0", "environment: bad value '0'" NUMBER},
	    {"JOBTAIL_WORKERS", "", "environment: bad value ''" NUMBER},
	    {"jobtail_workers", "9", "workers = 2"},
	    {"WORKERS", "9", "workers = 2"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char *out;

		setenv(cases[i].name, cases[i].value, 1);
		out = outcome_of("workers = 2\ns3_bucket = a\n"
				 "database = dbname=x\nartifact_ttl = 5s\n");
		ok(has_line(out, cases[i].line), "%s=%s: %s", cases[i].name,
		    cases[i].value, cases[i].line);
		free(out);
		unsetenv(cases[i].name);
	}
}

/* Where a setting was given, for those who find it wrong later. */
static void
test_places(void)
{
	static const struct {
		int store; /* -1: none */
		const char *key, *place; /* "environment", or behind the path */
	} cases[] = {
	    {-1, "workers", ":2"},
	    {-1, "user", ":3"},
	    {-1, "group", ""},
	    {-1, "prepare", "environment"},
	    {0, "store", ":5"},
	    {0, "s3_region", ""},
	    {0, "s3_bucket", "environment"},
	    {1, "s3_bucket", ":7"},
	    {1, "s3_region", ":6"},
	    {2, "s3_region", ":9"},
	    {2, "s3_bucket", ":8"},
	    {2, "store", ":8"},
	};
	static const char file[] = "# x\nworkers = 2\nuser = a\nprepare = on\n"
				   "store = none\n[store x]\ns3_bucket = c\n"
				   "[store y]\ns3_region = r\n";
	char got[200], want[200], *error = NULL;
	struct config c;

	setenv("JOBTAIL_S3_BUCKET", "b", 1);
	setenv("JOBTAIL_PREPARE", "off", 1);
	write_file(path, file, strlen(file));
	if (!ok(config_load(&c, path, &error), "loaded"))
		return;
	for (size_t i = 0; i < N_OF(cases); i++) {
		bool in_file = strcmp(cases[i].place, "environment") != 0;

		config_print_place(got, sizeof(got), &c, cases[i].store < 0
			? NULL : &c.stores[cases[i].store], cases[i].key);
		snprintf(want, sizeof(want), "%s%s", in_file ? path : "",
		    cases[i].place);
		is_str(got, want, "the place of %s", cases[i].key);
	}
	config_release(&c);
	clearenv();
}

/* --- jobtail.conf beside the program --- */

static void
test_beside_the_program(void)
{
	char beside[1024];
	ssize_t n = readlink("/proc/self/exe", beside, sizeof(beside) - 20);
	char *out;

	beside[n < 0 ? 0 : n] = '\0';
	strcpy(strrchr(beside, '/'), "/jobtail.conf");
	write_file(beside, "workers = 77\n", 13);
	out = outcome(NULL);
	(void)unlink(beside);
	ok(has_line(out, "workers = 77"), "jobtail.conf beside the program");
	free(out);
}

/* --- -T shows no password --- */

static const char *const passwords[] = {
    "host=h password=hunter2",
    "password=hunter2 host=h",
    "password = hunter2 host=h",
    "password='hunter2 hunter2' host=h",
    "password='\\'hunter2' host=h",
    "host=h sslpassword=hunter2",
    "sslpassword=hunter2 password=hunter2",
    "postgresql://u:hunter2@h/db",
    "postgres://u:hunter2@h:5432/db",
    "postgresql://:hunter2@h/db",
    "postgresql://u:hunter2@[::1]:5432/db",
    "postgresql://u:p:hunter2@h/db",
    "postgresql://u:hunter2@h1:1,h2:2/db?target_session_attrs=any",
    "postgresql://h/db?password=hunter2",
    "postgresql://h/db?user=u&password=hunter2",
    "postgresql://u@h/db?password=hunter2",
    "postgresql://u@h:5432/db?sslpassword=hunter2",
    "postgresql://u:x@h/db?password=hunter2",
    "postgresql://u:hunter2@h/db?sslpassword=hunter2",
    "host=h application_name=http://a:b@c password=hunter2",
};

static void
test_masking(void)
{
	for (size_t i = 0; i < N_OF(passwords); i++) {
		char file[200];
		char *out;

		snprintf(file, sizeof(file), "database = %s\n", passwords[i]);
		out = outcome_of(file);
		ok(strstr(out, "hunter2") == NULL, "masked: %s", passwords[i]);
		free(out);
	}
}

static void
test_what_masking_leaves(void)
{
	char *out = outcome_of("database = postgresql://u:hunter2@h/db\n"
			       "secure_link_base = https://a.example/x\n");

	ok(has_line(out,
	       "database = postgresql://*** (the rest is not shown)"),
	    "of a URI with a user, the scheme is shown");
	ok(has_line(out, "secure_link_base = https://a.example/x"),
	    "and all of what has no password");
	free(out);
}

/* What -T prints says the same when it is read. */
static void
test_printed_again(void)
{
	char *first = outcome_of("workers = 3\nmax_bytes = 5MiB\nuser = a\n"
				 "listen_mode = 0640\nprepare = off\n"
				 "artifact_ttl = 2h\nlog_level = debug\n"
				 "store = none\n[store a]\ns3_region = r\n"
				 "[store b]\nstore = secure_link\n"
				 "artifact_window = 0\n");
	char *again = outcome_of(first);

	is_str(again, first, "what was printed can be read");
	ok(has_line(first, "[store b]") && has_line(first, "s3_region = r"),
	    "with the sections");
	free(first);
	free(again);
}

/* --- sections --- */

static void
test_stores(void)
{
	static const char file[] =
	    "store = none\ns3_region = a\n"
	    "  [store\tm-1_x]\t\r\n s3_region = b\r\nartifact_ttl = 60s\n"
	    "[store   " LONG_NAME " ]\nstore = secure_link\n";
	char *error = NULL;
	struct config c;

	setenv("JOBTAIL_S3_REGION", "e", 1);
	write_file(path, file, strlen(file));
	if (!ok(config_load(&c, path, &error), "loaded"))
		return;
	clearenv();
	is_int((int64_t)c.n_stores, 3, "the flat one and two");
	is_str(c.stores[0].name, "", "the flat one has no name");
	is_str(c.stores[1].name, "m-1_x", "a name");
	is_str(c.stores[2].name, LONG_NAME, "a long one");
	is_int(c.stores[0].store, STORE_NONE, "a kind");
	is_int(c.stores[1].store, STORE_S3, "the default, not the flat one's");
	is_int(c.stores[2].store, STORE_SECURE_LINK, "another kind");
	is_str(c.stores[0].s3_region, "e", "the environment is flat");
	is_str(c.stores[1].s3_region, "b", "a section has its own");
	ok(c.stores[2].s3_region == NULL, "or none");
	is_int(c.stores[0].artifact_ttl, 900, "a default");
	is_int(c.stores[1].artifact_ttl, 60, "not of the section that says");
	is_int(c.stores[2].artifact_ttl, 900, "but of the next");
	config_release(&c);
}

static void
test_many_stores(void)
{
	struct buf file = {0};
	char *out;

	for (int i = 0; i < 32; i++)
		buf_printf(&file, "[store s%d]\n", i);
	buf_char(&file, '\0');
	out = outcome_of(file.data);
	ok(has_line(out, "[store s31]"), "32 sections");
	free(out);
	file.size--;
	buf_string(&file, "[store s32]\n");
	buf_char(&file, '\0');
	out = outcome_of(file.data);
	is_str(out, ":33: there may be 32 sections, and this is one more",
	    "one more");
	free(out);
	buf_release(&file);
}

int
main(void)
{
	clearenv();
	snprintf(path, sizeof(path), "config.%d.conf", (int)getpid());
	test_taken();
	test_refused();
	test_long_lines();
	test_bad_files();
	test_environment();
	test_places();
	test_stores();
	test_many_stores();
	test_beside_the_program();
	test_masking();
	test_what_masking_leaves();
	test_printed_again();
	(void)unlink(path);
	return tap_done();
}
