/* ULIDs. */
#include "api/ulid.h"

#include "tap.h"

#include <string.h>

static void
test_parse(void)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} cases[] = {
	    {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"01aRz3NdEkTsV4rRfFq69g5FaV", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
	    {"00000000000000000000000000", "00000000000000000000000000"},
	    {"7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
	    {"8ZZZZZZZZZZZZZZZZZZZZZZZZZ", NULL},
	    {"ZZZZZZZZZZZZZZZZZZZZZZZZZZ", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5FA", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5FAVV", NULL},
	    {"", NULL},
	    {NULL, NULL},
	    {" 1ARZ3NDEKTSV4RRFFQ69G5FAV", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5FA ", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5FA\n", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5F\xc3\x84", NULL},
	    {"01ARZ3NDEKTSV4RRFFQ69G5F%41", NULL},
	};
	char out[ULID_SIZE + 1];

	for (size_t i = 0; i < N_OF(cases); i++) {
		bool found = ulid_parse(out, text_of(cases[i].in));

		is_int(found, cases[i].out != NULL, "'%s' is %sa ULID",
		    cases[i].in == NULL ? "(absent)" : cases[i].in,
		    cases[i].out == NULL ? "not " : "");
		if (found)
			is_str(out, cases[i].out, "in upper case");
	}
}

static void
test_alphabet(void)
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
				      "abcdefghjkmnpqrstvwxyz";
	char in[ULID_SIZE], out[ULID_SIZE + 1];
	bool right = true;

	memset(in, '0', sizeof(in));
	for (size_t place = 0; place < ULID_SIZE; place++) {
		for (int c = 0; c < 256; c++) {
			bool want = c != 0
			    && strchr(place == 0 ? "01234567" : letters, c)
				!= NULL;

			in[place] = (char)c;
			right = right
			    && ulid_parse(out, (struct text){in, ULID_SIZE})
				== want;
		}
		in[place] = '0';
	}
	ok(right, "every byte in every place");
}

static void
test_make(void)
{
	static const struct {
		int64_t ms;
		uint8_t random[ULID_RANDOM_SIZE];
		const char *want;
	} cases[] = {
	    {0, {0}, "00000000000000000000000000"},
	    /* the specification's example of a time */
	    {1469918176385, {0}, "01ARYZ6S410000000000000000"},
	    {281474976710655,
		{255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		"7ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
	    {1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "00000000010000000000000001"},
	    {31, {0x80}, "000000000ZG000000000000000"},
	    {0, {0, 0, 0, 0, 1, 0x80}, "00000000000000000" "1G0000000"},
	};
	char out[ULID_SIZE + 1], again[ULID_SIZE + 1];

	for (size_t i = 0; i < N_OF(cases); i++) {
		ulid_make(out, cases[i].ms, cases[i].random);
		is_str(out, cases[i].want, "%lld ms", (long long)cases[i].ms);
		ok(ulid_parse(again, text_of(out)) && strcmp(again, out) == 0,
		    "is a ULID");
	}
}

/* Their order as text is the order of their times. */
static void
test_order(void)
{
	struct dice dice = {3};
	uint8_t random[ULID_RANDOM_SIZE];
	char earlier[ULID_SIZE + 1] = "", later[ULID_SIZE + 1];
	int64_t ms = 0;
	bool rising = true;

	for (int i = 0; i < 2000; i++) {
		for (size_t j = 0; j < sizeof(random); j++)
			random[j] = (uint8_t)dice_roll(&dice, 256);
		ms += 1 + (int64_t)dice_roll(&dice, 1000000000);
		ulid_make(later, ms, random);
		rising = rising && strcmp(earlier, later) < 0;
		strcpy(earlier, later);
	}
	ok(rising, "later ones sort behind earlier ones");
}

int
main(void)
{
	test_parse();
	test_alphabet();
	test_make();
	test_order();
	return tap_done();
}
