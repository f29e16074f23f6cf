/* Reading a secret's file. */
#include "base/secret.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_private(int fd, const char *path, char *error, size_t error_size)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		snprintf(error, error_size, "%s is not a plain file", path);
		return false;
	}
	if ((st.st_mode & (S_IRWXO)) != 0) {
		snprintf(error, error_size,
		    "others may read or write %s (mode %04o); "
		    "chmod o-rwx it and put a new secret into it",
		    path, (unsigned)st.st_mode & 07777u);
		return false;
	}
	return true;
}

static bool
read_all(char *data, size_t *size, int fd)
{
	ssize_t n;

	*size = 0;
	while ((n = read(fd, data + *size, SECRET_MAX + 2 - *size)) > 0)
		*size += (size_t)n;
	return n == 0;
}

bool
secret_read(char **secret, const char *path, char *error, size_t error_size)
{
	char *data = memory_new(SECRET_MAX + 3); /* a newline, one more, NUL */
	size_t size = 0;
	bool ok = false;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!is_private(fd, path, error, error_size))
		goto out;
	if (!read_all(data, &size, fd)) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (size > 0 && data[size - 1] == '\n')
		size--;
	data[size] = '\0';
	if (size == 0 || size > SECRET_MAX || strlen(data) != size) {
		snprintf(error, error_size,
		    "%s must hold 1 to %d bytes of text", path, SECRET_MAX);
		goto out;
	}
	ok = true;
out:
	if (fd != -1)
		close(fd);
	if (ok)
		*secret = data;
	else
		free(data);
	return ok;
}

bool
secret_load(char **secret, const char *key, const char *path, bool needed,
    char *error, size_t error_size)
{
	char why[400];

	if (path == NULL && needed) {
		snprintf(error, error_size, "%s is not set; write the name of "
		    "a file that only jobtail may read", key);
		return false;
	}
	if (path == NULL || secret_read(secret, path, why, sizeof(why)))
		return true;
	snprintf(error, error_size, "%s: %s", key, why);
	return false;
}

void
secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
secret_set_dumpable(bool dumpable)
{
	(void)prctl(PR_SET_DUMPABLE, dumpable ? 1L : 0L, 0L, 0L, 0L);
}
