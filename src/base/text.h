/* Text: bytes that somebody else owns, not NUL-terminated. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct text {
	const char *data; /* NULL: absent, which is not the same as empty */
	size_t size;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})

/* Of a C string; NULL gives an absent text. */
struct text text_of(const char *s);

bool text_equal(struct text a, struct text b);
/* ASCII letters of either case are the same. */
bool text_equal_nocase(struct text a, struct text b);
bool text_has_prefix(struct text t, struct text prefix);

/* Without the characters of the set at both ends, or at the end. */
struct text text_trim(struct text t, const char *set);
struct text text_trim_end(struct text t, const char *set);

/* Cuts rest at the first separator: gives what stands before it and leaves
 * what stands behind. Without one, all of rest is given and it is absent
 * from then on. False once rest is absent. */
bool text_cut(struct text *part, struct text *rest, char separator);

/* The same, but a separator in a quoted-string of HTTP (RFC 9110, section
 * 5.6.4) is none. */
bool text_cut_unquoted(struct text *part, struct text *rest, char separator);

/* Percent-decoding (RFC 3986, section 2.1) into the arena, once; with plus,
 * '+' is a space (application/x-www-form-urlencoded). False, and out is
 * untouched, if a '%' is not followed by two hexadecimal digits. */
bool text_percent_decode(
    struct text *out, struct arena *a, struct text in, bool plus);

/* The bytes of the UTF-8 character (RFC 3629) that t begins with, and which
 * one it is; 0 if t begins with none. */
size_t text_first_char(uint32_t *character, struct text t);

/* A whole number of 64 bits in decimal digits, perhaps with '-' before it. */
bool text_int(int64_t *out, struct text t);

/* Two lower-case hexadecimal digits a byte; no NUL behind them. */
void text_print_hex(char *out, const uint8_t *bytes, size_t size);

#endif
