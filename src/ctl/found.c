/* Texts as they may be shown; the printing cleans them. */
#include "ctl/found.h"

#include <string.h>

enum { TEXT_MAX = 253 };

struct text
found_when(bool condition)
{
	return condition ? TEXT("") : (struct text){0};
}

struct text
found_text(struct text t)
{
	if (t.size == 0)
		return (struct text){0};
	return t.size > TEXT_MAX ? (struct text){t.data, TEXT_MAX} : t;
}

static bool
is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9')
	    || (c != '\0' && strchr("-._:[]", c) != NULL);
}

struct text
found_name(struct text t)
{
	size_t n = 0;

	while (n < t.size && is_of_name(t.data[n]))
		n++;
	return found_text((struct text){t.data, n});
}

struct text
found_host(struct text address)
{
	struct text rest = address, scheme, slash;

	if (text_cut(&scheme, &rest, '/') && text_cut(&slash, &rest, '/')
	    && slash.size == 0)
		return found_name(rest);
	return found_name(address);
}
