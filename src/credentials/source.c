/* What sources have in common. */
#include "credentials/source.h"

#include "base/scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *
source_variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

__attribute__((format(printf, 2, 0))) static void
tell(const struct errand *e, const char *format, va_list args)
{
	char why[sizeof(e->scope->cause)];

	vsnprintf(why, sizeof(why), format, args);
	scope_cause(e->scope, "%s", why);
}

enum found
source_nothing(const struct errand *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(e, format, args);
	va_end(args);
	return FOUND_NOTHING;
}

enum found
source_fault(const struct errand *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(e, format, args);
	va_end(args);
	return FOUND_FAULT;
}
