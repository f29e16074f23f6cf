/* The places in which requests may wait, polls and streams together. Any
 * thread may ask. */
#ifndef API_PLACES_H
#define API_PLACES_H

#include <stdbool.h>
#include <stdint.h>

struct places;
struct principal;

/* per_key: how many of them one key may have; 0: all. */
struct places *places_new(int64_t most, int64_t per_key);
void places_free(struct places *p);

/* False if there is none left, or p is NULL. Who has one gives it back. */
bool places_take(struct places *p, const struct principal *who);
void places_give_back(struct places *p, const struct principal *who);

/* From now on there are none. */
void places_close(struct places *p);

#endif
