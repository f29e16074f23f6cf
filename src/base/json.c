/* Going through JSON text once, without a tree and without recursion. */
#include "base/json.h"

#include "base/buf.h"

#include <string.h>

struct scan {
	const char *p;
	const char *end;
	struct buf open; /* the brackets that are open */
};

static bool
skip_byte(struct scan *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static void
skip_space(struct scan *c)
{
	while (c->p < c->end
	    && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n'
		|| *c->p == '\r'))
		c->p++;
}

/* The same, with white space before it. */
static bool
skip_token(struct scan *c, char wanted)
{
	skip_space(c);
	return skip_byte(c, wanted);
}

static bool
skip_word(struct scan *c, struct text word)
{
	struct text rest = {c->p, (size_t)(c->end - c->p)};

	if (!text_has_prefix(rest, word))
		return false;
	c->p += word.size;
	return true;
}

static bool
skip_digits(struct scan *c)
{
	const char *begin = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return c->p > begin;
}

static bool
skip_number(struct scan *c)
{
	skip_byte(c, '-');
	if (!skip_byte(c, '0') && !skip_digits(c))
		return false;
	if (skip_byte(c, '.') && !skip_digits(c))
		return false;
	if (!skip_byte(c, 'e') && !skip_byte(c, 'E'))
		return true;
	if (!skip_byte(c, '+'))
		skip_byte(c, '-');
	return skip_digits(c);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
	    || (c >= 'A' && c <= 'F');
}

/* What stands behind a backslash. */
static bool
skip_escape(struct scan *c)
{
	if (!skip_byte(c, 'u')) {
		if (c->p == c->end || *c->p == '\0'
		    || strchr("\"\\/bfnrt", *c->p) == NULL)
			return false;
		c->p++;
		return true;
	}
	if (c->end - c->p < 4)
		return false;
	for (const char *stop = c->p + 4; c->p < stop; c->p++)
		if (!is_hex(*c->p))
			return false;
	return true;
}

static bool
skip_char(struct scan *c)
{
	uint32_t character;
	size_t size = text_first_char(
	    &character, (struct text){c->p, (size_t)(c->end - c->p)});

	c->p += size;
	return size > 0 && character >= 0x20;
}

/* Behind the opening quote. */
static bool
skip_string(struct scan *c)
{
	while (!skip_byte(c, '"'))
		if (!(skip_byte(c, '\\') ? skip_escape(c) : skip_char(c)))
			return false;
	return true;
}

static bool
skip_name(struct scan *c)
{
	return skip_token(c, '"') && skip_string(c) && skip_token(c, ':');
}

static bool
skip_scalar(struct scan *c)
{
	return skip_byte(c, '"')
	    ? skip_string(c)
	    : skip_word(c, TEXT("true")) || skip_word(c, TEXT("false"))
		|| skip_word(c, TEXT("null")) || skip_number(c);
}

/* Through brackets and names to the first value that holds no other. */
static bool
go_down(struct scan *c)
{
	for (;;) {
		if (skip_token(c, '[')) {
			if (skip_token(c, ']'))
				return true;
			buf_char(&c->open, '[');
		} else if (skip_byte(c, '{')) {
			if (skip_token(c, '}'))
				return true;
			buf_char(&c->open, '{');
			if (!skip_name(c))
				return false;
		} else {
			return skip_scalar(c);
		}
	}
}

/* Out of all brackets that close here, to where the next value begins. */
static bool
go_up(struct scan *c)
{
	while (c->open.size > 0) {
		char bracket = c->open.data[c->open.size - 1];

		if (skip_token(c, ','))
			return bracket == '[' || skip_name(c);
		if (!skip_byte(c, bracket == '[' ? ']' : '}'))
			return false;
		c->open.size--;
	}
	return true;
}

bool
json_is_valid(struct text t)
{
	struct scan c = {t.data, t.data + t.size, {0}};
	bool ok;

	do
		ok = go_down(&c) && go_up(&c);
	while (ok && c.open.size > 0);
	buf_release(&c.open);
	skip_space(&c);
	return ok && c.p == c.end;
}
