/* Cursors: what FastAPI with pydantic 2 takes as an integer, as it was found
 * by running it, with the contract's bounds on top. */
#include "api/cursor.h"

#include "base/arena.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define MAX "9223372036854775807"
#define MIN "-9223372036854775808"
#define ZEROS_10 "0000000000"
#define ZEROS_100 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 \
    ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10
#define ZEROS_1000 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 \
    ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100
#define ZEROS_5000 ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_1000

enum { YES = CURSOR_OK, NO = CURSOR_NOT_AN_INTEGER, BIG = CURSOR_TOO_LARGE,
	SMALL = CURSOR_TOO_SMALL };

/* As it stands in a query string. */
static const struct {
	const char *query;
	int verdict;
	int64_t value;
} cases[] = {
    /* plain */
    {"0", YES, 0}, {"5", YES, 5}, {"42", YES, 42}, {"1234567890", YES,
    1234567890},
    {"007", YES, 7}, {"00", YES, 0}, {"-0", YES, 0}, {"-00", YES, 0},
    {"+0", YES, 0}, {"-1", YES, -1}, {"-007", YES, -7},
    /* empty and words */
    {"", NO, 0}, {"five", NO, 0}, {"NaN", NO, 0}, {"inf", NO, 0},
    {"null", NO, 0}, {"None", NO, 0}, {"true", NO, 0}, {"1,000", NO, 0},
    {"5;6", NO, 0}, {"=5", NO, 0}, {"5=", NO, 0}, {"5a", NO, 0},
    {"a5", NO, 0}, {"'5'", NO, 0}, {"(5)", NO, 0}, {"0_", NO, 0},
    /* NUL */
    {"%00", NO, 0}, {"5%00", NO, 0}, {"%005", NO, 0}, {"5%006", NO, 0},
    /* other numerals */
    {"1e3", NO, 0}, {"1E3", NO, 0}, {"0x10", NO, 0}, {"0b1", NO, 0},
    {"0o7", NO, 0}, {"5L", NO, 0}, {"1.5", NO, 0}, {"1.", NO, 0},
    {".0", NO, 0}, {".", NO, 0}, {"-", NO, 0}, {"%2B", NO, 0},
    {"1.0", YES, 1}, {"1.00", YES, 1}, {"0.0", YES, 0}, {"-1.0", YES, -1},
    {"00.0", YES, 0}, {"-0.0", YES, 0}, {"1_000.0", YES, 1000},
    {"1.0." , NO, 0}, {"1..0", NO, 0}, {"1.0.0", NO, 0}, {"1.01", NO, 0},
    {"1.0_0", NO, 0}, {"1._0", NO, 0}, {"1_.0", NO, 0}, {"0_.0", NO, 0},
    {"-.0", NO, 0}, {"1.0e0", NO, 0},
    /* white space around, of Unicode's kind */
    {"+5", YES, 5}, {"5+", YES, 5}, {"%205", YES, 5}, {"5%20", YES, 5},
    {"5%0A", YES, 5}, {"%0D%0A5%09%0B%0C", YES, 5}, {"%C2%855", YES, 5},
    {"%C2%A05", YES, 5}, {"5%C2%A0", YES, 5}, {"%E1%9A%805", YES, 5},
    {"%E2%80%805", YES, 5}, {"%E2%80%8A5", YES, 5}, {"5%E2%80%A8", YES, 5},
    {"5%E2%80%A9", YES, 5}, {"%E2%80%AF5", YES, 5}, {"%E2%81%9F5", YES, 5},
    {"%E3%80%805", YES, 5}, {"5%E3%80%80%20%C2%A0", YES, 5},
    {"+%2D5+", YES, -5}, {"+1.0+", YES, 1},
    {"+", NO, 0}, {"%20", NO, 0}, {"%E3%80%80", NO, 0}, {"1+2", NO, 0},
    {"1.+0", NO, 0}, {"1.0%20.0", NO, 0}, {"1%C2%A02", NO, 0},
    /* what is no white space */
    {"%E2%80%8B5", NO, 0}, {"5%E2%80%8B", NO, 0}, {"%EF%BB%BF5", NO, 0},
    {"%E1%A0%8E5", NO, 0}, {"%1C5", NO, 0}, {"5%1F", NO, 0},
    {"%E2%80%8D5", NO, 0}, {"%A05", NO, 0}, {"%855", NO, 0},
    {"5%C2", NO, 0}, {"5%FF", NO, 0}, {"%FF5", NO, 0}, {"%E2%805", NO, 0},
    {"%E2%80%805%E2%80", NO, 0},
    /* signs */
    {"%2B5", YES, 5}, {"%2B05", YES, 5}, {"%2B%2B5", NO, 0},
    {"--5", NO, 0}, {"%2B-5", NO, 0}, {"-%2B5", NO, 0}, {"-%201", NO, 0},
    {"-+1", NO, 0}, {"%2B%205", NO, 0}, {"5-", NO, 0}, {"5%2B", NO, 0},
    {"%E2%88%925", NO, 0}, {"%EF%BC%8B5", NO, 0},
    /* underscores */
    {"1_000", YES, 1000}, {"1_0_0", YES, 100}, {"-1_0", YES, -10},
    {"0_0", YES, 0}, {"0_5", YES, 5}, {"00_1", YES, 1},
    {"1__0", NO, 0}, {"_1", NO, 0}, {"1_", NO, 0}, {"_", NO, 0},
    {"-_1", NO, 0}, {"%2B_1", NO, 0}, {"1_-0", NO, 0}, {"+_1", NO, 0},
    /* digits that are not ASCII's */
    {"%D9%A5", NO, 0}, {"%EF%BC%95", NO, 0}, {"1%D9%A5", NO, 0},
    {"%C2%B2", NO, 0}, {"%E2%91%A4", NO, 0}, {"%F0%9D%9F%93", NO, 0},
    /* bad percent-encoding stays as it is */
    {"%zz", NO, 0}, {"5%", NO, 0}, {"%5", NO, 0}, {"%", NO, 0},
    {"5%2", NO, 0}, {"%255", NO, 0}, {"%2535", NO, 0},
    /* 64 bits */
    {MAX, YES, INT64_MAX}, {"%2B" MAX, YES, INT64_MAX},
    {MAX ".000", YES, INT64_MAX}, {"9_223_372_036_854_775_807", YES,
    INT64_MAX},
    {ZEROS_100 MAX, YES, INT64_MAX},
    {MIN, YES, INT64_MIN}, {MIN ".0", YES, INT64_MIN},
    {"-9223372036854775807", YES, -INT64_MAX},
    {"9223372036854775808", BIG, INT64_MAX},
    {"+9223372036854775808.0+", BIG, INT64_MAX},
    {"9223372036854775809", BIG, INT64_MAX},
    {"9223372036854775810", BIG, INT64_MAX},
    {"-9223372036854775809", SMALL, INT64_MIN},
    {"-9223372036854775818", SMALL, INT64_MIN},
    {"18446744073709551615", BIG, INT64_MAX},
    {"18446744073709551616", BIG, INT64_MAX},
    {"18446744073709551621", BIG, INT64_MAX},
    {"-18446744073709551616", SMALL, INT64_MIN},
    {"99999999999999999999", BIG, INT64_MAX},
    {"9_9999999999999999999", BIG, INT64_MAX},
    {"99999999999999999999.5", NO, 0}, {"99999999999999999999_", NO, 0},
    {"99999999999999999999x", NO, 0}, {"-99999999999999999999 x", NO, 0},
    {ZEROS_5000 "1", YES, 1}, {"1" ZEROS_5000, BIG, INT64_MAX},
    {"-1" ZEROS_5000, SMALL, INT64_MIN}, {"1." ZEROS_5000, YES, 1},
};

static void
test_table(void)
{
	struct arena a;

	arena_init(&a, 1024);
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text t = text_of(cases[i].query);
		int64_t value = 0;
		enum cursor_verdict verdict;

		(void)text_percent_decode(&t, &a, t, true);
		verdict = cursor_parse(&value, t);
		is_int((int)verdict, cases[i].verdict, "the verdict on '%.40s'",
		    cases[i].query);
		if (cases[i].verdict != NO)
			is_int(value, cases[i].value, "the value of '%.40s'",
			    cases[i].query);
	}
	arena_release(&a);
}

static void
test_absent(void)
{
	int64_t value;

	is_int((int)cursor_parse(&value, (struct text){0}), NO,
	    "an absent text is no integer");
	is_int((int)cursor_parse(&value, (struct text){"12x", 2}), YES,
	    "nothing is read behind the end");
	is_int(value, 12, "12");
}

/* --- an oracle of another make: a state table over classes of characters,
 * and a value in 128 bits --- */

enum class { C_SPACE, C_SIGN, C_DIGIT0, C_DIGIT, C_UNDER, C_POINT, C_OTHER,
	C_END, N_CLASSES };
enum state { S_START, S_SIGNED, S_INT, S_UNDER, S_POINT, S_ZEROS, S_AFTER,
	S_BAD, S_GOOD };

static const enum state table[][N_CLASSES] = {
    [S_START] = {S_START, S_SIGNED, S_INT, S_INT, S_BAD, S_BAD, S_BAD, S_BAD},
    [S_SIGNED] = {S_BAD, S_BAD, S_INT, S_INT, S_BAD, S_BAD, S_BAD, S_BAD},
    [S_INT] = {S_AFTER, S_BAD, S_INT, S_INT, S_UNDER, S_POINT, S_BAD, S_GOOD},
    [S_UNDER] = {S_BAD, S_BAD, S_INT, S_INT, S_BAD, S_BAD, S_BAD, S_BAD},
    [S_POINT] = {S_BAD, S_BAD, S_ZEROS, S_BAD, S_BAD, S_BAD, S_BAD, S_BAD},
    [S_ZEROS] = {S_AFTER, S_BAD, S_ZEROS, S_BAD, S_BAD, S_BAD, S_BAD, S_GOOD},
    [S_AFTER] = {S_AFTER, S_BAD, S_BAD, S_BAD, S_BAD, S_BAD, S_BAD, S_GOOD},
};

/* Unicode's code points with White_Space, as ranges. */
static bool
is_white(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {{0x9, 0xd}, {0x20, 0x20}, {0x85, 0x85}, {0xa0, 0xa0},
	    {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
	    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

	for (size_t i = 0; i < N_OF(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static enum class
class_of(uint32_t c)
{
	if (is_white(c))
		return C_SPACE;
	switch (c) {
	case '+':
	case '-': return C_SIGN;
	case '0': return C_DIGIT0;
	case '_': return C_UNDER;
	case '.': return C_POINT;
	default: return c >= '1' && c <= '9' ? C_DIGIT : C_OTHER;
	}
}

static enum cursor_verdict
oracle(int64_t *value, const uint32_t *c, size_t n)
{
	enum state state = S_START;
	__int128 sum = 0, bound = (__int128)1 << 64;
	bool minus = false;

	for (size_t i = 0; i <= n && state != S_BAD; i++) {
		enum class class = i < n ? class_of(c[i]) : C_END;

		if (state == S_START && class == C_SIGN)
			minus = c[i] == '-';
		state = table[state][class];
		if (state == S_INT && sum < bound)
			sum = sum * 10 + (c[i] - '0');
	}
	if (state != S_GOOD)
		return CURSOR_NOT_AN_INTEGER;
	sum = minus ? -sum : sum;
	*value = sum > INT64_MAX ? INT64_MAX
	    : sum < INT64_MIN ? INT64_MIN : (int64_t)sum;
	return sum > INT64_MAX ? CURSOR_TOO_LARGE
	    : sum < INT64_MIN ? CURSOR_TOO_SMALL : CURSOR_OK;
}

static size_t
put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 63));
	out[2] = (char)(0x80 | (c & 63));
	return 3;
}

static uint32_t
random_character(struct dice *dice)
{
	static const uint32_t often[] = {'0', '0', '1', '5', '9', '2', '7', '8',
	    '_', '.', '+', '-', ' ', '\t', 0xa0, 0x85, 0x2003, 0x3000, 0x200b,
	    0x1c, 'e', 0, 0x665};

	switch (dice_roll(dice, 12)) {
	case 0: return (uint32_t)dice_roll(dice, 0x80);
	case 1: return (uint32_t)dice_roll(dice, 0x3100);
	case 2: case 3: case 4: case 5: case 6:
		return '0' + (uint32_t)dice_roll(dice, 10);
	default: return often[dice_roll(dice, N_OF(often))];
	}
}

/* Something that is nearly a cursor: [space] [sign] digits [.0] [space]. */
static size_t
random_cursor(uint32_t *c, struct dice *dice)
{
	static const uint32_t spaces[] = {' ', '\n', 0x85, 0xa0, 0x1680, 0x2000,
	    0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
	size_t n = 0, digits = 1 + dice_roll(dice, 21);

	for (uint64_t i = dice_roll(dice, 3); i > 0; i--)
		c[n++] = spaces[dice_roll(dice, N_OF(spaces))];
	if (dice_roll(dice, 2) == 0)
		c[n++] = dice_roll(dice, 2) == 0 ? '+' : '-';
	for (size_t i = 0; i < digits; i++) {
		if (i > 0 && dice_roll(dice, 12) == 0)
			c[n++] = '_';
		c[n++] = '0' + (uint32_t)dice_roll(dice, 10);
	}
	if (dice_roll(dice, 3) == 0)
		for (c[n++] = '.'; dice_roll(dice, 4) > 0 && n < 50;)
			c[n++] = '0';
	for (uint64_t i = dice_roll(dice, 3); i > 0; i--)
		c[n++] = spaces[dice_roll(dice, N_OF(spaces))];
	if (dice_roll(dice, 3) == 0)
		c[dice_roll(dice, n)] = random_character(dice);
	return n;
}

static size_t
random_characters(uint32_t *c, struct dice *dice)
{
	size_t n = dice_roll(dice, 8);

	for (size_t i = 0; i < n; i++)
		c[i] = random_character(dice);
	return n;
}

static void
test_against_oracle(void)
{
	struct dice dice = {20260415};
	uint32_t c[64];
	char bytes[200];
	long seen[4] = {0}, n_bad = 0;

	for (int round = 0; round < 400000; round++) {
		size_t n, size = 0;
		int64_t got = 0, want = 0;
		enum cursor_verdict verdict;

		n = round % 2 == 0 ? random_cursor(c, &dice)
				   : random_characters(c, &dice);
		for (size_t i = 0; i < n; i++)
			size += put_utf8(bytes + size, c[i]);
		verdict = oracle(&want, c, n);
		seen[verdict]++;
		if (cursor_parse(&got, (struct text){bytes, size}) == verdict
		    && (verdict == CURSOR_NOT_AN_INTEGER || got == want))
			continue;
		if (n_bad++ < 5)
			is_text((struct text){bytes, size}, TEXT(""),
			    "the oracle says %d (%lld), not %lld",
			    (int)verdict, (long long)want, (long long)got);
	}
	ok(n_bad == 0, "random texts, as the oracle says");
	for (int i = 0; i < 4; i++)
		ok(seen[i] > 1000, "of verdict %d there were %ld", i, seen[i]);
}

static void
test_any_bytes(void)
{
	struct dice dice = {7};
	char bytes[40];
	int64_t value;
	long n_taken = 0;

	for (int round = 0; round < 200000; round++) {
		size_t n = dice_roll(&dice, sizeof(bytes));

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)dice_roll(&dice, 256);
		n_taken += cursor_parse(&value, (struct text){bytes, n})
		    == CURSOR_OK;
	}
	ok(true, "any bytes at all (%ld were cursors)", n_taken);
}

int
main(void)
{
	test_table();
	test_absent();
	test_against_oracle();
	test_any_bytes();
	return tap_done();
}
