/* What is JSON and what is not. */
#include "base/json.h"

#include "base/buf.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static const struct text valid[] = {
    TEXT("null"), TEXT("true"), TEXT("false"), TEXT("0"), TEXT("-0"),
    TEXT("12"), TEXT("-1.50"), TEXT("0.0"), TEXT("1e5"), TEXT("1E+5"),
    TEXT("1.5e-400"), TEXT("123456789012345678901234567890"),
    TEXT("\"\""), TEXT("\"a\""), TEXT("[]"), TEXT("{}"), TEXT("[ ]"),
    TEXT("{ }"), TEXT(" \t\r\n1 \t\r\n"), TEXT("[1]"), TEXT("[1,[2,{}],3]"),
    TEXT("{\"\":0}"), TEXT("{\"a\":{\"a\":[]},\"b\":[{},{}]}"),
    TEXT("[ 1 , { \"a\" : \"b\" , \"c\" : [ ] } ]"),
    TEXT("{\"a\":1,\"a\":2}"),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fc\\uD83D\\uDE00\""),
    /* a lone surrogate is one for the grammar */
    TEXT("\"\\ud800\""), TEXT("\"\\u0000\""),
    TEXT("\"\x7f\""), TEXT("\"\xc2\x80\""), TEXT("\"\xdf\xbf\""),
    TEXT("\"\xe0\xa0\x80\""), TEXT("\"\xed\x9f\xbf\""),
    TEXT("\"\xee\x80\x80\""), TEXT("\"\xef\xbf\xbf\""),
    TEXT("\"\xf0\x90\x80\x80\""), TEXT("\"\xf4\x8f\xbf\xbf\""),
};

static const struct text invalid[] = {
    {NULL, 0}, TEXT(""), TEXT(" "), TEXT("\0"), TEXT("1\0"), TEXT("nul"),
    TEXT("nulll"), TEXT("True"), TEXT("NaN"), TEXT("Infinity"),
    TEXT("-Infinity"), TEXT("undefined"), TEXT("a"), TEXT("1 2"), TEXT("1,"),
    /* numbers */
    TEXT("01"), TEXT("-01"), TEXT("+1"), TEXT("-"), TEXT("1."), TEXT(".5"),
    TEXT("1.e5"), TEXT("1e"), TEXT("1e+"), TEXT("1e+-5"), TEXT("0x10"),
    TEXT("1_0"), TEXT("--1"), TEXT("1.5.5"), TEXT("1e5.5"),
    /* arrays and objects */
    TEXT("["), TEXT("]"), TEXT("[1"), TEXT("[1,"), TEXT("[1,]"), TEXT("[,1]"),
    TEXT("[1 2]"), TEXT("[1,,2]"), TEXT("[]]"), TEXT("[[]"), TEXT("[}"),
    TEXT("[1}"), TEXT("{"), TEXT("}"), TEXT("{]"), TEXT("{\"a\"}"),
    TEXT("{\"a\":}"), TEXT("{\"a\":1"), TEXT("{\"a\":1,}"),
    TEXT("{\"a\":1]"), TEXT("{,}"), TEXT("{1:2}"), TEXT("{a:1}"),
    TEXT("{'a':1}"), TEXT("{\"a\" 1}"), TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\":1}x"), TEXT("{}{}"), TEXT("{null:1}"), TEXT("{[]:1}"),
    TEXT("[1:2]"), TEXT("[\"a\":1]"), TEXT("[// x\n1]"), TEXT("[/**/1]"),
    TEXT("\xef\xbb\xbf[]"), TEXT("\f1"), TEXT("\v1"), TEXT("\xc2\xa0" "1"),
    /* strings */
    TEXT("\""), TEXT("\"a"), TEXT("'a'"), TEXT("\"a\"b\""), TEXT("\"\\\""),
    TEXT("\"\\x\""), TEXT("\"\\'\""), TEXT("\"\\0\""), TEXT("\"\\u12\""),
    TEXT("\"\\u123\""), TEXT("\"\\u123g\""), TEXT("\"\\U0041\""),
    TEXT("\"\\\0\""), TEXT("\"\0\""), TEXT("\"\n\""), TEXT("\"\t\""),
    TEXT("\"\x1f\""),
    /* no UTF-8: alone, too long, cut short, a surrogate, past the last */
    TEXT("\"\x80\""), TEXT("\"\xff\""), TEXT("\"\xc0\x80\""),
    TEXT("\"\xc1\xbf\""), TEXT("\"\xe0\x9f\xbf\""),
    TEXT("\"\xf0\x8f\xbf\xbf\""), TEXT("\"\xc3\""), TEXT("\"\xe2\x82\""),
    TEXT("\"\xe2\x82"), TEXT("\"\xf0\x9f\x98\""), TEXT("\"\xed\xa0\x80\""),
    TEXT("\"\xed\xbf\xbf\""), TEXT("\"\xf4\x90\x80\x80\""),
    TEXT("\"\xf8\x88\x80\x80\x80\""),
};

/* A copy without a byte behind it, so that a sanitizer sees who reads on. */
static bool
is_valid(const char *json, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	bool is;

	if (size > 0)
		memcpy(copy, json, size);
	is = json_is_valid((struct text){copy, size});
	free(copy);
	return is;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < N_OF(valid); i++)
		ok(is_valid(valid[i].data, valid[i].size), "JSON: %zu", i);
	for (size_t i = 0; i < N_OF(invalid); i++)
		ok(!is_valid(invalid[i].data, invalid[i].size),
		    "no JSON: %zu", i);
}

static void
test_deep(void)
{
	enum { DEPTH = 1000000 };
	struct buf json = {0};

	for (int i = 0; i < DEPTH; i++)
		buf_string(&json, "{\"a\":[");
	for (int i = 0; i < DEPTH; i++)
		buf_string(&json, "]}");
	ok(json_is_valid(buf_as_text(&json)), "two million brackets");
	json.size--;
	ok(!json_is_valid(buf_as_text(&json)), "one is missing");
	buf_string(&json, "}}");
	ok(!json_is_valid(buf_as_text(&json)), "one is too many");
	buf_release(&json);
}

static void
test_truncated(void)
{
	static const char sample[] =
	    "{\"a\\u00fc\\\"\": [1.5e3, {\"b\xc3\xbc\": null}, [true, \"\"]]}";
	size_t n = 0;

	for (size_t size = 0; size < sizeof(sample) - 1; size++)
		n += is_valid(sample, size);
	is_int((int64_t)n, 0, "truncated anywhere it is none");
	ok(is_valid(sample, sizeof(sample) - 1), "whole it is");
}

int
main(void)
{
	test_cases();
	test_deep();
	test_truncated();
	return tap_done();
}
