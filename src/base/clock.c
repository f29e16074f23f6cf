/* The two clocks, and dates as text. */
#include "base/clock.h"

#include "base/buf.h"

#include <time.h>

struct date {
	int64_t year;
	int month, day;   /* 1.. */
	int weekday;      /* 0 is Sunday */
	int hour, minute, second;
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
clock_us_to_s(int64_t wall_us)
{
	return floor_div(wall_us, CLOCK_US);
}

int64_t
clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * CLOCK_US + ts.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The Gregorian calendar counted from 1 March of year 0, so that the leap
 * day is the last of its year; an era has 400 years. */
static struct date
date_of(int64_t wall_s)
{
	int64_t days = floor_div(wall_s, 86400);
	int64_t rest = wall_s - days * 86400;
	int64_t from_march = days + 719468;
	int64_t era = floor_div(from_march, 146097);
	int64_t day_of_era = from_march - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460
	    + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era
	    - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

	return (struct date){
	    .year = year_of_era + era * 400 + (month >= 10),
	    .month = (int)(month < 10 ? month + 3 : month - 9),
	    .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
	    .weekday = (int)(((days + 4) % 7 + 7) % 7),
	    .hour = (int)(rest / 3600),
	    .minute = (int)(rest / 60 % 60),
	    .second = (int)(rest % 60),
	};
}

/* value in width decimal digits at the end of b. */
static void
put_digits(struct buf *b, int64_t value, int width)
{
	char *p = buf_reserve(b, (size_t)width);

	for (int i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	b->size += (size_t)width;
}

static void
put_time(struct buf *b, const struct date *d, const char *separator)
{
	put_digits(b, d->hour, 2);
	buf_string(b, separator);
	put_digits(b, d->minute, 2);
	buf_string(b, separator);
	put_digits(b, d->second, 2);
}

static void
put_date(struct buf *b, const struct date *d, const char *separator)
{
	put_digits(b, d->year, 4);
	buf_string(b, separator);
	put_digits(b, d->month, 2);
	buf_string(b, separator);
	put_digits(b, d->day, 2);
}

void
clock_print_rfc3339(struct buf *b, int64_t wall_us)
{
	int64_t wall_s = clock_us_to_s(wall_us);
	int64_t fraction = wall_us - wall_s * CLOCK_US;
	struct date d = date_of(wall_s);

	put_date(b, &d, "-");
	buf_char(b, 'T');
	put_time(b, &d, ":");
	if (fraction != 0) {
		buf_char(b, '.');
		put_digits(b, fraction, 6);
	}
	buf_char(b, 'Z');
}

void
clock_print_http(struct buf *b, int64_t wall_s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d = date_of(wall_s);

	buf_bytes(b, days + 3 * d.weekday, 3);
	buf_string(b, ", ");
	put_digits(b, d.day, 2);
	buf_char(b, ' ');
	buf_bytes(b, months + 3 * (d.month - 1), 3);
	buf_char(b, ' ');
	put_digits(b, d.year, 4);
	buf_char(b, ' ');
	put_time(b, &d, ":");
	buf_string(b, " GMT");
}

void
clock_print_basic(struct buf *b, int64_t wall_s)
{
	struct date d = date_of(wall_s);

	put_date(b, &d, "");
	buf_char(b, 'T');
	put_time(b, &d, "");
	buf_char(b, 'Z');
}

/* --- reading --- */

/* Takes width digits and what must stand behind them off the text. */
static bool
take_digits(int *out, struct text *t, size_t width, const char *behind)
{
	struct text end = text_of(behind);

	if (t->size < width)
		return false;
	*out = 0;
	for (size_t i = 0; i < width; i++) {
		if (t->data[i] < '0' || t->data[i] > '9')
			return false;
		*out = *out * 10 + (t->data[i] - '0');
	}
	*t = (struct text){t->data + width, t->size - width};
	if (!text_has_prefix(*t, end))
		return false;
	*t = (struct text){t->data + end.size, t->size - end.size};
	return true;
}

/* A point and digits, which say less than a second. */
static bool
skip_fraction(struct text *t)
{
	size_t n = 1;

	if (!text_has_prefix(*t, TEXT(".")))
		return true;
	while (n < t->size && t->data[n] >= '0' && t->data[n] <= '9')
		n++;
	*t = (struct text){t->data + n, t->size - n};
	return n > 1;
}

/* ISO 8601 lets it be left out. */
static bool
skip_colon(struct text *t)
{
	if (text_has_prefix(*t, TEXT(":")))
		*t = (struct text){t->data + 1, t->size - 1};
	return t->size > 0;
}

/* Z, or how many seconds the clock of the place is ahead. */
static bool
take_offset(int *offset_s, struct text *t)
{
	int sign = text_has_prefix(*t, TEXT("-")) ? -1 : 1, hours, minutes;

	*offset_s = 0;
	if (text_equal_nocase(*t, TEXT("Z")))
		return true;
	if (sign == 1 && !text_has_prefix(*t, TEXT("+")))
		return false;
	*t = (struct text){t->data + 1, t->size - 1};
	if (!take_digits(&hours, t, 2, "") || !skip_colon(t)
	    || !take_digits(&minutes, t, 2, "")
	    || hours > 23 || minutes > 59)
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return t->size == 0;
}

/* A day that is on the calendar stays what it was. */
static bool
seconds_of(int64_t *wall_s, const struct tm *date)
{
	struct tm same = *date;

	*wall_s = timegm(&same);
	return same.tm_mon == date->tm_mon && same.tm_mday == date->tm_mday
	    && date->tm_hour < 24 && date->tm_min < 60 && date->tm_sec < 60;
}

bool
clock_parse_rfc3339(int64_t *wall_s, struct text t)
{
	struct tm date = {0};
	int offset_s;

	if (!take_digits(&date.tm_year, &t, 4, "-")
	    || !take_digits(&date.tm_mon, &t, 2, "-")
	    || !take_digits(&date.tm_mday, &t, 2, "T")
	    || !take_digits(&date.tm_hour, &t, 2, ":")
	    || !take_digits(&date.tm_min, &t, 2, ":")
	    || !take_digits(&date.tm_sec, &t, 2, "")
	    || !skip_fraction(&t) || !take_offset(&offset_s, &t))
		return false;
	date.tm_year -= 1900;
	date.tm_mon--;
	if (!seconds_of(wall_s, &date))
		return false;
	*wall_s -= offset_s;
	return true;
}
