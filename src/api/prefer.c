/* Prefer to seconds. */
#include "api/prefer.h"

static bool
parse_seconds(int64_t *seconds, struct text t)
{
	int64_t n = 0;

	for (size_t i = 0; i < t.size; i++) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
		if (n > (INT64_MAX - 9) / 10)
			n = INT64_MAX / 10 - 1;
		n = n * 10 + (t.data[i] - '0');
	}
	*seconds = n;
	return t.size > 0;
}

/* Without the quotes of a quoted-string; none of its characters that count
 * here is ever escaped. */
static struct text
unquote(struct text t)
{
	if (t.size >= 2 && t.data[0] == '"' && t.data[t.size - 1] == '"')
		return (struct text){t.data + 1, t.size - 2};
	return t;
}

/* A preference comes once: of several, the first counts (section 2). */
bool
prefer_wait(int64_t *seconds, struct text prefer)
{
	struct text element, value, name;

	while (text_cut_unquoted(&element, &prefer, ',')) {
		(void)text_cut_unquoted(&value, &element, ';');
		(void)text_cut(&name, &value, '=');
		if (text_equal_nocase(text_trim(name, " \t"), TEXT("wait")))
			return parse_seconds(
			    seconds, unquote(text_trim(value, " \t")));
	}
	return false;
}
