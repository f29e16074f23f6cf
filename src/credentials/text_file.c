/* Small files, whole. */
#include "credentials/text_file.h"

#include "base/arena.h"
#include "base/scope.h"
#include "credentials/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_plain(int fd, off_t *size)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return false;
	*size = st.st_size;
	if (S_ISREG(st.st_mode) && st.st_size <= TEXT_FILE_MAX)
		return true;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	return false;
}

/* As much as there was when it was opened: who writes it meanwhile puts a new
 * one in its place, or is read the next time. */
static bool
read_all(struct text *out, struct arena *a, int fd, size_t size)
{
	char *data = arena_alloc(a, size + 1);
	size_t n = 0;
	ssize_t more;

	while (n < size && (more = read(fd, data + n, size - n)) > 0)
		n += (size_t)more;
	data[n] = '\0';
	*out = (struct text){data, n};
	errno = n == size ? EINVAL : EIO;
	return n == size && strlen(data) == n;
}

bool
text_file_read(struct text *out, const struct errand *e, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	off_t size = 0;
	bool ok = fd != -1 && is_plain(fd, &size)
	    && read_all(out, e->scope->arena, fd, (size_t)size);

	if (!ok)
		scope_cause(e->scope, "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return ok;
}

bool
text_file_is_open(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0;
}
