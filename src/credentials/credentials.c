/* Snapshots, counted. */
#include "credentials/credentials.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *
copy(struct text t)
{
	char *s = memory_new(t.size + 1);

	memcpy(s, t.data, t.size);
	return s;
}

struct credentials *
credentials_new(struct text access_key_id, struct text secret_access_key,
    struct text session_token, int64_t ends_at)
{
	struct credentials *c = memory_new(sizeof(*c));

	c->access_key_id = copy(access_key_id);
	c->secret_access_key = copy(secret_access_key);
	if (session_token.data != NULL)
		c->session_token = copy(session_token);
	c->ends_at = ends_at;
	c->n_owners = 1;
	return c;
}

bool
credentials_is_word(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	return t.size > 0;
}

struct credentials *
credentials_share(struct credentials *c)
{
	__atomic_add_fetch(&c->n_owners, 1, __ATOMIC_RELAXED);
	return c;
}

static void
wipe(const char *s)
{
	char *mine = (char *)(uintptr_t)s;

	if (mine != NULL)
		explicit_bzero(mine, strlen(mine));
	free(mine);
}

void
credentials_release(struct credentials *c)
{
	if (c == NULL
	    || __atomic_sub_fetch(&c->n_owners, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	wipe(c->access_key_id);
	wipe(c->secret_access_key);
	wipe(c->session_token);
	free(c);
}

bool
credentials_equal(const struct credentials *a, const struct credentials *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->ends_at == b->ends_at
	    && strcmp(a->access_key_id, b->access_key_id) == 0
	    && strcmp(a->secret_access_key, b->secret_access_key) == 0
	    && (a->session_token == NULL) == (b->session_token == NULL)
	    && (a->session_token == NULL
		|| strcmp(a->session_token, b->session_token) == 0);
}
