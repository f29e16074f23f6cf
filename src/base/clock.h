/* Time. Wall time is microseconds since 1970 (UTC) and says what date it is;
 * monotonic time is milliseconds since some start and says how long. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/text.h"

struct buf;

int64_t clock_wall_us(void);
int64_t clock_mono_ms(void);

/* 2026-04-15T12:00:01.500000Z (RFC 3339); no fraction when it is zero. */
void clock_print_rfc3339(struct buf *b, int64_t wall_us);
/* Wed, 15 Apr 2026 12:00:01 GMT (RFC 9110, section 5.6.7). */
void clock_print_http(struct buf *b, int64_t wall_s);
/* 20260415T120001Z (ISO 8601 basic, as SigV4 writes it). */
void clock_print_basic(struct buf *b, int64_t wall_s);

/* Such a date and time, to whole seconds, with Z or an offset in hours and
 * minutes, with or without a colon between. False: it is none. */
bool clock_parse_rfc3339(int64_t *wall_s, struct text t);

enum { CLOCK_US = 1000000 }; /* microseconds a second */

/* The wall second that holds this microsecond, also before 1970. */
int64_t clock_us_to_s(int64_t wall_us);

#endif
