/* Asking for many keys. */
#include "api/keys.h"

#include "adapters/db.h"
#include "api/app.h"
#include "api/problem.h"
#include "api/timeline.h"
#include "base/buf.h"
#include "base/scope.h"

#include <stdlib.h>
#include <string.h>

#define STATEMENT(schema)                                                      \
	"SELECT key_sha256 FROM " schema ".keys_alive($1)"

static const struct db_statement statements[N_DATA_SETS] = {
    [DATA_LIVE] = {"jobtail_keys_1", STATEMENT("jobtail"), 1,
	{DB_BYTEA_ARRAY}},
    [DATA_TEST] = {"jobtail_test_keys_1", STATEMENT("jobtail_test"), 1,
	{DB_BYTEA_ARRAY}},
};

void
keys_init(
    struct keys *keys, struct arena *a, enum data_set data_set, size_t room)
{
	*keys = (struct keys){
	    .data_set = data_set,
	    .list = arena_alloc(a, room * sizeof(struct key)),
	};
}

void
keys_add(struct keys *keys, const struct principal *who)
{
	struct key *key = &keys->list[keys->n++];

	memcpy(key->sha256, who->key_sha256, sizeof(key->sha256));
	key->state = KEY_LIVES;
}

static int
compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, sizeof(x->sha256));
}

void
keys_sort(struct keys *keys)
{
	size_t n = 0;

	if (keys->n > 0)
		qsort(keys->list, keys->n, sizeof(struct key), compare);
	for (size_t i = 0; i < keys->n; i++)
		if (n == 0 || compare(&keys->list[n - 1], &keys->list[i]) != 0)
			keys->list[n++] = keys->list[i];
	keys->n = n;
}

static struct key *
find(const struct keys *keys, const void *sha256)
{
	struct key wanted;

	memcpy(wanted.sha256, sha256, sizeof(wanted.sha256));
	return keys->n == 0 ? NULL
			    : bsearch(&wanted, keys->list, keys->n,
				sizeof(struct key), compare);
}

struct key *
keys_find(const struct keys *keys, const struct principal *who)
{
	return find(keys, who->key_sha256);
}

/* {"\\x00ff...",...} (an array of bytea, PostgreSQL's manual, 8.4 and 8.15). */
static struct text
print_array(struct buf *out, const struct keys *keys)
{
	buf_char(out, '{');
	for (size_t i = 0; i < keys->n; i++) {
		buf_string(out, i == 0 ? "\"\\\\x" : ",\"\\\\x");
		buf_hex(out, keys->list[i].sha256, CRYPTO_SHA256_SIZE);
		buf_char(out, '"');
	}
	buf_char(out, '}');
	return buf_as_string(out);
}

static void
take_rows(struct keys *keys, const struct db_rows *rows)
{
	for (size_t i = 0; i < keys->n; i++)
		keys->list[i].state = KEY_DOUBTFUL;
	for (int row = 0; row < rows->n; row++) {
		struct text sha256 = db_text(rows, row, 0);
		struct key *key = sha256.size == CRYPTO_SHA256_SIZE
		    ? find(keys, sha256.data) : NULL;

		if (key != NULL)
			key->state = KEY_LIVES;
	}
}

bool
keys_read(struct keys *keys, struct scope *s, const struct app *app)
{
	struct buf array = {0};
	struct db_value value = {.text = print_array(&array, keys)};
	struct db_call call = {
	    &statements[keys->data_set], &value, s, {0}, DB_AWAY};

	if (keys->n > 0)
		db_call(app->db, &call);
	buf_release(&array);
	if (keys->n == 0)
		return true;
	if (call.outcome == DB_AWAY)
		return scope_fail(s, &problem_unavailable);
	take_rows(keys, &call.rows); /* none, if it was refused */
	return true;
}

/* Without a job only the key is looked at. */
static bool
settle_one(struct key *key, const struct keys *keys, struct scope *s,
    const struct app *app)
{
	struct principal who = {.data_set = keys->data_set};
	struct timeline_query query = {.max_events = 1};
	struct timeline timeline;
	struct scope one = *s;

	memcpy(who.key_sha256, key->sha256, sizeof(who.key_sha256));
	timeline_ask(&timeline, &one, app, &who, &query);
	db_call(app->db, &timeline.call);
	if (timeline_take(&timeline, &one, &who))
		key->state = KEY_LIVES;
	else if (one.problem->status == 401 || one.problem->status == 403)
		key->state = KEY_DEAD;
	else
		return scope_fail(s, one.problem);
	return true;
}

bool
keys_settle(struct keys *keys, struct scope *s, const struct app *app)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->list[i].state == KEY_DOUBTFUL
		    && !settle_one(&keys->list[i], keys, s, app))
			return false;
	return true;
}
