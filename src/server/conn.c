/* Connections in lists by state. */
#include "server/conn.h"

#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

/* How long a connection may be in a state, in milliseconds; 0: freely. The
 * worker's own deadline comes first, the queue has none but this. */
static const int64_t time_outs[N_CONN_STATES] = {
    [CONN_IDLE] = 0,
    [CONN_HEAD] = 2000,
    [CONN_BUSY] = 2250,
    [CONN_HELD] = 0, /* each has its own timer */
    [CONN_SENDING] = 30000,
    [CONN_CLOSED] = 0,
};

void
conns_init(struct conns *all)
{
	all->n = 0;
	for (int i = 0; i < N_CONN_STATES; i++)
		TAILQ_INIT(&all->in[i]);
}

static void
insert(struct conns *all, struct conn *c, enum conn_state state,
    int64_t now_ms)
{
	c->state = state;
	c->deadline_ms = time_outs[state] == 0 ? INT64_MAX
					       : now_ms + time_outs[state];
	TAILQ_INSERT_TAIL(&all->in[state], c, entry);
}

struct conn *
conn_new(struct conns *all, int fd, int64_t now_ms)
{
	struct conn *c = memory_new(sizeof(*c));

	c->fd = fd;
	gate_reset(&c->gate);
	insert(all, c, CONN_HEAD, now_ms);
	all->n++;
	return c;
}

void
conn_enter(struct conns *all, struct conn *c, enum conn_state state,
    int64_t now_ms)
{
	TAILQ_REMOVE(&all->in[c->state], c, entry);
	insert(all, c, state, now_ms);
}

void
conn_close(struct conns *all, struct conn *c)
{
	conn_enter(all, c, CONN_CLOSED, 0);
	all->n--;
	close(c->fd);
	gate_reset(&c->gate);
	outq_release(&c->out);
	buf_release(&c->early);
}

void
conns_reap(struct conns *all)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&all->in[CONN_CLOSED])) != NULL) {
		TAILQ_REMOVE(&all->in[CONN_CLOSED], c, entry);
		free(c);
	}
}

struct conn *
conns_expired(const struct conns *all, int64_t now_ms)
{
	for (int i = 0; i < N_CONN_STATES; i++) {
		struct conn *c = TAILQ_FIRST(&all->in[i]);

		if (c != NULL && c->deadline_ms <= now_ms)
			return c;
	}
	return NULL;
}

int64_t
conns_next_deadline(const struct conns *all)
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < N_CONN_STATES; i++) {
		const struct conn *c = TAILQ_FIRST(&all->in[i]);

		if (c != NULL && c->deadline_ms < next)
			next = c->deadline_ms;
	}
	return next;
}
