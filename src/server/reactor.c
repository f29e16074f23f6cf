/* The event loop: listening socket, signals, time. */
#include "server/reactor.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/listener.h"
#include "server/kit.h"
#include "server/notices.h"
#include "server/queue.h"
#include "server/traffic.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS_A_ROUND = 256,
	ACCEPTS_A_ROUND = 64,
	ACCEPT_PAUSE_MS = 100,
	DRAIN_MS = 10000,
};

struct reactor {
	int epoll;
	int signals;
	struct listener *listener;
	struct queue *queue;
	struct traffic traffic;
	struct notices *notices; /* NULL: nobody may wait */
	int64_t accept_again_ms; /* descriptors ran out; INT64_MAX: no */
	int64_t drain_until_ms;  /* INT64_MAX: not draining */
	bool quit;               /* told twice */
};

static bool
is_draining(const struct reactor *r)
{
	return r->drain_until_ms != INT64_MAX;
}

/* What is no connection is known by its address. */
static void
watch(const struct reactor *r, int op, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(r->epoll, op, fd, &event) == -1)
		abort();
}

/* --- accepting --- */

/* Without a free descriptor the listening socket would poll readable for
 * ever: look away for a moment. */
static void
pause_accepting(struct reactor *r)
{
	log_line(LEVEL_WARN, "accept paused connections=%zu", r->traffic.conns.n);
	watch(r, EPOLL_CTL_DEL, r->listener->fd, NULL);
	r->accept_again_ms = clock_mono_ms() + ACCEPT_PAUSE_MS;
}

static void
resume_accepting(struct reactor *r)
{
	r->accept_again_ms = INT64_MAX;
	if (!is_draining(r))
		watch(r, EPOLL_CTL_ADD, r->listener->fd, r->listener);
}

static void
accept_some(struct reactor *r, int most)
{
	int fd;

	while (most-- > 0) {
		fd = accept4(r->listener->fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd != -1) {
			traffic_add(&r->traffic, fd);
		} else if (errno == EMFILE || errno == ENFILE
		    || errno == ENOBUFS || errno == ENOMEM) {
			pause_accepting(r);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

/* --- signals --- */

static void
signal_set(sigset_t *set)
{
	static const int taken[] = {
	    SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGHUP, SIGPIPE};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(set, taken[i]);
}

void
reactor_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Takes what has queued up, then nothing new. */
static void
drain(struct reactor *r)
{
	accept_some(r, EVENTS_A_ROUND);
	if (r->accept_again_ms == INT64_MAX)
		watch(r, EPOLL_CTL_DEL, r->listener->fd, NULL);
	r->accept_again_ms = INT64_MAX;
	listener_close(r->listener);
	r->drain_until_ms = clock_mono_ms() + DRAIN_MS;
	traffic_drain(&r->traffic);
}

static void
take_signal(struct reactor *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof(info)) != sizeof(info)
	    || info.ssi_signo == SIGPIPE)
		return;
	if (info.ssi_signo == SIGHUP) {
		log_line(LEVEL_WARN, "signal hup ignored do=\"restart to read "
		    "the settings again\"");
		return;
	}
	r->quit = is_draining(r);
	log_line(LEVEL_NOTICE, r->quit ? "stop at once" : "stop draining=%zu",
	    r->traffic.conns.n);
	if (!r->quit)
		drain(r);
}

/* --- the loop --- */

static int
round_ms(const struct reactor *r)
{
	int64_t next = traffic_next_deadline(&r->traffic), left;

	if (r->notices != NULL && notices_next_deadline(r->notices) < next)
		next = notices_next_deadline(r->notices);
	if (r->accept_again_ms < next)
		next = r->accept_again_ms;
	if (r->drain_until_ms < next)
		next = r->drain_until_ms;
	if (next == INT64_MAX)
		return -1;
	left = next - clock_mono_ms();
	return left < 0 ? 0 : (int)left + 1;
}

static void
take_event(struct reactor *r, const struct epoll_event *event)
{
	if (event->data.ptr == r->listener)
		accept_some(r, ACCEPTS_A_ROUND);
	else if (event->data.ptr == r->queue)
		queue_clear_fd(r->queue);
	else if (event->data.ptr == &r->signals)
		take_signal(r);
	else if (event->data.ptr == r->notices)
		notices_take_event(r->notices);
	else
		traffic_take_event(
		    &r->traffic, event->data.ptr, event->events);
}

static void
take_round(struct reactor *r)
{
	struct epoll_event events[EVENTS_A_ROUND];
	int n = epoll_wait(r->epoll, events, EVENTS_A_ROUND, round_ms(r));

	traffic_begin_round(&r->traffic);
	for (int i = 0; i < n; i++)
		take_event(r, &events[i]);
	if (r->notices != NULL)
		notices_end_round(r->notices);
	traffic_end_round(&r->traffic);
	if (r->accept_again_ms <= clock_mono_ms())
		resume_accepting(r);
}

struct reactor *
reactor_new(struct listener *listener, struct queue *queue,
    const struct kit *kit)
{
	struct reactor *r = memory_new(sizeof(*r));
	sigset_t set;

	r->listener = listener;
	r->queue = queue;
	r->accept_again_ms = r->drain_until_ms = INT64_MAX;
	signal_set(&set);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->epoll == -1 || r->signals == -1)
		abort();
	traffic_init(&r->traffic, r->epoll, queue, kit);
	if (kit->config->wait_max > 0 || kit->config->sse_max > 0)
		r->notices = notices_new(
		    kit->config, r->epoll, &r->traffic.hub);
	watch(r, EPOLL_CTL_ADD, r->signals, &r->signals);
	watch(r, EPOLL_CTL_ADD, queue_fd(queue), queue);
	watch(r, EPOLL_CTL_ADD, listener->fd, listener);
	return r;
}

void
reactor_free(struct reactor *r)
{
	notices_free(r->notices);
	traffic_release(&r->traffic);
	close(r->epoll);
	close(r->signals);
	free(r);
}

static bool
is_running(const struct reactor *r)
{
	if (!is_draining(r))
		return true;
	return !r->quit && r->traffic.conns.n > 0
	    && clock_mono_ms() < r->drain_until_ms;
}

bool
reactor_run(struct reactor *r)
{
	while (is_running(r))
		take_round(r);
	return r->traffic.conns.n == 0;
}
