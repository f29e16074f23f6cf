/* Programs that are run for their output. */
#include "credentials/child.h"

#include "base/clock.h"
#include "base/scope.h"
#include "credentials/source.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static struct scope scope;
static const struct errand errand = {.scope = &scope};

static void
begin(int64_t ms)
{
	arena_reset(&arena);
	scope_init(&scope, &arena, clock_mono_ms() + ms, clock_wall_us());
}

static void
test_split(void)
{
	static const struct {
		const char *command;
		const char *words[5];
	} cases[] = {
	    {"a", {"a"}},
	    {"  a  bc\td ", {"a", "bc", "d"}},
	    {"a \"b c\" 'd  e'", {"a", "b c", "d  e"}},
	    {"a\"b c\"d", {"ab cd"}},
	    {"a '\"' \"'\"", {"a", "\"", "'"}},
	    {"a '' \"\"", {"a", "", ""}},
	    {"a $HOME `b`; c", {"a", "$HOME", "`b`;", "c"}},
	    {"\"/a b/c\"", {"/a b/c"}},
	    {"a \\ b", {"a", "\\", "b"}},
	    {"a 'b", {NULL}},
	    {"a \"b", {NULL}},
	    {"", {NULL}},
	    {"   ", {NULL}},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *const *want = cases[i].words;
		char **got;

		begin(0);
		got = child_split(&errand, text_of(cases[i].command));
		if (!is_int(got != NULL, want[0] != NULL, "'%s'",
			cases[i].command) || got == NULL)
			continue;
		for (; *want != NULL && *got != NULL; want++, got++)
			is_str(*got, *want, "%s", *want);
		ok(*want == NULL && *got == NULL, "and no more");
	}
}

/* Gives its output, or "" with a cause. */
static const char *
run(const char *command, size_t most, int64_t ms)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct text output;
	char *words[4];

	begin(ms);
	memcpy(words, argv, sizeof(words));
	return child_run(&output, &errand, words, most)
	    ? arena_copy(&arena, output.data, output.size) : "";
}

static void
test_run(void)
{
	is_str(run("echo hello", 100, 5000), "hello\n", "what it says");
	is_str(run("cat; echo end", 100, 5000), "end\n", "no input");
	is_str(run("echo loud >&2; echo end", 100, 5000), "end\n",
	    "without its complaints");
	is_str(run("printf 1234", 4, 5000), "1234", "as much as may be");
	is_str(run("printf 12345", 4, 5000), "", "but no more");
	ok(strstr(scope.cause, "too much") != NULL, "%s", scope.cause);
	is_str(run("yes", 65536, 5000), "", "nor without an end");
	ok(strstr(scope.cause, "too much") != NULL, "%s", scope.cause);
	is_str(run("echo x; exit 7", 100, 5000), "", "a bad end");
	ok(strstr(scope.cause, "status 7") != NULL, "%s", scope.cause);
	is_str(run("kill -9 $$", 100, 5000), "", "a killed one");
	ok(strstr(scope.cause, "signal 9") != NULL, "%s", scope.cause);
}

static void
test_missing(void)
{
	char name[] = "/nonexistent/program";
	char *argv[] = {name, NULL};
	struct text output;

	begin(5000);
	ok(!child_run(&output, &errand, argv, 10), "there is none");
	ok(strstr(scope.cause, "No such file") != NULL, "%s", scope.cause);
}

/* All that it has started goes with it. */
static void
test_time(void)
{
	char path[] = "child.XXXXXX", command[200], text[32] = "";
	int fd = mkstemp(path);
	int64_t pid;

	snprintf(command, sizeof(command),
	    "sleep 1000 & echo $! >%s; wait", path);
	is_str(run(command, 100, 700), "", "one that takes too long");
	ok(strstr(scope.cause, "in time") != NULL, "%s", scope.cause);
	ok(read(fd, text, sizeof(text) - 1) > 0, "it had begun");
	ok(text_int(&pid, text_trim(text_of(text), "\n")) && pid > 1,
	    "with another one");
	for (int i = 0; i < 500 && kill((pid_t)pid, 0) == 0; i++)
		usleep(10000);
	ok(kill((pid_t)pid, 0) == -1, "which has gone too");
	close(fd);
	unlink(path);
	is_str(run("exec >&-; sleep 1000", 100, 700), "",
	    "one that says all and stays");
	ok(strstr(scope.cause, "in time") != NULL, "%s", scope.cause);
}

static bool
stops(void *of)
{
	(void)of;
	return false;
}

static void
test_stop(void)
{
	const struct errand stopped = {.scope = &scope, .go_on = stops};
	char sleeper[] = "sleep", forever[] = "1000";
	char *argv[] = {sleeper, forever, NULL};
	struct text output;

	begin(60000);
	ok(!child_run(&output, &stopped, argv, 10), "told to stop");
	ok(scope_left_ms(&scope) > 30000, "it does");
}

/* Neither secrets nor anything that is open. */
static void
test_surroundings(void)
{
	static const char *const secret[] = {"AWS_SECRET_ACCESS_KEY",
	    "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	    "JOBTAIL_DATABASE", "PGPASSWORD", "OTHER_TOKEN"};
	const char *seen;
	int fd;

	for (size_t i = 0; i < N_OF(secret); i++)
		setenv(secret[i], "canary-7d3", 1);
	setenv("AWS_PROFILE", "mine", 1);
	setenv("HOME", "/home/of/mine", 1);
	fd = open("/dev/null", O_RDONLY); /* not closed on exec */
	seen = run("env; for n in 0 1 2 3 4 5 6 7 8 9; do "
	    "[ -e /proc/$$/fd/$n ] && echo fd$n; done; true", 65536, 5000);
	ok(strstr(seen, "canary") == NULL, "no secret");
	ok(strstr(seen, "AWS_PROFILE=mine\n") != NULL, "its profile");
	ok(strstr(seen, "HOME=/home/of/mine\n") != NULL, "its home");
	ok(strstr(seen, "PATH=") != NULL, "its path");
	ok(strstr(seen, "fd0\nfd1\nfd2\n") != NULL
	    && strstr(seen, "fd3") == NULL, "three descriptors");
	close(fd);
}

int
main(void)
{
	arena_init(&arena, 4096);
	test_split();
	test_run();
	test_missing();
	test_time();
	test_stop();
	test_surroundings();
	arena_release(&arena);
	return tap_done();
}
