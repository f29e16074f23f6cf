/* Secrets in files. */
#include "base/secret.h"

#include "tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void
write_file(const void *bytes, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, bytes, size) != (ssize_t)size
	    || fchmod(fd, mode) == -1)
		abort();
	close(fd);
}

/* The secret, or the error. */
static bool
read_back(char *out, size_t size)
{
	char *secret = NULL;
	char error[500] = "";

	if (!secret_read(&secret, path, error, sizeof(error))) {
		snprintf(out, size, "%s", error);
		return false;
	}
	snprintf(out, size, "%s", secret);
	free(secret);
	return true;
}

static void
test_modes(void)
{
	static const struct {
		mode_t mode;
		bool taken;
	} cases[] = {{0600, true}, {0400, true}, {0640, true}, {0660, true},
	    {0604, false}, {0602, false}, {0601, false}, {0644, false},
	    {0666, false}, {0606, false}};
	char got[600];

	for (size_t i = 0; i < N_OF(cases); i++) {
		write_file("abc\n", 4, cases[i].mode);
		is_int(read_back(got, sizeof(got)), cases[i].taken, "mode %04o",
		    (unsigned)cases[i].mode);
		if (!cases[i].taken)
			ok(strstr(got, "chmod o-rwx") != NULL
				&& strstr(got, path) != NULL
				&& strstr(got, "abc") == NULL,
			    "what to do: %s", got);
	}
}

static void
test_contents(void)
{
	static const struct {
		struct text bytes;
		const char *secret; /* NULL: refused */
	} cases[] = {
	    {TEXT("abc"), "abc"},
	    {TEXT("abc\n"), "abc"},
	    {TEXT("abc\n\n"), "abc\n"},
	    {TEXT(" abc "), " abc "},
	    {TEXT("\xff\xfe"), "\xff\xfe"},
	    {TEXT("a\nb\n"), "a\nb"},
	    {TEXT(""), NULL},
	    {TEXT("\n"), NULL},
	    {TEXT("\0"), NULL},
	    {TEXT("abc\0"), NULL},
	    {TEXT("a\0bc\n"), NULL},
	};
	char got[600];

	for (size_t i = 0; i < N_OF(cases); i++) {
		bool taken;

		write_file(cases[i].bytes.data, cases[i].bytes.size, 0600);
		taken = read_back(got, sizeof(got));
		is_int(taken, cases[i].secret != NULL, "contents %zu", i);
		if (taken && cases[i].secret != NULL)
			is_str(got, cases[i].secret, "what it holds");
	}
}

static void
test_ceiling(void)
{
	static const struct {
		size_t n;          /* of 'x' */
		const char *then;
		bool taken;
	} cases[] = {
	    {SECRET_MAX - 1, "", true},
	    {SECRET_MAX, "", true},
	    {SECRET_MAX, "\n", true},
	    {SECRET_MAX + 1, "", false},
	    {SECRET_MAX + 1, "\n", false},
	    {SECRET_MAX, "\n\n", false},
	    {SECRET_MAX, "\nx", false},
	    {10 * SECRET_MAX, "\n", false},
	};
	static char bytes[10 * SECRET_MAX + 4], got[SECRET_MAX + 10];

	for (size_t i = 0; i < N_OF(cases); i++) {
		size_t size = cases[i].n + strlen(cases[i].then);

		memset(bytes, 'x', cases[i].n);
		strcpy(bytes + cases[i].n, cases[i].then);
		write_file(bytes, size, 0600);
		is_int(read_back(got, sizeof(got)), cases[i].taken,
		    "%zu bytes, %zu behind them", cases[i].n,
		    strlen(cases[i].then));
		if (cases[i].taken)
			is_int((int64_t)strlen(got), (int64_t)cases[i].n,
			    "whole");
	}
}

static void
test_what_is_no_file(void)
{
	char got[600];

	(void)unlink(path);
	ok(!read_back(got, sizeof(got)) && strstr(got, path) != NULL,
	    "absent: %s", got);
	if (mkfifo(path, 0600) == -1)
		abort();
	ok(!read_back(got, sizeof(got)), "a pipe does not block: %s", got);
	(void)unlink(path);
	if (mkdir(path, 0700) == -1)
		abort();
	ok(!read_back(got, sizeof(got)), "a folder: %s", got);
	(void)rmdir(path);
}

static void
test_short_error(void)
{
	char *secret = NULL;
	char error[8] = "1234567";

	ok(!secret_read(&secret, "no/such/file/anywhere", error, sizeof(error))
		&& strlen(error) < sizeof(error),
	    "an error is cut to its room");
}

int
main(void)
{
	snprintf(path, sizeof(path), "secret.%d", (int)getpid());
	test_modes();
	test_contents();
	test_ceiling();
	test_what_is_no_file();
	test_short_error();
	(void)unlink(path);
	return tap_done();
}
