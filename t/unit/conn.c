/* Connections in lists by state. Time is a parameter. */
#include "server/conn.h"

#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

enum { T = 1000000 };

static struct conns all;

static struct conn *
new_one(int64_t now_ms)
{
	return conn_new(&all, open("/dev/null", O_RDONLY | O_CLOEXEC), now_ms);
}

static void
test_time_outs(void)
{
	static const struct {
		enum conn_state state;
		const char *name;
		int64_t time_out; /* 0: none */
	} cases[] = {
	    {CONN_IDLE, "idle", 0},
	    {CONN_HEAD, "head", 2000},
	    {CONN_BUSY, "busy", 2250},
	    {CONN_SENDING, "sending", 30000},
	};
	struct conn *c = new_one(T);

	is_int((int)c->state, CONN_HEAD, "a new one is to send a request");
	is_int(c->deadline_ms, T + 2000, "within two seconds");
	for (size_t i = 0; i < N_OF(cases); i++) {
		int64_t end = T + 50 + cases[i].time_out;

		conn_enter(&all, c, cases[i].state, T + 50);
		is_int((int)c->state, cases[i].state, "%s", cases[i].name);
		if (cases[i].time_out == 0)
			end = INT64_MAX;
		is_int(conns_next_deadline(&all), end, "its deadline");
		ok(conns_expired(&all, end - 1) == NULL, "not before it");
		if (cases[i].time_out != 0)
			ok(conns_expired(&all, end) == c, "but then");
	}
	conn_close(&all, c);
	conns_reap(&all);
}

static void
test_order(void)
{
	enum { N = 5 };
	struct conn *c[N];

	for (int i = 0; i < N; i++)
		c[i] = new_one(T + i * 10);
	is_int((int64_t)all.n, N, "five connections");
	conn_enter(&all, c[1], CONN_HEAD, T + 100); /* again, from the start */
	conn_enter(&all, c[0], CONN_SENDING, T + 100);
	is_int(conns_next_deadline(&all), T + 20 + 2000, "the first deadline");
	ok(conns_expired(&all, T + 2020) == c[2], "is the third one's");
	conn_close(&all, c[2]);
	is_int((int64_t)all.n, N - 1, "a closed one does not count");
	is_int((int)c[2]->state, CONN_CLOSED, "but is still there");
	is_int(fcntl(c[2]->fd, F_GETFD), -1, "without its descriptor");
	ok(conns_expired(&all, T + 2020) == NULL, "and never expires");
	ok(conns_expired(&all, T + 2030) == c[3], "then the fourth");
	conn_close(&all, c[3]);
	conn_close(&all, c[4]);
	ok(conns_expired(&all, T + 2100) == c[1], "then the one begun again");
	conn_close(&all, c[1]);
	is_int(conns_next_deadline(&all), T + 100 + 30000, "then the slow one");
	conn_close(&all, c[0]);
	is_int(conns_next_deadline(&all), INT64_MAX, "then nobody");
	is_int((int64_t)all.n, 0, "none is left");
	conns_reap(&all);
	conns_reap(&all);
	ok(TAILQ_EMPTY(&all.in[CONN_CLOSED]), "nor its memory");
}

/* What a connection holds goes with it; a sanitizer would tell. */
static void
test_close_releases(void)
{
	static const uint8_t begin[] = {1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0,
	    0, 0, 0, 1, 4, 0, 1, 0, 4, 0, 0, 1, 1, 'a'};
	struct conn *c = new_one(T);
	size_t used;

	is_int(gate_feed(&c->gate, begin, sizeof(begin), &used), GATE_MORE,
	    "half a request");
	buf_string(&c->early, "early");
	buf_string(&c->out.bytes, "late");
	conn_close(&all, c);
	ok(c->gate.parameters.data == NULL && c->early.data == NULL
		&& c->out.bytes.data == NULL,
	    "a closed one holds nothing");
	conns_reap(&all);
}

int
main(void)
{
	conns_init(&all);
	is_int(conns_next_deadline(&all), INT64_MAX, "no deadline of none");
	ok(conns_expired(&all, INT64_MAX - 1) == NULL, "none expires");
	test_time_outs();
	test_order();
	test_close_releases();
	return tap_done();
}
