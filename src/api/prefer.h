/* The preference "wait" (RFC 7240, section 4.3). */
#ifndef API_PREFER_H
#define API_PREFER_H

#include "base/text.h"

/* The seconds of the first "wait" in a Prefer header, at most INT64_MAX.
 * False if there is none that is a whole number. */
bool prefer_wait(int64_t *seconds, struct text prefer);

#endif
