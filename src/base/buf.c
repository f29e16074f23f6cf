/* Appending, plain and encoded. */
#include "base/buf.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
grow(struct buf *b, size_t n)
{
	size_t room = b->room < 512 ? 1024 : b->room * 2;

	while (room - b->size < n)
		room *= 2;
	b->data = memory_grow(b->data, room);
	b->room = room;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->room - b->size < n || b->data == NULL)
		grow(b, n);
	return b->data + b->size;
}

void
buf_bytes(struct buf *b, const void *data, size_t size)
{
	if (size == 0)
		return;
	memcpy(buf_reserve(b, size), data, size);
	b->size += size;
}

void
buf_text(struct buf *b, struct text t)
{
	buf_bytes(b, t.data, t.size);
}

void
buf_string(struct buf *b, const char *s)
{
	buf_bytes(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->size++;
}

void
buf_int(struct buf *b, int64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		digits[--n] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		digits[--n] = '-';
	buf_bytes(b, digits + n, sizeof(digits) - n);
}

void
buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(buf_reserve(b, 128), 128, format, args);
	if (n < 0)
		abort();
	if (n >= 128)
		vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, format,
		    again);
	va_end(again);
	b->size += (size_t)n;
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

/* What stands behind the backslash; 1: \u00XX; 0: no escape. */
static const char json_escape[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1, /* 0x00 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x10 */
    ['"'] = '"',
    ['\\'] = '\\',
};

static void
put_json_escape(struct buf *b, unsigned char c)
{
	char *p = buf_reserve(b, 6);

	p[0] = '\\';
	if (json_escape[c] != 1) {
		p[1] = json_escape[c];
		b->size += 2;
		return;
	}
	memcpy(p + 1, "u00", 3);
	text_print_hex(p + 4, &c, 1);
	b->size += 6;
}

/* The high bit of each byte of the word that needs an escape, and perhaps
 * of bytes behind the first such one. */
static uint64_t
escapes_in(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';

	return ((word - ones * 0x20) & ~word & ones * 0x80)
	    | ((quote - ones) & ~quote & ones * 0x80)
	    | ((slash - ones) & ~slash & ones * 0x80);
}

/* How many bytes from i on need no escape. */
static size_t
plain_run(struct text t, size_t i)
{
	size_t start = i;
	uint64_t word;

	for (; t.size - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, t.data + i, sizeof(word));
		if (escapes_in(word) != 0)
			break;
	}
	while (i < t.size && json_escape[(unsigned char)t.data[i]] == 0)
		i++;
	return i - start;
}

void
buf_json(struct buf *b, struct text t)
{
	size_t i = 0, n;

	buf_char(b, '"');
	while (i < t.size) {
		n = plain_run(t, i);
		buf_bytes(b, t.data + i, n);
		i += n;
		if (i < t.size)
			put_json_escape(b, (unsigned char)t.data[i++]);
	}
	buf_char(b, '"');
}

void
buf_json_or_null(struct buf *b, struct text t)
{
	if (t.data == NULL)
		buf_string(b, "null");
	else
		buf_json(b, t);
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'
	    || c == '~';
}

void
buf_percent(struct buf *b, struct text t, bool slash)
{
	static const char digits[] = "0123456789ABCDEF";
	char *p = buf_reserve(b, 3 * t.size);

	for (size_t i = 0; i < t.size; i++) {
		unsigned char c = (unsigned char)t.data[i];

		if (is_unreserved((char)c) || (slash && c == '/')) {
			*p++ = (char)c;
		} else {
			*p++ = '%';
			*p++ = digits[c >> 4];
			*p++ = digits[c & 15];
		}
	}
	b->size = (size_t)(p - b->data);
}

void
buf_hex(struct buf *b, const uint8_t *bytes, size_t size)
{
	text_print_hex(buf_reserve(b, 2 * size), bytes, size);
	b->size += 2 * size;
}

struct text
buf_as_text(const struct buf *b)
{
	return (struct text){b->data == NULL ? "" : b->data, b->size};
}

struct text
buf_as_string(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return buf_as_text(b);
}

void
buf_reset(struct buf *b, size_t keep)
{
	if (b->room > keep)
		buf_release(b);
	b->size = 0;
}

void
buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
