/* Tickets: what is taken, and that nothing else is. */
#include "signing/ticket.h"

#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define KEY "0123456789abcdef"
#define OTHER_KEY "fedcba9876543210fedcba9876543210"
#define END INT64_C(1700000300)

static struct crypto *crypto;

static const struct ticket_use use = {
    TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("events")};
static const uint8_t random_bytes[TICKET_RANDOM_SIZE] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Made apart from this program, by Python's hmac and base64. */
static const char known[] =
    "AQEAAAAAZVPyLAABAgMEBQYHCAkKCwwNDg_bH8BE6h-h_a-jWPCU7-A-NB7nqipYsIbz"
    "AMLH7r9tWe3jxqEIRUTMRVnZr3LPxrVWa9pUKXT3yudB_myS0ZiE";

static struct ticket
some_ticket(void)
{
	static const struct text key = TEXT("sk_live_abc");
	struct ticket t = {.data_set = 1, .ends_at = END};

	crypto_sha256(t.key_sha256, crypto, &key, 1);
	return t;
}

static bool
is_taken(const char *lines, struct text text, const struct ticket_use *of,
    int64_t now_s)
{
	struct ticket_keys *keys = ticket_keys_new(text_of(lines), crypto);
	struct ticket t;
	bool taken = ticket_parse(&t, keys, text, of, now_s);

	ticket_keys_free(keys);
	return taken;
}

static void
test_round_trip(void)
{
	struct ticket_keys *keys = ticket_keys_new(TEXT(KEY), crypto);
	struct ticket t = some_ticket(), back = {0};
	char text[TICKET_SIZE + 1], again[TICKET_SIZE + 1];
	uint8_t other_bytes[TICKET_RANDOM_SIZE] = {1};

	ticket_print(text, keys, &t, &use, random_bytes);
	is_str(text, known, "byte for byte");
	ok(ticket_parse(&back, keys, text_of(text), &use, END - 1), "taken");
	is_int(back.data_set, 1, "the data set");
	is_int(back.ends_at, END, "the end");
	ok(memcmp(back.key_sha256, t.key_sha256, sizeof(t.key_sha256)) == 0,
	    "the key");
	ticket_print(again, keys, &t, &use, other_bytes);
	ok(memcmp(again + 35, text + 35, 43) != 0,
	    "the same key looks different each time");

	t.ends_at = INT64_MAX;
	ticket_print(text, keys, &t, &use, random_bytes);
	ok(ticket_parse(&back, keys, text_of(text), &use, INT64_MAX - 1)
		&& back.ends_at == INT64_MAX, "a late end");
	t.ends_at = -2;
	ticket_print(text, keys, &t, &use, random_bytes);
	ok(ticket_parse(&back, keys, text_of(text), &use, -3)
		&& back.ends_at == -2, "an early one");
	ticket_keys_free(keys);
}

static void
test_end(void)
{
	struct text t = text_of(known);

	ok(is_taken(KEY, t, &use, 0), "long before its end");
	ok(is_taken(KEY, t, &use, END - 1), "a second before it");
	ok(!is_taken(KEY, t, &use, END), "at its end it is none");
	ok(!is_taken(KEY, t, &use, END + 1), "nor behind it");
	ok(!is_taken(KEY, t, &use, INT64_MAX), "ever");
}

static void
test_uses(void)
{
	static const struct ticket_use others[] = {
	    {TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAW"), TEXT("events")},
	    {TEXT("11ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("events")},
	    {TEXT("01arz3ndektsv4rrffq69g5fav"), TEXT("events")},
	    {TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("detail")},
	    {TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("event")},
	    {TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("eventss")},
	    {TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV"), TEXT("")},
	};

	for (size_t i = 0; i < N_OF(others); i++)
		ok(!is_taken(KEY, text_of(known), &others[i], 0),
		    "not for %s of %s", others[i].scope.data,
		    others[i].job.data);
}

/* The order of days: sign with a, put b above it, drop a. */
static void
test_rotation(void)
{
	static const char b_a[] = OTHER_KEY "\n" KEY;
	struct ticket_keys *keys = ticket_keys_new(text_of(b_a), crypto);
	struct ticket t = some_ticket(), back;
	char text[TICKET_SIZE + 1];

	ok(is_taken(b_a, text_of(known), &use, 0), "the second key verifies");
	ok(ticket_parse(&back, keys, text_of(known), &use, 0)
		&& memcmp(back.key_sha256, t.key_sha256, 32) == 0,
	    "and takes its own mask off");
	ticket_print(text, keys, &t, &use, random_bytes);
	ok(is_taken(OTHER_KEY, text_of(text), &use, 0), "the first one signs");
	ok(!is_taken(KEY, text_of(text), &use, 0), "and the second does not");
	ok(!is_taken(OTHER_KEY, text_of(known), &use, 0),
	    "without its key a ticket is none");
	ok(!is_taken(KEY "\n", text_of(text), &use, 0),
	    "an empty line is not anybody's key");
	ticket_keys_free(keys);
}

/* Every character of it, as every other byte. */
static void
test_changes(void)
{
	struct ticket_keys *keys = ticket_keys_new(TEXT(KEY), crypto);
	struct ticket t;
	char text[TICKET_SIZE];
	int n = 0, n_taken = 0;

	for (size_t i = 0; i < TICKET_SIZE; i++) {
		for (int byte = 0; byte < 256; byte++) {
			memcpy(text, known, TICKET_SIZE);
			text[i] = (char)byte;
			if (text[i] == known[i])
				continue;
			n++;
			n_taken += ticket_parse(&t, keys,
			    (struct text){text, TICKET_SIZE}, &use, 0);
		}
	}
	is_int(n, 120 * 255, "every change of one byte was tried");
	is_int(n_taken, 0, "and none of them is a ticket");
	for (size_t i = 1; i < TICKET_SIZE; i++) {
		memcpy(text, known, TICKET_SIZE);
		text[i - 1] = known[i];
		text[i] = known[i - 1];
		n_taken += memcmp(text, known, TICKET_SIZE) != 0
		    && ticket_parse(&t, keys,
			(struct text){text, TICKET_SIZE}, &use, 0);
	}
	is_int(n_taken, 0, "nor is any exchange of two");
	ticket_keys_free(keys);
}

/* Exactly as long as it is, so that a sanitizer sees what is read. */
static void
test_lengths(void)
{
	struct ticket_keys *keys = ticket_keys_new(TEXT(KEY), crypto);
	struct ticket t;
	int n_taken = 0;

	for (size_t n = 0; n < 3 * TICKET_SIZE; n++) {
		char *text = malloc(n + 1);

		for (size_t i = 0; i < n; i++)
			text[i] = known[i % TICKET_SIZE];
		if (n != TICKET_SIZE)
			n_taken += ticket_parse(
			    &t, keys, (struct text){text, n}, &use, 0);
		free(text);
	}
	is_int(n_taken, 0, "shorter and longer ones are none");
	ok(!ticket_parse(&t, keys, (struct text){0}, &use, 0), "nor no text");
	ticket_keys_free(keys);
}

static void
test_other_spellings(void)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
	    {"AQEAAAAAZVPyLAABAgMEBQYHCAkKCwwNDg/bH8BE6h+h/a+jWPCU7+A+NB7nqi"
	     "pYsIbzAMLH7r9tWe3jxqEIRUTMRVnZr3LPxrVWa9pUKXT3yudB/myS0ZiE",
		"base64 that is not for URLs"},
	    {" AQEAAAAAZVPyLAABAgMEBQYHCAkKCwwNDg_bH8BE6h-h_a-jWPCU7-A-NB7nq"
	     "ipYsIbzAMLH7r9tWe3jxqEIRUTMRVnZr3LPxrVWa9pUKXT3yudB_myS0ZiE",
		"a space before it"},
	    {"AQEAAAAAZVPyLAABAgMEBQYHCAkKCwwNDg_bH8BE6h-h_a-jWPCU7-A-NB7nqi"
	     "pYsIbzAMLH7r9tWe3jxqEIRUTMRVnZr3LPxrVWa9pUKXT3yudB_myS0ZiE=",
		"padding"},
	    {"new", "new"},
	};

	for (size_t i = 0; i < N_OF(cases); i++)
		ok(!is_taken(KEY, text_of(cases[i].text), &use, 0),
		    "not with %s", cases[i].what);
}

static void
test_any_bytes(void)
{
	struct ticket_keys *keys = ticket_keys_new(TEXT(KEY), crypto);
	struct dice dice = {17};
	struct ticket t;
	char text[TICKET_SIZE];
	int n_taken = 0;

	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < TICKET_SIZE; i++)
			text[i] = round % 2 == 0
			    ? (char)dice_roll(&dice, 256)
			    : known[dice_roll(&dice, TICKET_SIZE)];
		if (round % 2 == 1)
			memcpy(text, known, 2); /* the version */
		n_taken += ticket_parse(
		    &t, keys, (struct text){text, TICKET_SIZE}, &use, 0);
	}
	is_int(n_taken, 0, "any bytes at all");
	ticket_keys_free(keys);
}

static void
test_check(void)
{
	static const struct {
		const char *lines, *error; /* NULL: fine */
	} cases[] = {
	    {KEY, NULL}, {OTHER_KEY, NULL}, {KEY "\n" OTHER_KEY, NULL},
	    {"0123456789abcde", "has a line 1 of less than 16 bytes; write a "
	     "random key, such as from openssl rand -hex 32"},
	    {KEY "\nshort", "has a line 2 of less than 16 bytes; write a "
	     "random key, such as from openssl rand -hex 32"},
	    {KEY "\n", "has a line 2 of less than 16 bytes; write a "
	     "random key, such as from openssl rand -hex 32"},
	    {"\n" KEY, "has a line 1 of less than 16 bytes; write a "
	     "random key, such as from openssl rand -hex 32"},
	    {KEY "\n" OTHER_KEY "\n" KEY, "has more than 2 lines; keep the "
	     "key that signs and, below it, the one before it"},
	    {KEY "\n" OTHER_KEY "\n", "has more than 2 lines; keep the "
	     "key that signs and, below it, the one before it"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char error[200] = "";
		bool fine = ticket_keys_check(
		    text_of(cases[i].lines), error, sizeof(error));

		is_int(fine, cases[i].error == NULL, "keys %zu", i);
		is_str(error, fine ? "" : cases[i].error, "says: %s", error);
	}
}

int
main(void)
{
	crypto = crypto_new();
	test_round_trip();
	test_end();
	test_uses();
	test_rotation();
	test_changes();
	test_lengths();
	test_other_spellings();
	test_any_bytes();
	test_check();
	ticket_keys_free(NULL);
	crypto_free(crypto);
	return tap_done();
}
