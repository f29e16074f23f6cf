/* Dates, against the C library's calendar and against published ones. */
#include "base/clock.h"

#include "base/buf.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds of 0001-01-01 and of 9999-12-31T23:59:59. */
static const int64_t first_s = -62135596800, last_s = 253402300799;

static void
test_rfc3339(void)
{
	static const struct {
		int64_t us;
		const char *want;
	} cases[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {1, "1970-01-01T00:00:00.000001Z"},
	    {-1, "1969-12-31T23:59:59.999999Z"},
	    {-1000000, "1969-12-31T23:59:59Z"},
	    {-1500000, "1969-12-31T23:59:58.500000Z"},
	    {1776254401500000, "2026-04-15T12:00:01.500000Z"},
	    {1776254401000000, "2026-04-15T12:00:01Z"},
	    {1776254401000010, "2026-04-15T12:00:01.000010Z"},
	    {951782400000000, "2000-02-29T00:00:00Z"},
	    {951868800000000, "2000-03-01T00:00:00Z"},
	    {4107542400000000, "2100-03-01T00:00:00Z"},
	    {4107456000000000, "2100-02-28T00:00:00Z"},
	    {1709164800000000, "2024-02-29T00:00:00Z"},
	    {1735689599999999, "2024-12-31T23:59:59.999999Z"},
	    {-62135596800000000, "0001-01-01T00:00:00Z"},
	    {-62135596799999999, "0001-01-01T00:00:00.000001Z"},
	    {253402300799000000, "9999-12-31T23:59:59Z"},
	    {253402300799999999, "9999-12-31T23:59:59.999999Z"},
	};
	struct buf b = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		b.size = 0;
		clock_print_rfc3339(&b, cases[i].us);
		is_text(buf_as_text(&b), text_of(cases[i].want), "%s",
		    cases[i].want);
	}
	buf_release(&b);
}

static void
test_parse(void)
{
	static const struct {
		const char *date;
		int64_t s; /* -1: it is none */
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-04-15T12:00:01Z", 1776254401},
	    {"2026-04-15T12:00:01.999999Z", 1776254401},
	    {"2026-04-15T14:00:01+02:00", 1776254401},
	    {"2026-04-15T06:30:01.5-05:30", 1776254401},
	    {"2026-04-15T12:00:01+00:00", 1776254401},
	    {"2024-02-29T00:00:00Z", 1709164800},
	    {"9999-12-31T23:59:59Z", 253402300799},
	    {"2026-04-15T12:00:01", -1},
	    {"2026-04-15T12:00:01z", 1776254401},
	    {"2026-04-15 12:00:01Z", -1},
	    {"2026-04-15T12:00Z", -1},
	    {"2026-04-15T12:00:01.Z", -1},
	    {"2026-04-15T12:00:01Zx", -1},
	    {"2026-04-15T12:00:01+02", -1},
	    {"2026-04-15T14:00:01+0200", 1776254401},
	    {"2026-04-15T12:00:01+02:", -1},
	    {"2026-04-15T12:00:01+02::00", -1},
	    {"2026-04-15T12:00:01+24:00", -1},
	    {"2026-04-15T12:00:01+02:00x", -1},
	    {"2026-02-29T00:00:00Z", -1},
	    {"2026-13-01T00:00:00Z", -1},
	    {"2026-00-01T00:00:00Z", -1},
	    {"2026-01-00T00:00:00Z", -1},
	    {"2026-01-01T24:00:00Z", -1},
	    {"2026-01-01T00:60:00Z", -1},
	    {"2026-01-01T00:00:60Z", -1},
	    {"26-01-01T00:00:00Z", -1},
	    {"+026-01-01T00:00:00Z", -1},
	    {" 2026-01-01T00:00:00Z", -1},
	    {"2026-1-01T00:00:00Z", -1},
	    {"", -1},
	};
	int64_t s;

	for (size_t i = 0; i < N_OF(cases); i++) {
		if (!clock_parse_rfc3339(&s, text_of(cases[i].date)))
			s = -1;
		is_int(s, cases[i].s, "'%s'", cases[i].date);
	}
}

static void
test_http_and_basic(void)
{
	static const struct {
		int64_t s;
		const char *http, *basic;
	} cases[] = {
	    {0, "Thu, 01 Jan 1970 00:00:00 GMT", "19700101T000000Z"},
	    {-1, "Wed, 31 Dec 1969 23:59:59 GMT", "19691231T235959Z"},
	    /* RFC 9110's own example */
	    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "19941106T084937Z"},
	    {1369353600, "Fri, 24 May 2013 00:00:00 GMT", "20130524T000000Z"},
	    {1776254401, "Wed, 15 Apr 2026 12:00:01 GMT", "20260415T120001Z"},
	    {1709210096, "Thu, 29 Feb 2024 12:34:56 GMT", "20240229T123456Z"},
	};
	struct buf b = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		b.size = 0;
		clock_print_http(&b, cases[i].s);
		is_text(buf_as_text(&b), text_of(cases[i].http), "%s",
		    cases[i].http);
		b.size = 0;
		clock_print_basic(&b, cases[i].s);
		is_text(buf_as_text(&b), text_of(cases[i].basic), "%s",
		    cases[i].basic);
	}
	buf_release(&b);
}

/* What the C library makes of it; names are not taken from the locale. */
static bool
agrees(struct buf *b, int64_t s)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)s;
	struct tm tm;
	char want[200];

	gmtime_r(&t, &tm);
	snprintf(want, sizeof(want),
	    "%04d-%02d-%02dT%02d:%02d:%02dZ "
	    "%s, %02d %s %04d %02d:%02d:%02d GMT "
	    "%04d%02d%02dT%02d%02d%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	b->size = 0;
	clock_print_rfc3339(b, s * CLOCK_US);
	buf_char(b, ' ');
	clock_print_http(b, s);
	buf_char(b, ' ');
	clock_print_basic(b, s);
	return text_equal(buf_as_text(b), text_of(want));
}

static void
test_against_gmtime(void)
{
	struct buf b = {0};
	struct dice dice = {1};
	int64_t bad = 0;
	long n_bad = 0;

	for (int64_t s = first_s; s <= last_s; s += 86400 * 5 - 7)
		if (!agrees(&b, s))
			n_bad++, bad = s;
	ok(n_bad == 0, "every fifth day of the years 1 to 9999 (%lld)",
	    (long long)bad);
	n_bad = 0;
	for (int64_t day = -3 * 366; day < 140 * 366; day++)
		for (int64_t s = -1; s <= 1; s++)
			if (!agrees(&b, day * 86400 + s))
				n_bad++, bad = day * 86400 + s;
	ok(n_bad == 0, "every midnight from 1967 to 2110 (%lld)",
	    (long long)bad);
	n_bad = 0;
	for (int i = 0; i < 200000; i++) {
		int64_t s = first_s
		    + (int64_t)dice_roll(
			&dice, (uint64_t)(last_s - first_s + 1));

		if (!agrees(&b, s))
			n_bad++, bad = s;
	}
	ok(n_bad == 0, "random seconds (%lld)", (long long)bad);
	ok(agrees(&b, first_s) && agrees(&b, last_s), "the ends");
	buf_release(&b);
}

static void
test_us_to_s(void)
{
	static const struct {
		int64_t us, s;
	} cases[] = {{0, 0}, {999999, 0}, {1000000, 1}, {-1, -1},
	    {-999999, -1}, {-1000000, -1}, {-1000001, -2}};

	for (size_t i = 0; i < N_OF(cases); i++)
		is_int(clock_us_to_s(cases[i].us), cases[i].s,
		    "the second of microsecond %lld", (long long)cases[i].us);
}

static void
test_clocks(void)
{
	int64_t wall = clock_wall_us(), mono = clock_mono_ms();

	ok(llabs(wall / CLOCK_US - (int64_t)time(NULL)) <= 1,
	    "wall time is the system's");
	ok(clock_mono_ms() >= mono, "monotonic time never goes back");
}

int
main(void)
{
	test_rfc3339();
	test_parse();
	test_http_and_basic();
	test_against_gmtime();
	test_us_to_s();
	test_clocks();
	return tap_done();
}
