/* Held requests, looked at again: one call for all who wait for a job, then
 * an answer, or none yet, for each. */
#ifndef API_AGAIN_H
#define API_AGAIN_H

#include "api/hold.h"

struct app;
struct exchange;
struct response;
struct scope;

/* Which events are wanted: from the lowest cursor of all. */
struct again_span {
	bool has_since;
	int64_t since;
	int64_t max_events;
	int64_t max_bytes;
};

/* Writes the call for them, with the key of h, into x->timeline; x then holds
 * what they share. */
void again_ask(struct exchange *x, struct scope *s, const struct app *app,
    const struct hold *h, const struct again_span *span);

/* Reads what came back. Fails as the first look of a request would. */
bool again_take(struct exchange *x, struct scope *s);

/* One of them: with s->problem it ends with that, else it is up to what x
 * found, and with is_last it is answered even so. With VERDICT_ANSWER its
 * line is in the log, else h has moved on. */
enum verdict again_answer(struct response *res, struct scope *s,
    struct hold *h, const struct exchange *x, bool is_last);

#endif
