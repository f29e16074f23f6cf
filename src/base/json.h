/* JSON text (RFC 8259), strictly. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/text.h"

/* Exactly one JSON value, of any depth, in UTF-8, with white space around
 * it: nothing that a parser might take out of kindness. */
bool json_is_valid(struct text t);

#endif
