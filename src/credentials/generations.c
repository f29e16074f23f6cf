/* Two of them: who renews in time needs no third. */
#include "credentials/generations.h"

#include "credentials/credentials.h"

#include <stddef.h>

void
generations_release(struct generations *g)
{
	credentials_release(g->older);
	credentials_release(g->newer);
	*g = (struct generations){0};
}

/* What a key without an end was replaced by counts at once: whoever put the
 * new one there may have withdrawn the old one. */
static void
move_on(struct generations *g, struct credentials *fresh, int64_t now_s)
{
	credentials_release(g->older);
	g->older = g->newer;
	if (g->older != NULL && g->older->ends_at == CREDENTIALS_NO_END) {
		credentials_release(g->older);
		g->older = NULL;
	}
	/* in this second a window may have begun with the others */
	fresh->since = g->older == NULL ? now_s : now_s + 1;
	g->newer = fresh;
}

bool
generations_add(struct generations *g, struct credentials *fresh,
    int64_t reread_s, int64_t now_s)
{
	bool are_new = !credentials_equal(fresh, g->newer);

	refresh_got(&g->refresh, fresh->ends_at, are_new, reread_s, now_s);
	if (are_new)
		move_on(g, fresh, now_s);
	else
		credentials_release(fresh);
	return are_new;
}

static int64_t
end_of(const struct generations *g)
{
	return g->newer == NULL ? 0 : g->newer->ends_at;
}

void
generations_miss(struct generations *g, int64_t now_s)
{
	refresh_failed(&g->refresh, end_of(g), now_s);
}

bool
generations_insist(const struct generations *g, int64_t now_s)
{
	return refresh_insists(&g->refresh, end_of(g), now_s);
}

static bool
lives(const struct credentials *c, int64_t now_s)
{
	return c != NULL && c->ends_at > now_s;
}

struct credentials *
generations_choose(const struct generations *g, int64_t signed_at,
    int64_t expires_at, int64_t now_s)
{
	if (!lives(g->older, now_s))
		return lives(g->newer, now_s) ? g->newer : NULL;
	if (!lives(g->newer, now_s))
		return g->older;
	return signed_at < g->newer->since && g->older->ends_at >= expires_at
	    ? g->older : g->newer;
}
