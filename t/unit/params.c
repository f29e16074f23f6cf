/* Query strings to parameters. */
#include "api/params.h"

#include "base/scope.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* since, limit and wait in this order: "-" not given, "x" no integer, ">"
 * too large, "<" too small, else the value; a ticket; "key": it looks like
 * one. */
static char *
describe(char *out, const struct params *p)
{
	static const char faults[] = {
	    [FAULT_NOT_AN_INTEGER] = 'x',
	    [FAULT_TOO_LARGE] = '>',
	    [FAULT_TOO_SMALL] = '<',
	};
	char *end = out;

	for (int i = 0; i < N_PARAMS; i++) {
		const struct param *param = &p->of[i];

		if (i > 0)
			*end++ = ' ';
		if (!param->given)
			*end++ = '-';
		else if (param->fault != FAULT_NONE)
			*end++ = faults[param->fault];
		else
			end += sprintf(end, "%lld", (long long)param->value);
	}
	if (p->ticket.data != NULL)
		end += sprintf(end, " ticket=%.*s", (int)p->ticket.size,
		    p->ticket.data);
	strcpy(end, p->has_key ? " key" : "");
	return out;
}

#define MAX "9223372036854775807"
#define BEYOND "9223372036854775808"

static const struct {
	const char *query, *params;
} cases[] = {
    {NULL, "- - -"}, {"", "- - -"}, {"&", "- - -"}, {"&&&", "- - -"},
    {"a=b", "- - -"}, {"=", "- - -"}, {"=5", "- - -"}, {"==", "- - -"},
    /* since */
    {"since=5", "5 - -"}, {"since=-5", "-5 - -"}, {"since", "x - -"},
    {"since=", "x - -"}, {"since==5", "x - -"}, {"since=5=", "x - -"},
    {"&&since=5&", "5 - -"}, {"a&since=5&b=c", "5 - -"},
    {"since=+5", "5 - -"}, {"since=%2B5", "5 - -"},
    {"since=5%20", "5 - -"}, {"since=%", "x - -"}, {"since=5%zz", "x - -"},
    {"since=5%00", "x - -"},
    {"since=" MAX, MAX " - -"}, {"since=" BEYOND, "> - -"},
    {"since=-" BEYOND, "-" BEYOND " - -"},
    {"since=-9223372036854775809", "< - -"},
    /* the last one counts, good or bad */
    {"since=5&since=6", "6 - -"}, {"since=x&since=6", "6 - -"},
    {"since=6&since=x", "x - -"}, {"since=6&since", "x - -"},
    {"since=6&since=" BEYOND, "> - -"}, {"since=6&%73ince=7", "7 - -"},
    {"limit=0&limit=5", "- 5 -"}, {"limit=5&limit=0", "- < -"},
    /* names */
    {"%73ince=5", "5 - -"}, {"%73%69%6e%63%65=5", "5 - -"},
    {"since%3D5", "- - -"}, {"since%00=5", "- - -"}, {"Since=5", "- - -"},
    {"SINCE=5", "- - -"}, {"since[]=5", "- - -"}, {"since+=5", "- - -"},
    {"+since=5", "- - -"}, {"sinc=5", "- - -"}, {"sincee=5", "- - -"},
    {"a;since=5", "- - -"}, {"since=5;limit=1", "x - -"},
    {"%zz=5&since=1", "1 - -"}, {"%=5", "- - -"},
    /* limit */
    {"limit=1", "- 1 -"}, {"limit=1000", "- 1000 -"}, {"limit=1.0", "- 1 -"},
    {"limit=0", "- < -"}, {"limit=-1", "- < -"}, {"limit=1001", "- > -"},
    {"limit=" BEYOND, "- > -"}, {"limit=-9" MAX, "- < -"},
    {"limit=", "- x -"}, {"limit=all", "- x -"},
    /* wait */
    {"wait=0", "- - 0"}, {"wait=-0", "- - 0"}, {"wait=25", "- - 25"},
    {"wait=-1", "- - <"}, {"wait=" MAX, "- - " MAX},
    {"wait=" BEYOND, "- - " MAX}, {"wait=1" MAX, "- - " MAX},
    {"wait=-9" MAX, "- - <"}, {"wait=1.5", "- - x"}, {"wait=", "- - x"},
    /* all of them */
    {"wait=3&limit=2&since=1", "1 2 3"},
    {"since=a&limit=b&wait=c", "x x x"},
    {"since=1&limit=1001&wait=-1", "1 > <"},
    /* a ticket is any text */
    {"ticket=abc-_9", "- - - ticket=abc-_9"}, {"ticket=", "- - - ticket="},
    {"ticket", "- - - ticket="}, {"ticket==", "- - - ticket=="},
    {"ticket=a%2Bb+c", "- - - ticket=a+b c"},
    {"%74icket=%6Eew", "- - - ticket=new"},
    {"ticket=%zz", "- - - ticket=%zz"}, {"ticket=a%", "- - - ticket=a%"},
    {"ticket=new&ticket=b", "- - - ticket=b"},
    {"ticket=b&ticket", "- - - ticket="},
    {"ticket=b&ticket=new&since=1", "1 - - ticket=new"},
    {"since=x&ticket=b&limit=0&wait=3", "x < 3 ticket=b"},
    {"Ticket=b", "- - -"}, {"ticket+=b", "- - -"}, {"ticket%00=b", "- - -"},
    {"tickets=b", "- - -"}, {"ticket%3Db", "- - -"},
    /* a key has no business here, under any name */
    {"a=sk_live_x", "- - - key"}, {"a=sk_test_x", "- - - key"},
    {"=sk_live_", "- - - key"},
    {"ticket=sk_live_1", "- - - ticket=sk_live_1 key"},
    {"ticket=s%6B_test_x&ticket=b", "- - - ticket=b key"},
    {"ticket=b&a=sk_live_x", "- - - ticket=b key"},
    {"a=sk%5Flive%5fx", "- - - key"}, {"since=sk_test_1", "x - - key"},
    {"since=sk_test_1&since=1", "1 - - key"}, {"a=sk_live_%zz", "- - - key"},
    {"a=b&c=sk_live_x&d=e", "- - - key"},
    {"a=xsk_live_x", "- - -"}, {"sk_live_x=a", "- - -"},
    {"sk_live_x", "- - -"}, {"a=SK_LIVE_x", "- - -"},
    {"a=sk_live", "- - -"}, {"a=sk_prod_x", "- - -"},
};

static void
test_cases(void)
{
	struct arena a;
	struct scope s;
	struct params p;
	char got[200];

	arena_init(&a, 1024);
	scope_init(&s, &a, 0, 0);
	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *valid = strpbrk(cases[i].params, "x<>");

		params_read(&p, &s, text_of(cases[i].query));
		is_str(describe(got, &p), cases[i].params, "?%s",
		    cases[i].query == NULL ? "(absent)" : cases[i].query);
		is_int(params_valid(&p), valid == NULL, "which is %s",
		    valid == NULL ? "valid" : "not valid");
	}
	arena_release(&a);
}

#define FAULT(name, msg, type) \
	"{\"loc\":[\"query\",\"" name "\"],\"msg\":\"Input should be " msg \
	"\",\"type\":\"" type "\"}"
#define NOT_AN_INTEGER(name) \
	FAULT(name, "a valid integer, unable to parse string as an integer", \
	    "int_parsing")
#define AT_MOST(name, most) \
	FAULT(name, "less than or equal to " most, "less_than_equal")
#define AT_LEAST(name, least) \
	FAULT(name, "greater than or equal to " least, "greater_than_equal")

static void
test_faults(void)
{
	static const struct {
		const char *query, *detail;
	} faults[] = {
	    {"since=x", NOT_AN_INTEGER("since")},
	    {"since=" BEYOND, AT_MOST("since", MAX)},
	    {"since=-1" BEYOND, AT_LEAST("since", "-" BEYOND)},
	    {"limit=x", NOT_AN_INTEGER("limit")},
	    {"limit=1001", AT_MOST("limit", "1000")},
	    {"limit=" BEYOND, AT_MOST("limit", "1000")},
	    {"limit=0", AT_LEAST("limit", "1")},
	    {"wait=x", NOT_AN_INTEGER("wait")},
	    {"wait=-1", AT_LEAST("wait", "0")},
	    {"wait=x&limit=0&since=" BEYOND,
		AT_MOST("since", MAX) "," AT_LEAST("limit", "1") ","
		    NOT_AN_INTEGER("wait")},
	    {"wait=x&since=1&limit=0",
		AT_LEAST("limit", "1") "," NOT_AN_INTEGER("wait")},
	};
	struct arena a;
	struct scope s;
	struct params p;
	struct buf got = {0}, want = {0};

	arena_init(&a, 1024);
	scope_init(&s, &a, 0, 0);
	for (size_t i = 0; i < N_OF(faults); i++) {
		got.size = want.size = 0;
		params_read(&p, &s, text_of(faults[i].query));
		params_print_faults(&got, &p);
		buf_printf(&want, "\"detail\":[%s]", faults[i].detail);
		is_text(buf_as_text(&got), buf_as_text(&want), "?%s",
		    faults[i].query);
	}
	buf_release(&got);
	buf_release(&want);
	arena_release(&a);
}

static void
test_any_bytes(void)
{
	static const char often[] = "&=%+sincelimtwak05_sk_live_";
	struct dice dice = {11};
	struct arena a;
	struct scope s;
	struct params p;

	arena_init(&a, 1024);
	for (int round = 0; round < 100000; round++) {
		size_t n = dice_roll(&dice, 40);
		char *query = malloc(n + 1);

		for (size_t i = 0; i < n; i++)
			query[i] = dice_roll(&dice, 8) == 0
			    ? (char)dice_roll(&dice, 256)
			    : often[dice_roll(&dice, sizeof(often) - 1)];
		scope_init(&s, &a, 0, 0);
		params_read(&p, &s, (struct text){query, n});
		arena_reset(&a);
		free(query);
	}
	ok(true, "any bytes at all");
	arena_release(&a);
}

int
main(void)
{
	test_cases();
	test_faults();
	test_any_bytes();
	return tap_done();
}
