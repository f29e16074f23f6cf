/* What a store's reply means, and which setting to change. Pure. */
#ifndef CTL_VERDICT_H
#define CTL_VERDICT_H

#include "ctl/trial.h"

struct buf;

/* Status, the store's own words and advice. Of what the store sent there is
 * no more in it than an error's code and message, a region and hosts: neither
 * signed queries nor keys. It may have control characters. True: the object is
 * there, and the URL opens it. */
bool verdict_print(struct buf *out, struct scope *s, const struct trial *t,
    const struct reply *r);

#endif
