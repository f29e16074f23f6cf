/* Numbered lines on standard output, reasons on standard error. */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>

static int n_done, n_failed;

/* On one line, and without a '#', which would begin a directive. */
__attribute__((format(printf, 1, 0))) static void
print_description(const char *format, va_list args)
{
	char text[300];

	vsnprintf(text, sizeof(text), format, args);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\r')
			fputs(*p == '\n' ? "\\n" : "\\r", stdout);
		else if (*p == '#')
			fputs("\\#", stdout);
		else
			putchar(*p);
	}
}

__attribute__((format(printf, 4, 0))) static bool
report(const char *file, int line, bool condition, const char *format,
    va_list args)
{
	printf("%sok %d - ", condition ? "" : "not ", ++n_done);
	print_description(format, args);
	putchar('\n');
	fflush(stdout);
	if (!condition) {
		n_failed++;
		fprintf(stderr, "# failed at %s:%d\n", file, line);
	}
	return condition;
}

bool
tap_ok(const char *file, int line, bool condition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(file, line, condition, format, args);
	va_end(args);
	return condition;
}

bool
tap_is_int(const char *file, int line, int64_t got, int64_t want,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(file, line, got == want, format, args);
	va_end(args);
	if (got != want)
		fprintf(stderr, "#   got %lld, wanted %lld\n", (long long)got,
		    (long long)want);
	return got == want;
}

/* On one line, whatever the bytes are. */
static void
show(const char *label, struct text t)
{
	fprintf(stderr, "# %6s ", label);
	if (t.data == NULL) {
		fputs("(absent)\n", stderr);
		return;
	}
	for (size_t i = 0; i < t.size; i++) {
		unsigned char c = (unsigned char)t.data[i];

		if (c < ' ' || c > '~')
			fprintf(stderr, "\\x%02x", c);
		else
			fputc(c, stderr);
	}
	fputc('\n', stderr);
}

bool
tap_is_text(const char *file, int line, struct text got, struct text want,
    const char *format, ...)
{
	bool same = text_equal(got, want)
	    && (got.data == NULL) == (want.data == NULL);
	va_list args;

	va_start(args, format);
	report(file, line, same, format, args);
	va_end(args);
	if (!same) {
		show("got", got);
		show("wanted", want);
	}
	return same;
}

void
note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

int
tap_done(void)
{
	printf("1..%d\n", n_done);
	if (n_failed > 0)
		fprintf(stderr, "# %d of %d failed\n", n_failed, n_done);
	return n_failed == 0 ? 0 : 1;
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
uint64_t
dice_roll(struct dice *d, uint64_t limit)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % limit;
}
