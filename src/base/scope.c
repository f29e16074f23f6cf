/* A request's scope. */
#include "base/scope.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>

void
scope_init(struct scope *s, struct arena *arena, int64_t deadline_ms,
    int64_t now_us)
{
	*s = (struct scope){
	    .arena = arena, .deadline_ms = deadline_ms, .now_us = now_us};
}

bool
scope_fail(struct scope *s, const struct problem *problem)
{
	if (s->problem == NULL)
		s->problem = problem;
	return false;
}

void
scope_cause(struct scope *s, const char *format, ...)
{
	va_list args;

	if (s->cause[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(s->cause, sizeof(s->cause), format, args);
	va_end(args);
}

int
scope_left_ms(const struct scope *s)
{
	int64_t left = s->deadline_ms - clock_mono_ms();

	return left < 0 ? 0 : (int)left;
}
