/* The places in which requests may wait, polls and streams together, and the
 * room to stand in for streams that have found none but do not wait yet: they
 * have not caught up. Any thread may ask. */
#ifndef API_PLACES_H
#define API_PLACES_H

#include <stdbool.h>
#include <stdint.h>

struct places;
struct principal;

/* per_key: how many of them one key may have; 0: all. standing: how many may
 * stand; a quarter of them with one key, if per_key is not 0. */
struct places *places_new(int64_t most, int64_t per_key, int64_t standing);
void places_free(struct places *p);

/* False if there is none left, or p is NULL. Who has one gives it back. */
bool places_take(struct places *p, const struct principal *who);
void places_give_back(struct places *p, const struct principal *who);

/* False if there is no room left, or p is NULL. Who stands leaves. */
bool places_stand(struct places *p, const struct principal *who);
void places_leave(struct places *p, const struct principal *who);

/* From now on there are no places. */
void places_close(struct places *p);

#endif
