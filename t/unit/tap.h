/* A TAP producer for the unit tests. A check never ends the program; the
 * plan is printed by tap_done(), so a test that dies half-way is noticed. */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include "base/text.h"

/* ok(condition, ...), is_int(got, want, ...), is_text(got, want, ...) and
 * is_str(got, want, ...), each with a description as for printf. They give
 * whether it went well. */
#define ok(...) tap_ok(__FILE__, __LINE__, __VA_ARGS__)
#define is_int(...) tap_is_int(__FILE__, __LINE__, __VA_ARGS__)
#define is_text(...) tap_is_text(__FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) \
	tap_is_text(__FILE__, __LINE__, text_of(got), text_of(want), \
	    __VA_ARGS__)

bool tap_ok(const char *file, int line, bool condition, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
bool tap_is_int(const char *file, int line, int64_t got, int64_t want,
    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Absent and empty are not the same. */
bool tap_is_text(const char *file, int line, struct text got,
    struct text want, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A line that harnesses show to nobody but the curious. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan; main() returns what it gives. */
int tap_done(void);

/* The same numbers at each run: below limit, from a seed that a failing
 * test can name. */
struct dice {
	uint64_t state;
};

uint64_t dice_roll(struct dice *d, uint64_t limit);

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
