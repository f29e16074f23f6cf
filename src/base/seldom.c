/* Counts by name. */
#include "base/seldom.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_S = 60, MAX_NAMES = 64, NAME_SIZE = 40 };

struct row {
	char name[NAME_SIZE];
	size_t size;
	int64_t count;  /* since it was said */
	int64_t said_at;
	bool was_said;
};

struct seldom {
	pthread_mutex_t lock;
	struct row rows[MAX_NAMES]; /* the last one for all further names */
	size_t n;
};

struct seldom *
seldom_new(void)
{
	struct seldom *s = memory_new(sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
seldom_free(struct seldom *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct row *
row_of(struct seldom *s, struct text name)
{
	struct row *row;

	if (name.size > NAME_SIZE)
		name.size = NAME_SIZE;
	for (size_t i = 0; i < s->n; i++) {
		row = &s->rows[i];
		if (text_equal((struct text){row->name, row->size}, name))
			return row;
	}
	if (s->n == MAX_NAMES)
		return &s->rows[MAX_NAMES - 1];
	row = &s->rows[s->n++];
	if (name.size > 0)
		memcpy(row->name, name.data, name.size);
	row->size = name.size;
	return row;
}

/* A clock that was set back is no reason to be silent. */
static bool
is_due(const struct row *row, int64_t now_s)
{
	return !row->was_said || now_s < row->said_at
	    || now_s - row->said_at >= EVERY_S;
}

bool
seldom_count(int64_t *count, struct seldom *s, struct text name, int64_t now_s)
{
	struct row *row;
	bool due;

	pthread_mutex_lock(&s->lock);
	row = row_of(s, name);
	row->count++;
	due = is_due(row, now_s);
	if (due) {
		*count = row->count;
		row->count = 0;
		row->said_at = now_s;
		row->was_said = true;
	}
	pthread_mutex_unlock(&s->lock);
	return due;
}
