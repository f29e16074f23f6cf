/* What is said once a minute. */
#include "base/seldom.h"

#include "tap.h"

#include <stdio.h>

static int64_t
count_at(struct seldom *s, struct text name, int64_t now_s)
{
	int64_t count = 0;

	return seldom_count(&count, s, name, now_s) ? count : -1;
}

static void
test_a_minute(void)
{
	struct seldom *s = seldom_new();

	is_int(count_at(s, TEXT("a"), 0), 1, "the first one is said");
	is_int(count_at(s, TEXT("a"), 0), -1, "the next is not");
	is_int(count_at(s, TEXT("a"), 59), -1, "for a minute");
	is_int(count_at(s, TEXT("b"), 59), 1, "another has a minute of its own");
	is_int(count_at(s, TEXT(""), 59), 1, "no name is a name");
	is_int(count_at(s, TEXT("a"), 60), 3, "then those since");
	is_int(count_at(s, TEXT("a"), 61), -1, "and again");
	is_int(count_at(s, TEXT("a"), 10), 2, "a clock that was set back");
	is_int(count_at(s, TEXT("a"), 1000), 1, "nothing was lost");
	seldom_free(s);
}

static void
test_many_names(void)
{
	struct seldom *s = seldom_new();
	char name[60];

	for (int i = 0; i < 64; i++) {
		int n = snprintf(name, sizeof(name), "name %d", i);

		if (count_at(s, (struct text){name, (size_t)n}, 5) != 1)
			ok(false, "%s", name);
	}
	is_int(count_at(s, TEXT("name 3"), 6), -1, "64 names are known");
	is_int(count_at(s, TEXT("more"), 6), -1, "the last row is for more");
	is_int(count_at(s, TEXT("still more"), 65), 2, "together");
	seldom_free(s);
}

static void
test_long_names(void)
{
	struct seldom *s = seldom_new();
	char name[100000] = {0};

	is_int(count_at(s, (struct text){name, sizeof(name)}, 5), 1, "a long one");
	is_int(count_at(s, (struct text){name, 40}, 5), -1,
	    "is known by its first bytes");
	is_int(count_at(s, (struct text){name, 39}, 5), 1, "by 40 of them");
	seldom_free(s);
}

int
main(void)
{
	test_a_minute();
	test_many_names();
	test_long_names();
	return tap_done();
}
