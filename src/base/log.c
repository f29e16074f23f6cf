/* Lines to standard error or syslog. */
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 2048 };

static const struct {
	const char *name;
	int priority;
} levels[] = {
    [LEVEL_ERROR] = {"error", LOG_ERR},
    [LEVEL_WARN] = {"warn", LOG_WARNING},
    [LEVEL_NOTICE] = {"notice", LOG_NOTICE},
    [LEVEL_INFO] = {"info", LOG_INFO},
    [LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

static struct {
	pthread_mutex_t lock;
	enum log_target target;
	enum log_level level;
	bool journal;   /* the journal reads <N> at the start of a line */
	bool may_block; /* standard error is no plain file */
	unsigned long dropped;
} logger = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .level = LEVEL_INFO,
    .may_block = true,
};

void
log_open(enum log_target target, enum log_level level)
{
	struct stat st;

	logger.target = target;
	logger.level = level;
	logger.journal = getenv("JOURNAL_STREAM") != NULL;
	logger.may_block =
	    fstat(STDERR_FILENO, &st) == -1 || !S_ISREG(st.st_mode);
	if (target == LOG_TO_SYSLOG)
		openlog("jobtail", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

bool
log_wants(enum log_level level)
{
	return level <= logger.level;
}

/* Room for at least one line, so that a write of one does not block (a pipe
 * that polls writable takes PIPE_BUF bytes). */
static bool
can_write(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return !logger.may_block
	    || (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0);
}

static void
write_stderr(const char *line, size_t size)
{
	char note[64];
	int n;

	if (!can_write()) {
		logger.dropped++;
		return;
	}
	if (logger.dropped > 0) {
		n = snprintf(note, sizeof(note),
		    "jobtail[%d]: warn log dropped=%lu\n", (int)getpid(),
		    logger.dropped);
		logger.dropped = 0;
		if (write(STDERR_FILENO, note, (size_t)n) == -1)
			logger.dropped++;
	}
	if (write(STDERR_FILENO, line, size) == -1)
		logger.dropped++;
}

/* Copies text with everything but printable ASCII as \xNN. */
static size_t
escape(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 5 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
	}
	out[n] = '\0';
	return n;
}

static void
write_line(enum log_level level, const char *text)
{
	char line[LINE_MAX_SIZE + 64];
	size_t n = 0;

	if (logger.journal)
		n += (size_t)snprintf(
		    line, sizeof(line), "<%d>", levels[level].priority);
	n += (size_t)snprintf(line + n, sizeof(line) - n, "jobtail[%d]: %s ",
	    (int)getpid(), levels[level].name);
	n += escape(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	pthread_mutex_lock(&logger.lock);
	write_stderr(line, n);
	pthread_mutex_unlock(&logger.lock);
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_SIZE], escaped[LINE_MAX_SIZE];
	va_list args;

	if (!log_wants(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (logger.target == LOG_TO_STDERR) {
		write_line(level, text);
	} else {
		escape(escaped, sizeof(escaped), text);
		syslog(levels[level].priority, "%s", escaped);
	}
}
