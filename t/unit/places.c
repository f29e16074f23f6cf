/* Places: how many there are in all and for a key, and that each one comes
 * back once, whoever asks. */
#include "api/places.h"

#include "api/principal.h"
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct principal
key(enum data_set data_set, int64_t key_id)
{
	return (struct principal){.data_set = data_set, .key_id = key_id};
}

/* How many of so many tries are granted. */
static int
take(struct places *p, struct principal who, int tries)
{
	int n = 0;

	while (tries-- > 0)
		n += places_take(p, &who);
	return n;
}

static void
give_back(struct places *p, struct principal who, int n)
{
	while (n-- > 0)
		places_give_back(p, &who);
}

static void
test_in_all(void)
{
	struct places *p = places_new(3, 0, 0);

	is_int(take(p, key(DATA_LIVE, 1), 2), 2, "a key takes two");
	is_int(take(p, key(DATA_TEST, 2), 5), 1, "another one the third");
	is_int(take(p, key(DATA_LIVE, 1), 1), 0, "then there is none");
	give_back(p, key(DATA_TEST, 2), 1);
	is_int(take(p, key(DATA_LIVE, 3), 2), 1, "one that is given back");
	give_back(p, key(DATA_LIVE, 1), 2);
	give_back(p, key(DATA_LIVE, 3), 1);
	is_int(take(p, key(DATA_LIVE, 1), 5), 3, "one key may have them all");
	places_free(p);
}

static void
test_by_key(void)
{
	struct places *p = places_new(5, 2, 0);

	is_int(take(p, key(DATA_LIVE, 1), 4), 2, "two for a key");
	is_int(take(p, key(DATA_TEST, 1), 4), 2,
	    "two for the key of that number in the other data set");
	is_int(take(p, key(DATA_LIVE, 2), 4), 1, "what is left for a third");
	is_int(take(p, key(DATA_LIVE, 3), 1), 0, "nothing for a fourth");
	give_back(p, key(DATA_TEST, 1), 1);
	is_int(take(p, key(DATA_LIVE, 1), 1), 0,
	    "one of another key's is not for who has two");
	is_int(take(p, key(DATA_LIVE, 3), 1), 1, "but for who has none");
	give_back(p, key(DATA_LIVE, 1), 2);
	is_int(take(p, key(DATA_LIVE, 1), 3), 2, "and two again");
	give_back(p, key(DATA_LIVE, 1), 2);
	give_back(p, key(DATA_TEST, 1), 1);
	give_back(p, key(DATA_LIVE, 2), 1);
	give_back(p, key(DATA_LIVE, 3), 1);
	for (int64_t i = 0; i < 3; i++)
		is_int(take(p, key(DATA_LIVE, INT64_MAX - i), 3), i < 2 ? 2 : 1,
		    "the limit in all comes first");
	places_free(p); /* with holders in it: a sanitizer would tell */
}

/* Who was refused holds nothing, not even room. */
static void
test_refused(void)
{
	struct places *p = places_new(1, 1, 0);

	is_int(take(p, key(DATA_LIVE, 1), 1), 1, "the only place");
	for (int64_t id = 2; id < 1000; id++)
		(void)take(p, key(DATA_LIVE, id), 1);
	give_back(p, key(DATA_LIVE, 1), 1);
	is_int(take(p, key(DATA_LIVE, 999), 2), 1,
	    "a refusal takes nothing from the next try");
	places_free(p);
}

static void
test_none(void)
{
	struct places *p = places_new(0, 0, 0);

	is_int(take(p, key(DATA_LIVE, 1), 1), 0, "none at all");
	places_free(p);
	p = places_new(-5, 0, 0); /* fewer descriptors than others need */
	is_int(take(p, key(DATA_LIVE, 1), 1), 0, "fewer than none");
	places_free(p);
	is_int(take(NULL, key(DATA_LIVE, 1), 1), 0, "and nowhere");
	places_free(NULL);
}

/* How many of so many tries find room. */
static int
stand(struct places *p, struct principal who, int tries)
{
	int n = 0;

	while (tries-- > 0)
		n += places_stand(p, &who);
	return n;
}

static void
leave(struct places *p, struct principal who, int n)
{
	while (n-- > 0)
		places_leave(p, &who);
}

/* Places and room to stand are nothing to each other. */
static void
test_standing(void)
{
	struct places *p = places_new(1, 0, 2);
	struct principal who = key(DATA_LIVE, 1);

	is_int(take(p, who, 2), 1, "the only place");
	is_int(stand(p, who, 3), 2, "two stand, and there is no more room");
	leave(p, who, 1);
	is_int(stand(p, who, 2), 1, "but for the next one");
	is_int(take(p, who, 1), 0, "nobody got a place by that");
	give_back(p, who, 1);
	is_int(stand(p, who, 1), 0, "nor room by one that is given back");
	places_close(p);
	leave(p, who, 1);
	is_int(stand(p, who, 1), 1, "a stream that is behind is not shut out");
	places_free(p);
	is_int(stand(NULL, who, 1), 0, "nobody stands nowhere");
}

/* Where keys have limits, none has all the room. */
static void
test_standing_by_key(void)
{
	static const struct {
		int standing, for_one, for_next;
	} cases[] = {{128, 32, 32}, {5, 2, 2}, {2, 1, 1}, {1, 1, 0}, {0, 0, 0}};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct places *p = places_new(9, 1, cases[i].standing);
		struct principal one = key(DATA_LIVE, 1);

		is_int(stand(p, one, 200), cases[i].for_one,
		    "of %d, so many are one key's", cases[i].standing);
		is_int(take(p, one, 2), 1, "and the place that it may have");
		is_int(stand(p, key(DATA_TEST, 1), 200), cases[i].for_next,
		    "as many are another's, if there is room");
		leave(p, one, cases[i].for_one);
		is_int(take(p, one, 1), 0, "who has left still has his place");
		is_int(stand(p, one, 200), cases[i].for_one, "and may return");
		give_back(p, one, 1);
		is_int(stand(p, one, 1), 0, "not twice, by giving it back");
		places_free(p);
	}
}

static void
test_close(void)
{
	struct places *p = places_new(2, 1, 0);

	is_int(take(p, key(DATA_LIVE, 1), 1), 1, "one before the close");
	places_close(p);
	is_int(take(p, key(DATA_LIVE, 2), 1), 0, "none behind it");
	give_back(p, key(DATA_LIVE, 1), 1);
	is_int(take(p, key(DATA_LIVE, 1), 1), 0,
	    "nor one that is given back");
	places_close(p);
	places_free(p);
}

/* --- by many threads --- */

enum { THREADS = 8, ROUNDS = 20000, MOST = 20, PER_KEY = 4, KEYS = 7 };

struct crowd {
	struct places *places;
	atomic_int in_all;
	atomic_int by_key[KEYS];
	atomic_int too_many; /* times that a limit was passed */
	atomic_int granted;
};

struct member {
	pthread_t thread;
	struct crowd *crowd;
	struct dice dice;
};

/* What is counted here is never more than what is taken there. */
static void
hold_one(struct crowd *c, int64_t id)
{
	struct principal who = key(id % 2 ? DATA_LIVE : DATA_TEST, id / 2);

	if (!places_take(c->places, &who))
		return;
	atomic_fetch_add(&c->granted, 1);
	if (atomic_fetch_add(&c->in_all, 1) >= MOST
	    || atomic_fetch_add(&c->by_key[id], 1) >= PER_KEY)
		atomic_fetch_add(&c->too_many, 1);
	atomic_fetch_sub(&c->by_key[id], 1);
	atomic_fetch_sub(&c->in_all, 1);
	places_give_back(c->places, &who);
}

static void *
run(void *argument)
{
	struct member *m = argument;

	for (int i = 0; i < ROUNDS; i++)
		hold_one(m->crowd, (int64_t)dice_roll(&m->dice, KEYS));
	return NULL;
}

static void
test_threads(void)
{
	struct crowd crowd = {.places = places_new(MOST, PER_KEY, 0)};
	struct member members[THREADS];
	int n = 0;

	for (size_t i = 0; i < THREADS; i++) {
		members[i] = (struct member){.crowd = &crowd, .dice = {i}};
		if (pthread_create(
			&members[i].thread, NULL, run, &members[i])
		    != 0)
			abort();
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(members[i].thread, NULL);
	ok(atomic_load(&crowd.granted) > 0, "places were granted");
	is_int(atomic_load(&crowd.too_many), 0, "never too many at once");
	for (int64_t id = 0; id < KEYS; id++)
		n += take(crowd.places,
		    key(id % 2 ? DATA_LIVE : DATA_TEST, id / 2), MOST);
	is_int(n, MOST, "all of them came back");
	places_free(crowd.places);
}

int
main(void)
{
	test_in_all();
	test_by_key();
	test_refused();
	test_none();
	test_standing();
	test_standing_by_key();
	test_close();
	test_threads();
	return tap_done();
}
