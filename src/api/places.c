/* Counting, in all and by key. */
#include "api/places.h"

#include "api/principal.h"
#include "base/memory.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>

enum kind { TO_SIT, TO_STAND, N_KINDS };

enum { STANDING_KEYS = 4 /* share the room, if keys have limits */ };

/* A key that has some. */
struct holder {
	enum data_set data_set;
	int64_t key_id;
	int64_t n[N_KINDS];
};

struct places {
	pthread_mutex_t lock;
	int64_t left[N_KINDS];
	int64_t per_key[N_KINDS]; /* to sit: 0, there are no limits by key */
	bool closed;
	void *holders; /* tsearch()'s; empty without a limit by key */
};

struct places *
places_new(int64_t most, int64_t per_key, int64_t standing)
{
	struct places *p = memory_new(sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	p->left[TO_SIT] = most;
	p->left[TO_STAND] = standing;
	p->per_key[TO_SIT] = per_key;
	p->per_key[TO_STAND] = (standing + STANDING_KEYS - 1) / STANDING_KEYS;
	return p;
}

void
places_free(struct places *p)
{
	if (p == NULL)
		return;
	tdestroy(p->holders, free);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static bool
has_limits(const struct places *p)
{
	return p->per_key[TO_SIT] > 0;
}

static int
compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->data_set != y->data_set)
		return x->data_set < y->data_set ? -1 : 1;
	return (x->key_id > y->key_id) - (x->key_id < y->key_id);
}

static struct holder *
find_holder(struct places *p, const struct principal *who, bool make)
{
	struct holder wanted = {who->data_set, who->key_id, {0}}, *new;
	struct holder **found = tfind(&wanted, &p->holders, compare);

	if (found != NULL)
		return *found;
	if (!make)
		return NULL;
	new = memory_new(sizeof(*new));
	*new = wanted;
	if (tsearch(new, &p->holders, compare) == NULL)
		abort();
	return new;
}

/* Limits are at least one: whoever is refused by his own has some already. */
static bool
may_take(struct places *p, enum kind kind, const struct principal *who)
{
	struct holder *holder;

	if (p->left[kind] <= 0 || (p->closed && kind == TO_SIT))
		return false;
	if (!has_limits(p))
		return true;
	holder = find_holder(p, who, true);
	if (holder->n[kind] >= p->per_key[kind])
		return false;
	holder->n[kind]++;
	return true;
}

static bool
take(struct places *p, enum kind kind, const struct principal *who)
{
	bool ok;

	if (p == NULL)
		return false;
	pthread_mutex_lock(&p->lock);
	ok = may_take(p, kind, who);
	p->left[kind] -= ok;
	pthread_mutex_unlock(&p->lock);
	return ok;
}

static void
give_back(struct places *p, enum kind kind, const struct principal *who)
{
	struct holder *holder;

	pthread_mutex_lock(&p->lock);
	p->left[kind]++;
	holder = has_limits(p) ? find_holder(p, who, false) : NULL;
	if (holder != NULL) {
		holder->n[kind]--;
		if (holder->n[TO_SIT] == 0 && holder->n[TO_STAND] == 0) {
			(void)tdelete(holder, &p->holders, compare);
			free(holder);
		}
	}
	pthread_mutex_unlock(&p->lock);
}

bool
places_take(struct places *p, const struct principal *who)
{
	return take(p, TO_SIT, who);
}

void
places_give_back(struct places *p, const struct principal *who)
{
	give_back(p, TO_SIT, who);
}

bool
places_stand(struct places *p, const struct principal *who)
{
	return take(p, TO_STAND, who);
}

void
places_leave(struct places *p, const struct principal *who)
{
	give_back(p, TO_STAND, who);
}

void
places_close(struct places *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_mutex_unlock(&p->lock);
}
