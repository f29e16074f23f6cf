/* A request's line in the log. Never a key, a query, a payload or a URL. */
#ifndef API_RECORD_H
#define API_RECORD_H

struct exchange;
struct hold;
struct response;
struct scope;

/* Of a request that was answered. A held one's time begins with the request,
 * and a stream is counted whole. */
void record_answer(const struct response *res, const struct scope *s,
    const struct exchange *x);

/* Of a held one that ended without a look: why says how. */
void record_end(const struct hold *h, const char *why);

#endif
