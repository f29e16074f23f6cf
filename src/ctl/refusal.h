/* Answers that are no 200. */
#ifndef CTL_REFUSAL_H
#define CTL_REFUSAL_H

#include "base/buf.h"

struct scope;

/* Will the same question get the same answer for ever? */
bool refusal_is_final(int status);

/* Status and the server's own words, if the body has some, and what to do
 * about it if it is final. location is where a redirect leads to. */
void refusal_print(struct buf *out, struct scope *s, int status,
    struct text body, struct text location);

#endif
