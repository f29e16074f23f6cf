/* The address of a job's timeline. */
#ifndef CTL_ADDRESS_H
#define CTL_ADDRESS_H

#include "base/text.h"

struct buf;
struct mark;

/* Finds the job's own address in https://host[/base]/v1/jobs/{id}, perhaps
 * with /events. NULL, or why it is none. */
const char *address_parse(struct text *job, struct text given);

/* The question for what is behind the mark, to be held for wait_s seconds
 * while there is nothing; with a NUL. */
void address_print(
    struct buf *out, struct text job, const struct mark *after, int wait_s);

#endif
