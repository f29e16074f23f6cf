/* Prefer to seconds. */
#include "api/prefer.h"

#include "base/buf.h"
#include "tap.h"

enum { NONE = -1 };

static const struct {
	const char *prefer;
	int64_t seconds;
} cases[] = {
    {NULL, NONE},
    {"", NONE},
    {" ", NONE},
    {",", NONE},
    {"wait=20", 20},
    {"wait=0", 0},
    {"wait=00020", 20},
    {"Wait=20", 20},
    {"WAIT=20", 20},
    /* among others (RFC 7240, section 2) */
    {"respond-async, wait=20", 20},
    {"respond-async,wait=20,handling=lenient", 20},
    {"wait=20, respond-async", 20},
    {"return=minimal; foo=\"some parameter\", wait=20", 20},
    {", ,wait=20,,", 20},
    {"respond-async", NONE},
    {"waiting=20", NONE},
    {"awaits=20", NONE},
    {"x-wait=20", NONE},
    {"foo; wait=20", NONE},
    {"foo=bar; wait=20, wait=5", 5},
    /* parameters and white space */
    {"wait=20; foo", 20},
    {"wait=20; foo=bar; baz", 20},
    {"wait=20;", 20},
    {" \twait \t= \t20 \t", 20},
    {"wait = 20 ; foo = bar , x", 20},
    /* a quoted value is the same as a bare one */
    {"wait=\"20\"", 20},
    {"wait = \"20\" ; foo", 20},
    {"wait=\"\"", NONE},
    {"wait=\"", NONE},
    {"wait=\"20", NONE},
    {"wait=20\"", NONE},
    {"wait=\"2\"0", NONE},
    {"wait=\" 20\"", NONE},
    /* what stands in quotes is nobody's preference */
    {"foo=\"a, wait=5, b\"", NONE},
    {"foo=\"a, wait=5, b\", wait=20", 20},
    {"foo; x=\", wait=5\", wait=20", 20},
    {"foo=\"a\\\", wait=5, \\\\\", wait=20", 20},
    {"foo=\"\", wait=20", 20},
    {"foo=\"a, wait=5", NONE},
    {"foo=\"a\\\", wait=5", NONE},
    {"wait=20; x=\";\", wait=5", 20},
    /* the first one wins, whatever the others say */
    {"wait=20, wait=30", 20},
    {"wait=30, wait=20", 30},
    {"wait=20, wait=x", 20},
    {"wait=20, Wait=30", 20},
    {"foo, wait=20; a=b, bar, wait=30", 20},
    {"wait=x, wait=20", NONE},
    {"wait, wait=20", NONE},
    /* no whole number */
    {"wait", NONE},
    {"wait=", NONE},
    {"wait;=20", NONE},
    {"wait 20", NONE},
    {"wait:20", NONE},
    {"wait=x", NONE},
    {"wait=-1", NONE},
    {"wait=+1", NONE},
    {"wait=1.0", NONE},
    {"wait=1e3", NONE},
    {"wait=0x10", NONE},
    {"wait=1_0", NONE},
    {"wait=1 0", NONE},
    {"wait=20s", NONE},
    {"wait=\xd9\xa3", NONE},
    {"wait==20", NONE},
    {"wait=20=30", NONE},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < N_OF(cases); i++) {
		int64_t seconds = NONE;
		bool found = prefer_wait(&seconds, text_of(cases[i].prefer));

		is_int(found, cases[i].seconds != NONE, "%s",
		    cases[i].prefer == NULL ? "absent" : cases[i].prefer);
		if (cases[i].seconds != NONE)
			is_int(seconds, cases[i].seconds, "so many seconds");
	}
}

/* A huge one is huge, and never wraps around. */
static void
test_huge(void)
{
	static const char *const huge[] = {
	    "wait=9223372036854775807",
	    "wait=9223372036854775808",
	    "wait=18446744073709551616",
	    "wait=18446744073709551617",
	    "wait=99999999999999999999999999999999999999999",
	    "wait=100000000000000000000000000000000000000000",
	};
	struct buf b = {0};
	int64_t seconds = 0;

	for (size_t i = 0; i < N_OF(huge); i++) {
		seconds = 0;
		ok(prefer_wait(&seconds, text_of(huge[i]))
			&& seconds > INT64_MAX / 2,
		    "%s", huge[i]);
	}
	ok(prefer_wait(&seconds, TEXT("wait=86400"))
		&& seconds == 86400,
	    "a day is a day");
	ok(prefer_wait(&seconds, TEXT("wait=900000000000000000"))
		&& seconds == INT64_C(900000000000000000),
	    "as is what still fits");
	buf_string(&b, "wait=");
	while (b.size < 65000)
		buf_char(&b, '9');
	ok(prefer_wait(&seconds, buf_as_text(&b)) && seconds > INT64_MAX / 2,
	    "65,000 digits");
	buf_release(&b);
}

static void
test_bytes(void)
{
	static const char *const pieces[] = {"wait", "=", "20", ",", ";", "\"",
	    "\\", " ", "x", "-", "\xff", "\t"};
	struct dice dice = {1};
	struct buf b = {0};
	bool fine = true;

	for (int i = 0; i < 20000; i++) {
		int64_t seconds = NONE;

		b.size = 0;
		for (uint64_t n = dice_roll(&dice, 20); n > 0; n--)
			buf_string(&b, pieces[dice_roll(
			    &dice, N_OF(pieces))]);
		if (prefer_wait(&seconds, buf_as_text(&b)))
			fine = fine && seconds >= 0;
	}
	ok(fine, "garbage is never negative");
	buf_release(&b);
}

int
main(void)
{
	test_cases();
	test_huge();
	test_bytes();
	return tap_done();
}
