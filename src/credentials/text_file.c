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
look_at(struct text_file *file, off_t *size, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return false;
	file->others_may_read = (st.st_mode & S_IRWXO) != 0;
	file->others_may_write = (st.st_mode & S_IWOTH) != 0;
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
text_file_read(
    struct text_file *file, const struct errand *e, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	off_t size = 0;
	bool ok;

	*file = (struct text_file){.path = path};
	ok = fd != -1 && look_at(file, &size, fd)
	    && read_all(&file->text, e->scope->arena, fd, (size_t)size);
	if (!ok)
		scope_cause(e->scope, "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return ok;
}
