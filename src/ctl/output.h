/* What is said: events on standard output, everything else, for people, on
 * standard error. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "base/text.h"

/* To be called first: sees to it that no connection gets the number of a
 * standard descriptor. False, told, if there is no standard output. */
bool output_open(void);

/* The end that a shell expects of a program whose reader has left: that of
 * SIGPIPE. */
_Noreturn void output_end(void);

/* All of it, now. Comes to that end if nobody reads any more; false, told, if
 * it cannot be written for another reason. */
bool output_write(struct text t);

/* Is somebody there to read? */
bool output_has_reader(void);

/* Waits; comes to that end when the reader leaves. */
void output_wait_ms(int64_t ms);

/* A line on standard error, without the control characters that it may have
 * from a server. */
void output_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
