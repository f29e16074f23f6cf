/* Cache-Control that a store may be told to send. */
#include "signing/cache_control.h"

#include "base/text.h"

static bool
is_age(struct text t)
{
	int64_t seconds;

	return t.size > 0 && t.data[0] >= '0' && t.data[0] <= '9'
	    && text_int(&seconds, t) && seconds <= INT32_MAX;
}

static bool
is_directive(struct text t)
{
	static const struct text words[] = {TEXT("public"), TEXT("private"),
	    TEXT("no-cache"), TEXT("no-store"), TEXT("immutable")};
	const struct text age = TEXT("max-age=");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_equal(t, words[i]))
			return true;
	return text_has_prefix(t, age)
	    && is_age((struct text){t.data + age.size, t.size - age.size});
}

bool
cache_control_is_safe(const char *value)
{
	struct text rest = text_of(value), directive;

	while (text_cut(&directive, &rest, ','))
		if (!is_directive(text_trim(directive, " ")))
			return false;
	return true;
}
