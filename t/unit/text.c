/* Looking at text and cutting it. */
#include "base/text.h"

#include "base/arena.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static void
test_equal(void)
{
	const struct text absent = {0};

	ok(text_equal(TEXT("ab"), TEXT("ab")), "the same bytes are equal");
	ok(!text_equal(TEXT("ab"), TEXT("aB")), "case matters");
	ok(!text_equal(TEXT("ab"), TEXT("abc")), "the length matters");
	ok(text_equal(TEXT("a\0b"), TEXT("a\0b")), "NUL is a byte");
	ok(!text_equal(TEXT("a\0b"), TEXT("a\0c")), "also what is behind it");
	ok(text_equal(absent, TEXT("")), "absent has the same bytes as empty");
	ok(text_equal_nocase(TEXT("Bearer"), TEXT("bEARER")),
	    "letters of either case");
	ok(!text_equal_nocase(TEXT("a["), TEXT("a{")), "letters alone");
	ok(text_has_prefix(TEXT("abc"), TEXT("ab")), "a prefix");
	ok(text_has_prefix(TEXT("abc"), TEXT("")), "the empty prefix");
	ok(text_has_prefix(absent, TEXT("")), "even of absent text");
	ok(!text_has_prefix(TEXT("a"), TEXT("ab")), "longer than the text");
	ok(!text_has_prefix(absent, TEXT("ab")), "absent has no prefix");
	ok(text_of(NULL).data == NULL, "NULL is absent");
}

static void
test_trim(void)
{
	is_text(text_trim(TEXT(" \t a b \t"), " \t"), TEXT("a b"), "both ends");
	is_text(text_trim_end(TEXT("//a//"), "/"), TEXT("//a"), "one end");
	is_int((int64_t)text_trim(TEXT("   "), " ").size, 0, "nothing is left");
	is_text(text_trim(TEXT("\0a\0"), " "), TEXT("\0a\0"),
	    "a set has no NUL in it");
	ok(text_trim((struct text){0}, " ").data == NULL,
	    "absent stays absent");
}

/* The parts in brackets, so that empty ones are seen. */
static void
cut_all(char *out, struct text rest,
    bool (*cut)(struct text *part, struct text *rest, char separator))
{
	struct text part;

	*out = '\0';
	while (cut(&part, &rest, '&'))
		out += sprintf(out, "[%.*s]", (int)part.size, part.data);
}

static void
test_cut(void)
{
	static const struct {
		const char *in, *parts;
	} cases[] = {
	    {"a&b", "[a][b]"},
	    {"a", "[a]"},
	    {"", "[]"},
	    {"&", "[][]"},
	    {"a&", "[a][]"},
	    {"&&a&", "[][][a][]"},
	    {NULL, ""},
	};
	char parts[100];

	for (size_t i = 0; i < N_OF(cases); i++) {
		cut_all(parts, text_of(cases[i].in), text_cut);
		is_str(parts, cases[i].parts, "cutting '%s'",
		    cases[i].in == NULL ? "(absent)" : cases[i].in);
		cut_all(parts, text_of(cases[i].in), text_cut_unquoted);
		is_str(parts, cases[i].parts, "the same without quotes in it");
	}
}

static void
test_cut_unquoted(void)
{
	static const struct {
		const char *in, *parts;
	} cases[] = {
	    {"\"\"&b", "[\"\"][b]"},
	    {"\"a&b\"&c", "[\"a&b\"][c]"},
	    {"x=\"&\"y&\"&\"", "[x=\"&\"y][\"&\"]"},
	    {"\"a\\\"&b\"&c", "[\"a\\\"&b\"][c]"},
	    {"\"a\\\\\"&b\"&c", "[\"a\\\\\"][b\"&c]"},
	    {"\\\"&\"&b", "[\\\"&\"][b]"},
	    {"\\&b", "[\\][b]"},
	    {"\"a&b", "[\"a&b]"},
	    {"\"&", "[\"&]"},
	    {"a&\"", "[a][\"]"},
	    {"\"\\", "[\"\\]"},
	};
	char parts[100];

	for (size_t i = 0; i < N_OF(cases); i++) {
		cut_all(parts, text_of(cases[i].in), text_cut_unquoted);
		is_str(parts, cases[i].parts, "cutting %s", cases[i].in);
	}
}

static void
test_percent_decode(void)
{
	static const struct {
		struct text in;
		bool plus;
		struct text out; /* absent: refused */
	} cases[] = {
	    {TEXT(""), true, TEXT("")},
	    {TEXT("abc"), true, TEXT("abc")},
	    {TEXT("a+b"), true, TEXT("a b")},
	    {TEXT("a+b"), false, TEXT("a+b")},
	    {TEXT("%2b+"), true, TEXT("+ ")},
	    {TEXT("%00%ff%FF"), true, TEXT("\0\xff\xff")},
	    {TEXT("%252f"), true, TEXT("%2f")},
	    {TEXT("%aB%Ab"), true, TEXT("\xab\xab")},
	    {TEXT("\xff\x80"), true, TEXT("\xff\x80")},
	    {TEXT("%"), true, {0}},
	    {TEXT("%2"), true, {0}},
	    {TEXT("a%"), true, {0}},
	    {TEXT("%zz"), true, {0}},
	    {TEXT("%2g"), true, {0}},
	    {TEXT("%g2"), true, {0}},
	    {TEXT("%%41"), true, {0}},
	    {TEXT("%+1"), true, {0}},
	    {TEXT("% 1"), true, {0}},
	    {TEXT("% 1"), true, {0}},
	    {TEXT("%-1"), true, {0}},
	};
	struct arena a;

	arena_init(&a, 100);
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text out = TEXT("untouched");
		bool want = cases[i].out.data != NULL;

		is_int(text_percent_decode(
			   &out, &a, cases[i].in, cases[i].plus),
		    want, "decoding '%s'", cases[i].in.data);
		is_text(out, want ? cases[i].out : TEXT("untouched"),
		    "what '%s' gives", cases[i].in.data);
	}
	arena_release(&a);
}

static void
test_first_char(void)
{
	static const struct {
		struct text t;
		size_t size; /* 0: none */
		uint32_t character;
	} cases[] = {
	    {TEXT("a"), 1, 'a'},
	    {TEXT("ab"), 1, 'a'},
	    {TEXT("\0"), 1, 0},
	    {TEXT("\x7f\x80"), 1, 0x7f},
	    {TEXT("\xc2\x80"), 2, 0x80},
	    {TEXT("\xdf\xbfz"), 2, 0x7ff},
	    {TEXT("\xe0\xa0\x80"), 3, 0x800},
	    {TEXT("\xe2\x82\xac"), 3, 0x20ac},
	    {TEXT("\xef\xbf\xbf"), 3, 0xffff},
	    {TEXT("\xf0\x90\x80\x80"), 4, 0x10000},
	    {TEXT("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
	    {TEXT(""), 0, 0},
	    {{NULL, 0}, 0, 0},
	    {TEXT("\x80"), 0, 0},
	    {TEXT("\xc3"), 0, 0},
	    {TEXT("\xc3z"), 0, 0},
	    {TEXT("\xe2\x82"), 0, 0},
	    {TEXT("\xe2z\x82"), 0, 0},
	    {TEXT("\xc1\xbf"), 0, 0},
	    {TEXT("\xe0\x9f\xbf"), 0, 0},
	    {TEXT("\xf0\x8f\xbf\xbf"), 0, 0},
	    {TEXT("\xed\xa0\x80"), 0, 0},
	    {TEXT("\xf4\x90\x80\x80"), 0, 0},
	    {TEXT("\xff"), 0, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		uint32_t character = 0;

		is_int((int64_t)text_first_char(&character, cases[i].t),
		    (int64_t)cases[i].size, "bytes of character %zu", i);
		is_int(character, cases[i].character, "which one it is");
	}
}

static void
test_int(void)
{
	static const struct {
		const char *in;
		bool is;
		int64_t value;
	} cases[] = {
	    {"0", true, 0},
	    {"-0", true, 0},
	    {"007", true, 7},
	    {"-12", true, -12},
	    {"9007199254740993", true, 9007199254740993},
	    {"9223372036854775807", true, INT64_MAX},
	    {"-9223372036854775808", true, INT64_MIN},
	    {"9223372036854775808", false, 0},
	    {"-9223372036854775809", false, 0},
	    {"99999999999999999999", false, 0},
	    {"", false, 0},
	    {"-", false, 0},
	    {"+1", false, 0},
	    {"--1", false, 0},
	    {" 1", false, 0},
	    {"1 ", false, 0},
	    {"1.0", false, 0},
	    {"1e3", false, 0},
	    {"0x1", false, 0},
	    {"five", false, 0},
	    {NULL, false, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		int64_t value = 0;

		is_int(text_int(&value, text_of(cases[i].in)), cases[i].is,
		    "the number '%s'",
		    cases[i].in == NULL ? "(absent)" : cases[i].in);
		is_int(value, cases[i].value, "its value");
	}
}

static void
test_print_hex(void)
{
	static const uint8_t bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0x9a};
	char out[11] = "..........";

	text_print_hex(out, bytes, sizeof(bytes));
	is_str(out, "000ff0ff9a", "two lower-case digits a byte");
	text_print_hex(out, bytes, 0);
	is_str(out, "000ff0ff9a", "none for none");
}

int
main(void)
{
	test_equal();
	test_trim();
	test_cut();
	test_cut_unquoted();
	test_percent_decode();
	test_first_char();
	test_int();
	test_print_hex();
	return tap_done();
}
