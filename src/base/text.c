/* Looking at text, cutting it, and decoding percent-encoding, UTF-8 and
 * numbers. */
#include "base/text.h"

#include "base/arena.h"

#include <string.h>
#include <strings.h>

struct text
text_of(const char *s)
{
	return (struct text){s, s == NULL ? 0 : strlen(s)};
}

bool
text_equal(struct text a, struct text b)
{
	return a.size == b.size
	    && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	return a.size == b.size
	    && (a.size == 0 || strncasecmp(a.data, b.data, a.size) == 0);
}

bool
text_has_prefix(struct text t, struct text prefix)
{
	return t.size >= prefix.size
	    && text_equal((struct text){t.data, prefix.size}, prefix);
}

static bool
is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

struct text
text_trim_end(struct text t, const char *set)
{
	while (t.size > 0 && is_in(t.data[t.size - 1], set))
		t.size--;
	return t;
}

struct text
text_trim(struct text t, const char *set)
{
	while (t.size > 0 && is_in(t.data[0], set)) {
		t.data++;
		t.size--;
	}
	return text_trim_end(t, set);
}

/* Cuts where the separator stands; at the end there is none. */
static void
cut_at(struct text *part, struct text *rest, size_t at)
{
	*part = (struct text){rest->data, at};
	if (at == rest->size) {
		*rest = (struct text){0};
		return;
	}
	rest->data += at + 1;
	rest->size -= at + 1;
}

bool
text_cut(struct text *part, struct text *rest, char separator)
{
	const char *at;

	if (rest->data == NULL)
		return false;
	at = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
	cut_at(part, rest,
	    at == NULL ? rest->size : (size_t)(at - rest->data));
	return true;
}

bool
text_cut_unquoted(struct text *part, struct text *rest, char separator)
{
	bool quoted = false;
	size_t i;

	if (rest->data == NULL)
		return false;
	for (i = 0; i < rest->size; i++) {
		if (rest->data[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->data[i] == '\\')
			i += i + 1 < rest->size;
		else if (!quoted && rest->data[i] == separator)
			break;
	}
	cut_at(part, rest, i);
	return true;
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" at p stands for, or -1. */
static int
escaped_byte(const char *p, const char *end)
{
	int high, low;

	if (end - p < 3)
		return -1;
	high = hex_digit(p[1]);
	low = hex_digit(p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool
text_percent_decode(
    struct text *out, struct arena *a, struct text in, bool plus)
{
	char *copy = arena_alloc(a, in.size + 1);
	const char *p = in.data, *end = in.data + in.size;
	size_t n = 0;
	int byte;

	while (p < end) {
		if (*p == '%') {
			byte = escaped_byte(p, end);
			if (byte < 0)
				return false;
			copy[n++] = (char)byte;
			p += 3;
		} else {
			copy[n++] = plus && *p == '+' ? ' ' : *p;
			p++;
		}
	}
	copy[n] = '\0';
	*out = (struct text){copy, n};
	return true;
}

/* How many bytes a character has that begins with this one, and the bits of
 * it that count; 0 if none does. */
static size_t
char_size(uint32_t *bits, unsigned char first)
{
	static const struct {
		unsigned char mask, mark;
	} kinds[] = {{0x80, 0x00}, {0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((first & kinds[i].mask) == kinds[i].mark) {
			*bits = first & ~(uint32_t)kinds[i].mask;
			return i + 1;
		}
	}
	return 0;
}

size_t
text_first_char(uint32_t *character, struct text t)
{
	/* what is less would fit into fewer bytes */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = 0;
	size_t size = t.size == 0 ? 0 : char_size(&c, (unsigned char)t.data[0]);

	if (size > t.size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if (((unsigned char)t.data[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)t.data[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*character = c;
	return size;
}

bool
text_int(int64_t *out, struct text t)
{
	bool negative = t.size > 0 && t.data[0] == '-';
	int64_t value = 0;

	if (t.size == (size_t)negative)
		return false;
	for (size_t i = negative; i < t.size; i++) {
		int digit = t.data[i] - '0';

		if (digit < 0 || digit > 9
		    || __builtin_mul_overflow(value, 10, &value)
		    || __builtin_add_overflow(
			value, negative ? -digit : digit, &value))
			return false;
	}
	*out = value;
	return true;
}

void
text_print_hex(char *out, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
}
