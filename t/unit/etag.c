/* Entity tags. */
#include "api/etag.h"

#include "adapters/crypto.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static const struct {
	const char *if_none_match;
	bool matches;
} cases[] = {
    {"\"" T "\"", true},
    {"W/\"" T "\"", true},
    {"*", true},
    {" * ", true},
    {"\t*", true},
    /* lists */
    {"\"" OTHER "\", \"" T "\"", true},
    {"\"" T "\", \"" OTHER "\"", true},
    {"\"" OTHER "\",\"" T "\"", true},
    {"W/\"" OTHER "\" , W/\"" T "\"", true},
    {"\"\", \"" T "\"", true},
    {"\"a,b\", \"" T "\"", true},
    {",, \"" T "\",,", true},
    {"  \"" T "\"  ", true},
    /* what web servers add when they compress */
    {"\"" T "-gzip\"", true},
    {"\"" T "-br\"", true},
    {"\"" T "-df\"", true},
    {"\"" T "-zstd\"", true},
    {"W/\"" T "-gzip\"", true},
    {"\"" OTHER "\", \"" T "-gzip\"", true},
    /* others' */
    {NULL, false},
    {"", false},
    {" ", false},
    {"\"\"", false},
    {"\"" OTHER "\"", false},
    {"\"" OTHER "\", W/\"" OTHER "\"", false},
    {"\"" T "x\"", false},
    {"\"" T "gzip\"", false},
    {"\"x" T "\"", false},
    {"\"x-" T "\"", false},
    {"\" " T "\"", false},
    {"\"0123456789ABCDEF0123456789ABCDEF\"", false},
    {"\"0123456789abcdef0123456789abcde\"", false},
    {"\"-gzip\"", false},
    /* garbage */
    {T, false},
    {"\"" T, false},
    {T "\"", false},
    {"'" T "'", false},
    {"\"", false},
    {"\"\"\"", false},
    {"**", false},
    {"\"*\"", false},
    {"W/", false},
    {"W/*", false},
    {", ,", false},
    {"\xff\x01\"\xff", false},
};

static void
test_matches(void)
{
	for (size_t i = 0; i < N_OF(cases); i++)
		is_int(etag_matches(text_of(cases[i].if_none_match),
			   "\"" T "\""),
		    cases[i].matches, "If-None-Match: %s",
		    cases[i].if_none_match == NULL
			? "(absent)" : cases[i].if_none_match);
}

static void
test_make(struct crypto *crypto)
{
	char open[ETAG_SIZE + 1], closed[ETAG_SIZE + 1], again[ETAG_SIZE + 1];

	etag_make(open, crypto, TEXT("body"), false);
	ok(strlen(open) == ETAG_SIZE && open[0] == '"'
		&& open[ETAG_SIZE - 1] == '"'
		&& strspn(open + 1, "0123456789abcdef") == 32,
	    "128 bits in hexadecimal between quotes: %s", open);
	etag_make(again, crypto, TEXT("body"), false);
	is_str(again, open, "the same for the same");
	etag_make(closed, crypto, TEXT("body"), true);
	ok(strcmp(closed, open) != 0, "another when it is closed");
	etag_make(again, crypto, TEXT("Body"), false);
	ok(strcmp(again, open) != 0, "another for another body");
	etag_make(again, crypto, TEXT(""), false);
	ok(strcmp(again, open) != 0, "and for none");
	ok(etag_matches(text_of(open), open), "it matches itself");
	ok(!etag_matches(text_of(closed), open), "and not the other");
}

static void
test_any_bytes(void)
{
	static const char often[] = "\",W/ *-" T;
	struct dice dice = {5};

	for (int round = 0; round < 100000; round++) {
		size_t n = dice_roll(&dice, 60);
		char *list = malloc(n + 1);

		for (size_t i = 0; i < n; i++)
			list[i] = dice_roll(&dice, 8) == 0
			    ? (char)dice_roll(&dice, 256)
			    : often[dice_roll(&dice, sizeof(often) - 1)];
		(void)etag_matches((struct text){list, n}, "\"" T "\"");
		free(list);
	}
	ok(true, "any bytes at all");
}

int
main(void)
{
	struct crypto *crypto = crypto_new();

	test_matches();
	test_make(crypto);
	test_any_bytes();
	crypto_free(crypto);
	return tap_done();
}
