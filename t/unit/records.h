/* FastCGI records for tests, good and bad. */
#ifndef T_UNIT_RECORDS_H
#define T_UNIT_RECORDS_H

#include "base/buf.h"

/* One record with its content and padding. */
void put_record(struct buf *out, uint8_t type, uint16_t id, struct text content,
    uint8_t padding);
/* BEGIN_REQUEST. */
void put_begin(struct buf *out, uint16_t id, uint16_t role, uint8_t flags);
/* A name-value pair, with lengths as short as they may be. */
void put_pair(struct buf *out, struct text name, struct text value);
/* BEGIN_REQUEST, PARAMS in one record and their end, STDIN and its end. */
void put_request(
    struct buf *out, uint16_t id, struct text parameters, struct text body);

#endif
