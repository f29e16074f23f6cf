/* The elements of a store's error, without a reader of XML: such an error is
 * a flat list of elements that hold text. */
#ifndef CTL_ELEMENT_H
#define CTL_ELEMENT_H

#include "base/text.h"

struct arena;

/* The text of the first element of that name that holds text alone, in the
 * arena; without white space at its ends, its references decoded as far as
 * they are ASCII. Absent if there is none. */
struct text element_find(
    struct arena *a, struct text document, const char *name);

#endif
