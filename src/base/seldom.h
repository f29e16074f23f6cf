/* What would be said too often is counted, by name, and said once a minute.
 * Any thread may ask. */
#ifndef BASE_SELDOM_H
#define BASE_SELDOM_H

#include "base/text.h"

struct seldom;

struct seldom *seldom_new(void);
void seldom_free(struct seldom *s);

/* Counts one more under the name. True if it is to be said now: count is then
 * how many there were since it was said last. Only the first bytes of a long
 * name and the first names of many are told apart. */
bool seldom_count(
    int64_t *count, struct seldom *s, struct text name, int64_t now_s);

#endif
