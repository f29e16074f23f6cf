/* Writing, and noticing that nobody reads. */
#include "ctl/output.h"

#include "base/buf.h"
#include "base/clock.h"
#include "ctl/render.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

bool
output_open(void)
{
	bool has_stdout = fcntl(STDOUT_FILENO, F_GETFD) != -1;
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
	/* a connection that breaks must not end us; see output_end() */
	signal(SIGPIPE, SIG_IGN);
	if (!has_stdout)
		output_complain("standard output is closed");
	return has_stdout;
}

_Noreturn void
output_end(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}

static bool
poll_stdout(struct pollfd *p, short events, int ms)
{
	*p = (struct pollfd){.fd = STDOUT_FILENO, .events = events};
	return poll(p, 1, ms) == 1;
}

bool
output_has_reader(void)
{
	struct pollfd p;

	return !poll_stdout(&p, 0, 0);
}

void
output_wait_ms(int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;
	struct pollfd p;

	for (int64_t left = ms; left > 0; left = end - clock_mono_ms())
		if (poll_stdout(&p, 0, (int)left))
			output_end();
}

bool
output_write(struct text t)
{
	struct pollfd p;
	ssize_t n;

	while (t.size > 0) {
		n = write(STDOUT_FILENO, t.data, t.size);
		if (n >= 0) {
			t.data += n;
			t.size -= (size_t)n;
		} else if (errno == EPIPE) {
			output_end();
		} else if (errno == EAGAIN) {
			(void)poll_stdout(&p, POLLOUT, -1);
		} else if (errno != EINTR) {
			output_complain("standard output: %s", strerror(errno));
			return false;
		}
	}
	return true;
}

void
output_complain(const char *format, ...)
{
	struct buf raw = {0}, line = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&raw, format, args);
	va_end(args);
	buf_string(&line, "jobtailctl: ");
	render_text(&line, buf_as_text(&raw));
	buf_char(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.size) == -1) {
		/* there is nobody else to tell */
	}
	buf_release(&raw);
	buf_release(&line);
}
