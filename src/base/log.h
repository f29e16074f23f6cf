/* The log: one line an event, on standard error or to syslog. Whatever is
 * not printable ASCII is escaped, so a line is always one line. Logging
 * never blocks: lines that find the reader stuck are dropped and counted. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LEVEL_ERROR,
	LEVEL_WARN,
	LEVEL_NOTICE,
	LEVEL_INFO,
	LEVEL_DEBUG,
};

enum log_target {
	LOG_TO_STDERR,
	LOG_TO_SYSLOG,
};

/* Before this, lines up to "info" go to standard error. */
void log_open(enum log_target target, enum log_level level);
bool log_wants(enum log_level level);
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
