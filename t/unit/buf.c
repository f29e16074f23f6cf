/* Appending, plain and encoded. */
#include "base/buf.h"

#include "tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
test_growth(void)
{
	struct buf b = {0};
	bool whole = true;

	is_text(buf_as_text(&b), TEXT(""), "empty at first, but not absent");
	buf_bytes(&b, NULL, 0);
	buf_text(&b, (struct text){0});
	is_int((int64_t)b.size, 0, "nothing adds nothing");
	for (int i = 0; i < 5000; i++)
		buf_char(&b, (char)('a' + i % 26));
	for (int i = 0; i < 5000; i++)
		whole = whole && b.data[i] == (char)('a' + i % 26);
	ok(b.size == 5000 && whole, "what was there stays when it grows");
	buf_reset(&b, b.room);
	ok(b.size == 0 && b.data != NULL, "a reset keeps what it may keep");
	buf_bytes(&b, "x", 1);
	buf_reset(&b, 10);
	ok(b.size == 0 && b.data == NULL, "and gives more than that back");
	buf_release(&b);
	buf_release(&b);
	ok(b.data == NULL && b.room == 0, "released twice is released");
}

static void
test_int(void)
{
	static const int64_t cases[] = {0, 1, -1, 9, 10, -10, 1000000,
	    INT64_MAX, INT64_MIN, INT64_MIN + 1};
	struct buf b = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char want[32];

		snprintf(want, sizeof(want), "%" PRId64, cases[i]);
		b.size = 0;
		buf_int(&b, cases[i]);
		is_text(buf_as_text(&b), text_of(want), "%s", want);
	}
	buf_release(&b);
}

static void
test_printf(void)
{
	static const int widths[] = {0, 1, 126, 127, 128, 129, 5000};
	struct buf b = {0};

	for (size_t i = 0; i < N_OF(widths); i++) {
		b.size = 0;
		buf_string(&b, "<");
		buf_printf(&b, "%*s", widths[i], "");
		buf_char(&b, '>');
		ok(b.size == (size_t)widths[i] + 2 && b.data[b.size - 1] == '>',
		    "%d characters, no NUL between", widths[i]);
	}
	buf_release(&b);
}

/* RFC 8259 leaves a choice; PostgreSQL and Python make the same one. */
static void
test_json_every_byte(void)
{
	static const char *const shorts[32] = {
	    [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r"};
	struct buf b = {0};
	char want[16], c;

	for (int i = 0; i < 256; i++) {
		c = (char)i;
		if (i < 32 && shorts[i] != NULL)
			snprintf(want, sizeof(want), "\"%s\"", shorts[i]);
		else if (i < 32)
			snprintf(want, sizeof(want), "\"\\u%04x\"",
			    (unsigned)i);
		else if (i == '"' || i == '\\')
			snprintf(want, sizeof(want), "\"\\%c\"", i);
		else
			snprintf(want, sizeof(want), "\"%c\"", i);
		b.size = 0;
		buf_json(&b, (struct text){&c, 1});
		is_text(buf_as_text(&b), text_of(want), "byte 0x%02x",
		    (unsigned)i);
	}
	buf_release(&b);
}

static void
test_json(void)
{
	static const struct {
		struct text in, out;
	} cases[] = {
	    {TEXT(""), TEXT("\"\"")},
	    {TEXT("abc"), TEXT("\"abc\"")},
	    {TEXT("\"\\\""), TEXT("\"\\\"\\\\\\\"\"")},
	    {TEXT("a\nb"), TEXT("\"a\\nb\"")},
	    {TEXT("\na\n"), TEXT("\"\\na\\n\"")},
	    {TEXT("a\0b"), TEXT("\"a\\u0000b\"")},
	    {TEXT("</script>"), TEXT("\"</script>\"")},
	    {TEXT("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"),
		TEXT("\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"")},
	    {TEXT("\xe2\x80\xa8\x7f"), TEXT("\"\xe2\x80\xa8\x7f\"")},
	};
	struct buf b = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		b.size = 0;
		buf_json(&b, cases[i].in);
		is_text(buf_as_text(&b), cases[i].out, "as JSON: %s",
		    cases[i].out.data);
	}
	b.size = 0;
	buf_json_or_null(&b, (struct text){0});
	buf_json_or_null(&b, TEXT(""));
	is_text(buf_as_text(&b), TEXT("null\"\""),
	    "absent is null, empty is not");
	buf_release(&b);
}

/* Byte by byte, the slow way. */
static void
put_json_slowly(struct buf *out, struct text t)
{
	struct buf one = {0};

	buf_char(out, '"');
	for (size_t i = 0; i < t.size; i++) {
		one.size = 0;
		buf_json(&one, (struct text){t.data + i, 1});
		buf_bytes(out, one.data + 1, one.size - 2);
	}
	buf_char(out, '"');
	buf_release(&one);
}

/* Escapes at every place of texts of every length, at every alignment. */
static void
test_json_places(void)
{
	static const char special[] = {'"', '\\', '\n', 0x00, 0x1f, 0x20, 0x7f,
	    '!', '#', '[', ']', (char)0x80, (char)0xa2, (char)0xdc, (char)0xff};
	struct buf got = {0}, want = {0};
	struct dice dice = {29};
	size_t n_bad = 0;
	char bytes[48];

	for (int round = 0; round < 100000; round++) {
		struct text t = {bytes + dice_roll(&dice, 8),
		    dice_roll(&dice, 40)};

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = dice_roll(&dice, 6) == 0
			    ? special[dice_roll(&dice, sizeof(special))]
			    : (char)('a' + dice_roll(&dice, 26));
		got.size = want.size = 0;
		buf_json(&got, t);
		put_json_slowly(&want, t);
		n_bad += !text_equal(buf_as_text(&got), buf_as_text(&want));
	}
	is_int((int64_t)n_bad, 0, "every place, length and alignment");
	buf_release(&got);
	buf_release(&want);
}

static void
test_percent_every_byte(void)
{
	static const char passes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789-._~";
	struct buf b = {0};
	bool right = true;
	char want[8], c;

	for (int i = 0; i < 512; i++) {
		bool slash = i >= 256;

		c = (char)i;
		if (c != '\0'
		    && (strchr(passes, c) != NULL || (slash && c == '/')))
			snprintf(want, sizeof(want), "%c", c);
		else
			snprintf(want, sizeof(want), "%%%02X", i & 255);
		b.size = 0;
		buf_percent(&b, (struct text){&c, 1}, slash);
		right = right && text_equal(buf_as_text(&b), text_of(want));
	}
	ok(right, "every byte, with and without the slash");
	buf_release(&b);
}

static void
test_percent(void)
{
	struct buf b = {0};

	buf_percent(&b, TEXT(""), true);
	is_int((int64_t)b.size, 0, "nothing encodes to nothing");
	buf_percent(&b, TEXT("a b/\xc3\xbc"), true);
	buf_percent(&b, TEXT("/%41"), false);
	is_text(buf_as_text(&b), TEXT("a%20b/%C3%BC%2F%2541"),
	    "what is encoded is appended");
	buf_release(&b);
}

static void
test_hex(void)
{
	static const uint8_t bytes[] = {0, 0xab, 0xff};
	struct buf b = {0};

	buf_hex(&b, bytes, 0);
	buf_hex(&b, bytes, 3);
	is_text(buf_as_text(&b), TEXT("00abff"), "hexadecimal");
	buf_release(&b);
}

int
main(void)
{
	test_growth();
	test_int();
	test_printf();
	test_json_every_byte();
	test_json();
	test_json_places();
	test_percent_every_byte();
	test_percent();
	test_hex();
	return tap_done();
}
