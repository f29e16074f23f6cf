/* Signing for several stores, each with its own windows. */
#include "signing/signer.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/seldom.h"
#include "signing/store.h"
#include "signing/stores.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A store's signer. */
struct pen {
	void *state;
	struct window window;
	bool begun; /* for the job */
	bool ready; /* it can sign */
};

struct signer {
	const struct stores *stores;
	struct pen *pens; /* one for each store */
	struct text job;
	int64_t now_s;
};

struct signer *
signer_new(const struct stores *stores, struct crypto *crypto)
{
	struct signer *s = memory_new(sizeof(*s));

	s->stores = stores;
	s->pens = memory_new(stores->n * sizeof(*s->pens));
	for (size_t i = 0; i < stores->n; i++) {
		const struct store *store = &stores->list[i];

		if (store->kind->new != NULL)
			s->pens[i].state = store->kind->new(store, crypto);
	}
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->stores->n; i++)
		if (s->stores->list[i].kind->free != NULL)
			s->stores->list[i].kind->free(s->pens[i].state);
	free(s->pens);
	free(s);
}

void
signer_begin(struct signer *s, struct text job, int64_t now_s)
{
	s->job = job;
	s->now_s = now_s;
	for (size_t i = 0; i < s->stores->n; i++)
		s->pens[i].begun = false;
}

/* Most answers need one store, or none. */
static struct pen *
pen_of(struct signer *signer, struct scope *s, const struct store *store)
{
	struct pen *pen = &signer->pens[store - signer->stores->list];

	if (!pen->begun) {
		pen->window = window_at(signer->job, signer->now_s,
		    store->ttl_s, store->window_s);
		pen->ready = store->kind->begin(
		    pen->state, &pen->window, s, store, signer->now_s);
		pen->begun = true;
	}
	return pen;
}

/* --- what the log is told, once a minute --- */

static void
tell_unknown(const struct signer *s, struct text name)
{
	int64_t count;

	if (seldom_count(&count, s->stores->unknown, name, s->now_s))
		log_line(LEVEL_ERROR, "store name=\"%.*s\" reason=\"no section "
		    "has that name\" artifacts_left_out=%" PRId64 " job=%.*s "
		    "do=\"add [store NAME] to the settings\"",
		    name.size > 32 ? 32 : (int)name.size, name.data, count,
		    (int)s->job.size, s->job.data);
}

/* A segment that is a dot or two. */
static bool
has_dots(struct text key)
{
	struct text segment;

	if (memchr(key.data, '.', key.size) == NULL)
		return false;
	while (text_cut(&segment, &key, '/'))
		if (text_equal(segment, TEXT("."))
		    || text_equal(segment, TEXT("..")))
			return true;
	return false;
}

/* The key itself is for nobody's eyes. */
static void
tell_dots(const struct signer *s, const struct store *store)
{
	int64_t count;

	if (seldom_count(&count, s->stores->dots, text_of(store->name),
		s->now_s))
		log_line(LEVEL_WARN, "store name=\"%s\" reason=\"browsers take "
		    "/./ and /../ out of an address, and the signature fails\" "
		    "keys=%" PRId64 " job=%.*s do=\"use other keys\"",
		    store->name, count, (int)s->job.size, s->job.data);
}

enum signed_as
signer_url(struct buf *out, struct window *window, struct signer *signer,
    struct scope *s, struct text name, struct text key)
{
	const struct store *store = stores_find(signer->stores, name);
	struct pen *pen;

	if (store == NULL) {
		tell_unknown(signer, name);
		return SIGNED_NOT;
	}
	if (store->kind->url == NULL)
		return SIGNED_NOT;
	if (has_dots(key))
		tell_dots(signer, store);
	pen = pen_of(signer, s, store);
	if (!pen->ready)
		return SIGNED_LATER;
	*window = pen->window;
	store->kind->url(out, pen->state, key);
	return SIGNED;
}
