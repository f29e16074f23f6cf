/* Counting, in all and by key. */
#include "api/places.h"

#include "api/principal.h"
#include "base/memory.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>

/* A key that has places. */
struct holder {
	enum data_set data_set;
	int64_t key_id;
	int64_t n;
};

struct places {
	pthread_mutex_t lock;
	int64_t left;
	int64_t per_key;
	int64_t standing; /* room that is left */
	bool closed;
	void *holders; /* tsearch()'s; empty without a limit by key */
};

struct places *
places_new(int64_t most, int64_t per_key, int64_t standing)
{
	struct places *p = memory_new(sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	p->left = most;
	p->per_key = per_key;
	p->standing = standing;
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
	struct holder wanted = {who->data_set, who->key_id, 0}, *new;
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

static bool
take(struct places *p, const struct principal *who)
{
	if (p->closed || p->left <= 0)
		return false;
	if (p->per_key > 0) {
		struct holder *holder = find_holder(p, who, true);

		if (holder->n >= p->per_key)
			return false;
		holder->n++;
	}
	p->left--;
	return true;
}

bool
places_take(struct places *p, const struct principal *who)
{
	bool ok;

	if (p == NULL)
		return false;
	pthread_mutex_lock(&p->lock);
	ok = take(p, who);
	pthread_mutex_unlock(&p->lock);
	return ok;
}

void
places_give_back(struct places *p, const struct principal *who)
{
	struct holder *holder;

	pthread_mutex_lock(&p->lock);
	p->left++;
	holder = p->per_key > 0 ? find_holder(p, who, false) : NULL;
	if (holder != NULL && --holder->n == 0) {
		(void)tdelete(holder, &p->holders, compare);
		free(holder);
	}
	pthread_mutex_unlock(&p->lock);
}

bool
places_stand(struct places *p)
{
	bool ok;

	if (p == NULL)
		return false;
	pthread_mutex_lock(&p->lock);
	ok = p->standing > 0;
	if (ok)
		p->standing--;
	pthread_mutex_unlock(&p->lock);
	return ok;
}

void
places_leave(struct places *p)
{
	pthread_mutex_lock(&p->lock);
	p->standing++;
	pthread_mutex_unlock(&p->lock);
}

void
places_close(struct places *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_mutex_unlock(&p->lock);
}
