/* A buffer: bytes that grow at the end. Who fills it sees to its ceiling. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/text.h"

#include <stdarg.h>

struct buf {
	char *data;
	size_t size;
	size_t room;
};

/* Room for n more bytes; the caller writes them and adds to size. */
char *buf_reserve(struct buf *b, size_t n);

void buf_bytes(struct buf *b, const void *data, size_t size);
void buf_text(struct buf *b, struct text t);
void buf_string(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t value);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A JSON string with its quotes (RFC 8259, section 7). Control characters,
 * '"' and '\' are escaped; all else passes, so UTF-8 stays UTF-8. */
void buf_json(struct buf *b, struct text t);
/* The same, or null when t is absent. */
void buf_json_or_null(struct buf *b, struct text t);

/* Everything but the unreserved characters of RFC 3986 as %XX in upper case;
 * with slash, '/' passes as well. */
void buf_percent(struct buf *b, struct text t, bool slash);

void buf_hex(struct buf *b, const uint8_t *bytes, size_t size);

struct text buf_as_text(const struct buf *b);
/* The same with a NUL behind it, which is not counted. */
struct text buf_as_string(struct buf *b);

/* Empty again; room of up to keep bytes stays allocated. */
void buf_reset(struct buf *b, size_t keep);
void buf_release(struct buf *b);

#endif
