/* posix_spawn, and reading until the end. */
#include "credentials/child.h"

#include "base/arena.h"
#include "base/scope.h"
#include "credentials/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* --- the command --- */

/* One word, whose quotes fall away, to where out points. False: a quote is
 * open. */
static bool
take_word(char **out, struct text *rest)
{
	char quote = '\0';

	for (; rest->size > 0; rest->data++, rest->size--) {
		char c = *rest->data;

		if (quote == '\0' && (c == ' ' || c == '\t'))
			break;
		if (c == quote)
			quote = '\0';
		else if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else
			*(*out)++ = c;
	}
	*(*out)++ = '\0';
	return quote == '\0';
}

static struct text
skip_blanks(struct text t)
{
	while (t.size > 0 && (*t.data == ' ' || *t.data == '\t'))
		t = (struct text){t.data + 1, t.size - 1};
	return t;
}

char **
child_split(const struct errand *e, struct text command)
{
	/* a word needs a byte and a blank, or is the last one */
	size_t most = command.size / 2 + 2, n = 0;
	char **argv = arena_alloc(e->scope->arena, most * sizeof(*argv));
	char *out = arena_alloc(e->scope->arena, command.size + most);
	struct text rest = skip_blanks(command);

	for (; rest.size > 0; rest = skip_blanks(rest)) {
		argv[n++] = out;
		if (!take_word(&out, &rest))
			return NULL;
	}
	argv[n] = NULL;
	return n > 0 ? argv : NULL;
}

/* --- the environment --- */

/* What a program may see of ours: it needs to find itself, its home and its
 * own settings, and none of this has a secret. A proxy's address may have. */
static const char *const passed[] = {"PATH=", "HOME=", "USER=", "LOGNAME=",
    "LANG=", "LC_", "TZ=", "TMPDIR=", "SSL_CERT_", "AWS_PROFILE=",
    "AWS_DEFAULT_PROFILE=", "AWS_REGION=", "AWS_DEFAULT_REGION=",
    "AWS_CONFIG_FILE=", "AWS_SHARED_CREDENTIALS_FILE=", "AWS_CA_BUNDLE=",
    "XDG_"};

static bool
is_passed(const char *variable)
{
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (strncmp(variable, passed[i], strlen(passed[i])) == 0)
			return true;
	return false;
}

static char **
clean_environment(const struct errand *e)
{
	size_t n = 0, kept = 0;
	char **clean;

	while (environ[n] != NULL)
		n++;
	clean = arena_alloc(e->scope->arena, (n + 1) * sizeof(*clean));
	for (size_t i = 0; i < n; i++)
		if (is_passed(environ[i]))
			clean[kept++] = environ[i];
	clean[kept] = NULL;
	return clean;
}

/* --- running --- */

/* A process group of its own, no signal blocked or ignored. */
static void
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK
	    | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* What it complains may have secrets, so nobody reads that. All that is ours
 * has FD_CLOEXEC; what was inherited may not have. */
static void
set_files(posix_spawn_file_actions_t *files, int output)
{
	posix_spawn_file_actions_init(files);
	posix_spawn_file_actions_addopen(
	    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
	    files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
#endif
}

/* -1, and errno says why. */
static pid_t
spawn(char *const argv[], char *const environment[], int output)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t pid;

	set_files(&files, output);
	set_attributes(&attributes);
	errno = posix_spawnp(
	    &pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return errno == 0 ? pid : -1;
}

static bool
may_go_on(const struct errand *e)
{
	if (scope_left_ms(e->scope) > 0
	    && (e->go_on == NULL || e->go_on(e->of)))
		return true;
	scope_cause(e->scope, "the program has not ended in time");
	return false;
}

/* Whether there is something to read, in time. */
static bool
wait_for_bytes(const struct errand *e, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (may_go_on(e)) {
		int left_ms = scope_left_ms(e->scope);

		if (poll(&p, 1, left_ms < 500 ? left_ms : 500) > 0)
			return true;
	}
	return false;
}

static bool
read_output(struct text *output, const struct errand *e, int fd, size_t most)
{
	char *data = arena_alloc(e->scope->arena, most + 1);
	size_t size = 0;
	ssize_t n = 1;

	while (n > 0 && size <= most) {
		if (!wait_for_bytes(e, fd))
			return false;
		n = read(fd, data + size, most + 1 - size);
		if (n > 0)
			size += (size_t)n;
	}
	if (size > most)
		scope_cause(e->scope, "the program says too much");
	*output = (struct text){data, size};
	return n == 0;
}

/* Its end, which comes soon after that of its output. */
static bool
wait_for_end(int *status, const struct errand *e, pid_t pid)
{
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
		if (!may_go_on(e))
			return false;
		(void)poll(NULL, 0, 10);
	}
	if (ended == -1)
		scope_cause(e->scope, "waitpid: %s", strerror(errno));
	return ended != -1;
}

/* With all that it has started. */
static void
end_by_force(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

static bool
has_ended_well(const struct errand *e, pid_t pid, bool said_all)
{
	int status;

	if (!said_all || !wait_for_end(&status, e, pid)) {
		end_by_force(pid);
		return false;
	}
	if (status == 0)
		return true;
	scope_cause(e->scope, "the program ended with %s %d",
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return false;
}

bool
child_run(struct text *output, const struct errand *e, char *const argv[],
    size_t most)
{
	int ends[2];
	pid_t pid;
	bool ok;

	if (pipe2(ends, O_CLOEXEC) == -1) {
		scope_cause(e->scope, "%s", strerror(errno));
		return false;
	}
	pid = spawn(argv, clean_environment(e), ends[1]);
	if (pid == -1)
		scope_cause(
		    e->scope, "%.100s: %s", argv[0], strerror(errno));
	close(ends[1]);
	ok = pid != -1
	    && has_ended_well(e, pid, read_output(output, e, ends[0], most));
	close(ends[0]);
	return ok;
}
