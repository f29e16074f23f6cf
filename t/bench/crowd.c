/* A crowd of clients, for t/bench/parked.
 *
 *     crowd KIND PORT CLIENTS RATE FIRST_JOB JOBS
 *
 * RATE clients a second begin, each on one of the JOBS jobs from FIRST_JOB
 * on, which have one event. An event's message has "stamp=" and a time of day
 * in microseconds; how much later its bytes were here is a line of output.
 * Plain clients tell how long their answers took. Other lines: "asked", when
 * all clients have begun, and "lost", with the reason, for each one that has
 * stopped: it does not try again, so that no fault makes a storm. */
#include "base/clock.h"

#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { ROUND = 256, LIFE_S = 300 };

static const struct kind {
	const char *name;
	const char *query;
	const char *accept;
	bool stream; /* else JSON */
	bool again; /* an answer with an event is followed by a request */
	bool plain; /* asked by RATE for ever, one after the other */
} kinds[] = {
    {"plain", "", "application/json", false, false, true},
    {"poll", "&wait=25", "application/json", false, true, false},
    {"once", "&wait=25", "application/json", false, false, false},
    {"stream", "", "text/event-stream", true, false, false},
    {0},
};

struct client {
	int fd; /* -1: none */
	int64_t job;
	int64_t since;
	int64_t asked_us; /* 0: nothing is asked */
	size_t size;
	char bytes[4096];
};

struct crowd {
	const struct kind *kind;
	struct sockaddr_in to;
	uint32_t n;
	struct client *clients;
	uint64_t n_asked;
	int epoll;
	int timer; /* known to epoll by the number behind the clients' */
};

static void
tell_since(int64_t then_us)
{
	printf("%" PRId64 "\n", clock_wall_us() - then_us);
}

static void
watch(const struct crowd *c, int fd, uint32_t number)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		err(1, "epoll_ctl");
}

/* --- asking --- */

static void
hang_up(struct client *k)
{
	close(k->fd);
	k->fd = -1;
	k->size = 0;
	k->asked_us = 0;
}

static void
lose(struct client *k, const char *why)
{
	printf("lost: %s\n", why);
	hang_up(k);
}

/* Waits for the connection, which on one machine takes no time. */
static bool
connect_client(const struct crowd *c, struct client *k)
{
	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd == -1)
		err(1, "socket");
	watch(c, k->fd, (uint32_t)(k - c->clients));
	return connect(k->fd, (const struct sockaddr *)&c->to, sizeof(c->to))
	    == 0;
}

/* HTTP/1.0 spares us the chunks of a stream. */
static void
ask(const struct crowd *c, struct client *k)
{
	char request[512];
	int size = snprintf(request, sizeof(request),
	    "GET /v1/jobs/01J8ZQ4T6V%016" PRId64 "/events?since=%" PRId64
	    "%s HTTP/1.0\r\nHost: bench\r\nConnection: keep-alive\r\n"
	    "Accept: %s\r\nAuthorization: Bearer sk_live_bench%08" PRId64
	    "\r\n\r\n",
	    k->job, k->since, c->kind->query, c->kind->accept,
	    1 + k->job % 200);

	k->asked_us = clock_wall_us();
	if ((k->fd == -1 && !connect_client(c, k))
	    || send(k->fd, request, (size_t)size, MSG_NOSIGNAL) != size)
		lose(k, "not connected");
}

/* --- reading --- */

/* An answer's head says that it is not what was asked for. */
static bool
is_refused(const struct crowd *c, const struct client *k)
{
	return strncmp(k->bytes, "HTTP/1.", 7) == 0
	    && (strncmp(k->bytes + 8, " 200", 4) != 0
		|| strstr(k->bytes, c->kind->accept) == NULL);
}

static int64_t
number_after(const char *text, const char *name, int64_t otherwise)
{
	const char *at = strstr(text, name);

	return at == NULL ? otherwise : strtoll(at + strlen(name), NULL, 10);
}

/* How many events the text has. */
static int
take_events(const char *text)
{
	int n = 0;

	for (; (text = strstr(text, "stamp=")) != NULL; n++) {
		text += strlen("stamp=");
		tell_since(strtoll(text, NULL, 10));
	}
	return n;
}

static void
take_answer(const struct crowd *c, struct client *k)
{
	char *end = strstr(k->bytes, "\r\n\r\n");
	int64_t length = number_after(k->bytes, "\r\nContent-Length: ", 0);
	int64_t asked_us = k->asked_us;
	int n;

	if (end == NULL || k->bytes + k->size < end + 4 + length)
		return;
	n = take_events(end);
	k->since = number_after(end, "\"latest_seq\":", k->since);
	k->size = 0;
	k->asked_us = 0;
	if (is_refused(c, k))
		lose(k, "refused");
	else if (c->kind->plain)
		tell_since(asked_us);
	else if (n == 0 && clock_wall_us() - asked_us < CLOCK_US)
		lose(k, "not held");
	else if (n == 0 || c->kind->again)
		ask(c, k);
}

/* Whole lines; what is left waits for the rest of its line. */
static void
take_frames(const struct crowd *c, struct client *k)
{
	char *end = memrchr(k->bytes, '\n', k->size), *id = k->bytes;

	if (end == NULL)
		return;
	*end = '\0';
	take_events(k->bytes);
	while ((id = strstr(id, "id: ")) != NULL)
		k->since = strtoll(id += strlen("id: "), NULL, 10);
	if (is_refused(c, k)) {
		lose(k, "refused");
	} else if (strstr(k->bytes, "\"busy\"") != NULL) {
		lose(k, "not held");
	} else {
		k->size -= (size_t)(end + 1 - k->bytes);
		memmove(k->bytes, end + 1, k->size);
	}
}

static void
take_bytes(const struct crowd *c, struct client *k)
{
	ssize_t n;

	if (k->fd == -1)
		return; /* lost in this round */
	n = read(k->fd, k->bytes + k->size, sizeof(k->bytes) - 1 - k->size);
	if (n == 0 && c->kind->stream) {
		hang_up(k);
		ask(c, k); /* it was rotated */
	} else if (n <= 0) {
		lose(k, "hung up, or too long");
	} else {
		k->size += (size_t)n;
		k->bytes[k->size] = '\0';
		if (c->kind->stream)
			take_frames(c, k);
		else
			take_answer(c, k);
	}
}

/* --- the loop --- */

static void
take_ticks(struct crowd *c)
{
	uint64_t ticks;

	if (read(c->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		err(1, "timer");
	for (; ticks > 0 && (c->kind->plain || c->n_asked < c->n); ticks--) {
		struct client *k = &c->clients[c->n_asked++ % c->n];

		if (k->asked_us == 0) /* else it misses a turn */
			ask(c, k);
	}
	if (c->n_asked >= c->n && !c->kind->plain) {
		close(c->timer);
		puts("asked");
	}
}

static void
take_round(struct crowd *c)
{
	struct epoll_event events[ROUND];
	int n = epoll_wait(c->epoll, events, ROUND, -1);

	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 == c->n)
			take_ticks(c);
		else
			take_bytes(c, &c->clients[events[i].data.u32]);
	}
	fflush(stdout);
}

static void
gather(struct crowd *c, int64_t first_job, uint32_t n_jobs, long rate)
{
	struct timespec tick = {.tv_nsec = 1000000000 / rate};
	struct itimerspec ticks = {tick, tick};

	c->clients = calloc(c->n, sizeof(*c->clients));
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (c->clients == NULL || c->epoll == -1 || c->timer == -1
	    || timerfd_settime(c->timer, 0, &ticks, NULL) == -1)
		err(1, "crowd");
	watch(c, c->timer, c->n);
	for (uint32_t i = 0; i < c->n; i++) {
		c->clients[i].fd = -1;
		c->clients[i].job = first_job + i % n_jobs;
		c->clients[i].since = 1;
	}
}

int
main(int argc, char **argv)
{
	struct crowd c = {.kind = kinds, .to.sin_family = AF_INET};

	while (argc == 7 && c.kind->name && strcmp(c.kind->name, argv[1]) != 0)
		c.kind++;
	if (argc != 7 || c.kind->name == NULL)
		errx(2, "crowd KIND PORT CLIENTS RATE FIRST_JOB JOBS");
	alarm(LIFE_S);
	c.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c.to.sin_port = htons((uint16_t)atoi(argv[2]));
	c.n = (uint32_t)atoi(argv[3]);
	gather(&c, atoll(argv[5]), (uint32_t)atoi(argv[6]), atol(argv[4]));
	for (;;)
		take_round(&c);
}
