/* Text to a cursor. */
#include "api/cursor.h"

#include <string.h>

/* The UTF-8 forms of White_Space (Unicode's PropList.txt). */
static const struct text white_space[] = {
    TEXT("\t"), TEXT("\n"), TEXT("\v"), TEXT("\f"), TEXT("\r"), TEXT(" "),
    TEXT("\xc2\x85"), TEXT("\xc2\xa0"), TEXT("\xe1\x9a\x80"),
    TEXT("\xe2\x80\x80"), TEXT("\xe2\x80\x81"), TEXT("\xe2\x80\x82"),
    TEXT("\xe2\x80\x83"), TEXT("\xe2\x80\x84"), TEXT("\xe2\x80\x85"),
    TEXT("\xe2\x80\x86"), TEXT("\xe2\x80\x87"), TEXT("\xe2\x80\x88"),
    TEXT("\xe2\x80\x89"), TEXT("\xe2\x80\x8a"), TEXT("\xe2\x80\xa8"),
    TEXT("\xe2\x80\xa9"), TEXT("\xe2\x80\xaf"), TEXT("\xe2\x81\x9f"),
    TEXT("\xe3\x80\x80"),
};

enum { N_WHITE_SPACE = sizeof(white_space) / sizeof(white_space[0]) };

static size_t
space_at_start(struct text t)
{
	for (size_t i = 0; i < N_WHITE_SPACE; i++)
		if (text_has_prefix(t, white_space[i]))
			return white_space[i].size;
	return 0;
}

static size_t
space_at_end(struct text t)
{
	for (size_t i = 0; i < N_WHITE_SPACE; i++) {
		size_t n = white_space[i].size;

		if (t.size >= n
		    && memcmp(t.data + t.size - n, white_space[i].data, n) == 0)
			return n;
	}
	return 0;
}

static struct text
without_space(struct text t)
{
	size_t n;

	while ((n = space_at_start(t)) > 0) {
		t.data += n;
		t.size -= n;
	}
	while ((n = space_at_end(t)) > 0)
		t.size -= n;
	return t;
}

static bool
is_digit(struct text t, size_t i)
{
	return i < t.size && t.data[i] >= '0' && t.data[i] <= '9';
}

/* Where the digits that begin at i end; underscores stand between digits. */
static size_t
digits_end(struct text t, size_t i)
{
	while (is_digit(t, i)
	    || (i > 0 && i < t.size && t.data[i] == '_' && is_digit(t, i - 1)
		&& is_digit(t, i + 1)))
		i++;
	return i;
}

/* A point and at least one zero, and nothing else, up to the end. */
static bool
is_zero_fraction(struct text t, size_t i)
{
	if (i + 2 > t.size || t.data[i] != '.')
		return false;
	for (i++; i < t.size; i++)
		if (t.data[i] != '0')
			return false;
	return true;
}

/* Digits and underscores to the negative of their value, which has one more
 * value than the positives; false below -2^63. */
static bool
negated_value(int64_t *out, struct text digits)
{
	int64_t value = 0;

	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] == '_')
			continue;
		if (__builtin_mul_overflow(value, 10, &value)
		    || __builtin_sub_overflow(
			value, digits.data[i] - '0', &value))
			return false;
	}
	*out = value;
	return true;
}

enum cursor_verdict
cursor_parse(int64_t *out, struct text t)
{
	bool negative, fits;
	size_t start, end;

	t = without_space(t);
	negative = t.size > 0 && t.data[0] == '-';
	start = negative || (t.size > 0 && t.data[0] == '+') ? 1 : 0;
	end = is_digit(t, start) ? digits_end(t, start) : start;
	if (end == start || (end < t.size && !is_zero_fraction(t, end)))
		return CURSOR_NOT_AN_INTEGER;
	fits = negated_value(
	    out, (struct text){t.data + start, end - start});
	if (!fits)
		*out = INT64_MIN;
	if (negative)
		return fits ? CURSOR_OK : CURSOR_TOO_SMALL;
	if (*out == INT64_MIN) {
		*out = INT64_MAX;
		return CURSOR_TOO_LARGE;
	}
	*out = -*out;
	return CURSOR_OK;
}
