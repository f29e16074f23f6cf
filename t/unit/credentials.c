/* Snapshots that are shared. */
#include "credentials/credentials.h"

#include "tap.h"

static void
test_snapshot(void)
{
	struct credentials *c = credentials_new(
	    TEXT("AKID"), TEXT("secret"), (struct text){0}, 7);
	struct credentials *same = credentials_new(
	    TEXT("AKID"), TEXT("secret"), (struct text){0}, 7);

	is_str(c->access_key_id, "AKID", "the key's id");
	is_str(c->secret_access_key, "secret", "the secret");
	ok(c->session_token == NULL, "no token");
	ok(credentials_equal(c, same), "the same");
	same->ends_at = 8;
	ok(!credentials_equal(c, same), "another end");
	ok(!credentials_equal(c, NULL), "something is not nothing");
	ok(credentials_equal(NULL, NULL), "nothing is nothing");
	ok(credentials_share(c) == c, "shared");
	credentials_release(c);
	is_str(c->access_key_id, "AKID", "one owner is left");
	credentials_release(c);
	credentials_release(same);
	credentials_release(NULL);
}

static void
test_equal(void)
{
	static const char *const parts[][3] = {
	    {"a", "b", "c"}, {"x", "b", "c"}, {"a", "x", "c"}, {"a", "b", "x"},
	    {"a", "b", NULL}};
	struct credentials *first = credentials_new(
	    TEXT("a"), TEXT("b"), TEXT("c"), 1);

	for (size_t i = 0; i < N_OF(parts); i++) {
		struct credentials *c = credentials_new(text_of(parts[i][0]),
		    text_of(parts[i][1]), text_of(parts[i][2]), 1);

		is_int(credentials_equal(first, c), i == 0, "%s %s %s",
		    parts[i][0], parts[i][1],
		    parts[i][2] == NULL ? "-" : parts[i][2]);
		credentials_release(c);
	}
	credentials_release(first);
}

int
main(void)
{
	test_snapshot();
	test_equal();
	return tap_done();
}
