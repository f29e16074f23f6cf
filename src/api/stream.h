/* The timeline as a stream: events as they come, until the end of it. */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "api/hold.h"

struct exchange;
struct response;
struct scope;

/* A stream is sent in batches of about so many bytes, the next one when the
 * peer has taken the last. */
enum { STREAM_BATCH = 128 * 1024 };

/* The next piece of the stream: with its head if it has none yet. */
enum verdict stream(struct response *res, struct scope *s, struct exchange *x);

#endif
