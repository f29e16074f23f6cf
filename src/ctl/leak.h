/* Words of a store that repeat what opens a door. Pure. */
#ifndef CTL_LEAK_H
#define CTL_LEAK_H

#include "base/text.h"

struct arena;

/* Whether they have a signed query in them, anybody's, or a piece of what is
 * secret in the query of this URL: its signature and its session token. */
bool leak_is_in(struct text words, struct text url, struct arena *a);

#endif
