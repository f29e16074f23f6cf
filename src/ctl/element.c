/* Finding <Name>text</Name>. */
#include "ctl/element.h"

#include "base/arena.h"

#include <string.h>

static const struct {
	struct text reference;
	char c;
} entities[] = {
    {TEXT("&lt;"), '<'},
    {TEXT("&gt;"), '>'},
    {TEXT("&amp;"), '&'},
    {TEXT("&quot;"), '"'},
    {TEXT("&apos;"), '\''},
};

static int
digit_of(char c, int base)
{
	int digit = c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'	 ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'	 ? c - 'A' + 10
					 : base;

	return digit < base ? digit : -1;
}

/* &#39; or &#x27;: how many bytes that is; 0 if it is none, or not ASCII. */
static size_t
number_size(char *c, struct text t)
{
	bool is_hex = text_has_prefix(t, TEXT("&#x"));
	int base = is_hex ? 16 : 10, value = 0, digit;
	size_t begin = is_hex ? 3 : 2, n = begin;

	if (!text_has_prefix(t, TEXT("&#")))
		return 0;
	for (; n < t.size && (digit = digit_of(t.data[n], base)) != -1; n++) {
		value = value * base + digit;
		if (value > 0x7f)
			return 0;
	}
	if (n == begin || n == t.size || t.data[n] != ';' || value == 0)
		return 0;
	*c = (char)value;
	return n + 1;
}

/* What t begins with, as a character: how many bytes it is. */
static size_t
decode_char(char *c, struct text t)
{
	size_t n = sizeof(entities) / sizeof(entities[0]);

	*c = *t.data;
	if (*c != '&')
		return 1;
	for (size_t i = 0; i < n; i++) {
		if (!text_has_prefix(t, entities[i].reference))
			continue;
		*c = entities[i].c;
		return entities[i].reference.size;
	}
	n = number_size(c, t);
	return n > 0 ? n : 1;
}

static struct text
decode(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.size + 1);
	size_t n = 0, size;

	for (; t.size > 0; t.data += size, t.size -= size)
		size = decode_char(&out[n++], t);
	return (struct text){out, n};
}

static bool
skip(struct text *rest, struct text prefix)
{
	if (!text_has_prefix(*rest, prefix))
		return false;
	rest->data += prefix.size;
	rest->size -= prefix.size;
	return true;
}

/* Behind a '<': does Name>text</Name> follow? */
static bool
take_element(struct text *inside, struct text rest, struct text name)
{
	return skip(&rest, name) && skip(&rest, TEXT(">"))
	    && text_cut(inside, &rest, '<') && rest.data != NULL
	    && skip(&rest, TEXT("/")) && skip(&rest, name)
	    && skip(&rest, TEXT(">"));
}

struct text
element_find(struct arena *a, struct text document, const char *name)
{
	struct text before, inside;

	while (text_cut(&before, &document, '<') && document.data != NULL)
		if (take_element(&inside, document, text_of(name)))
			return decode(a, text_trim(inside, " \t\r\n"));
	return (struct text){0};
}
