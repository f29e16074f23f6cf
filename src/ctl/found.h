/* What a clue has found: nothing (absent), that it holds (empty), or words. */
#ifndef CTL_FOUND_H
#define CTL_FOUND_H

#include "base/text.h"

struct text found_when(bool condition);

/* Cut to what a host's name can have. Nothing is found in an empty one. */
struct text found_text(struct text t);

/* Of a host or a region that the store names: what may be in such a name, and
 * nothing behind that. */
struct text found_name(struct text t);

/* The host of an address, whose scheme may be missing. */
struct text found_host(struct text address);

#endif
