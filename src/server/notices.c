/* Dialling, hearing, and the heartbeat. */
#include "server/notices.h"

#include "adapters/crypto.h"
#include "adapters/db_listen.h"
#include "api/cursor.h"
#include "api/ulid.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/scope.h"
#include "server/hub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NOTICES "jobtail"             /* sql/notify.sql writes there */
#define HEARTBEAT "jobtail_heartbeat" /* we do, each with its own word */

enum {
	DIAL_MS = 5000,
	BEAT_MS = 10000,
	ECHO_MS = 5000, /* a heartbeat that was not heard by then is lost */
	BACKOFF_LEAST_MS = 100,
	BACKOFF_MOST_MS = 30000,
	WORD_SIZE = 16,
	JOIN_WAIT_S = 6,
};

struct notices {
	struct hub *hub;
	int epoll;
	struct db *db;
	char word[2 * WORD_SIZE + 1];
	enum { AWAY, DIALLING, LISTENING } state;
	bool was_lost;      /* and the log knows */
	int backoff_ms;
	int64_t retry_at_ms;
	int64_t beat_at_ms;
	int64_t echo_by_ms; /* 0: none is awaited */

	/* Looking up a host's name may block for longer than the reactor can
	 * wait, so a thread of its own dials; what came of it: */
	pthread_t dialler;
	int dialled;        /* an eventfd */
	bool connected;
	char setting[16];   /* jobtail.notify */
	char cause[256];
};

static void
watch(const struct notices *n, int fd)
{
	struct epoll_event event = {
	    .events = EPOLLIN, .data.ptr = (void *)(uintptr_t)n};

	if (epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		abort();
}

struct notices *
notices_new(const struct config *config, int epoll, struct hub *hub)
{
	struct notices *n = memory_new(sizeof(*n));
	struct db_settings settings = {
	    .conninfo = config->listen_database != NULL
		? config->listen_database : config->database,
	    .prepare = DB_PREPARE_OFF,
	};
	struct crypto *crypto = crypto_new();
	uint8_t random[WORD_SIZE];

	n->hub = hub;
	n->epoll = epoll;
	n->db = db_new(&settings);
	n->dialled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->dialled == -1)
		abort();
	watch(n, n->dialled);
	crypto_random(crypto, random, sizeof(random));
	text_print_hex(n->word, random, sizeof(random));
	crypto_free(crypto);
	return n;
}

/* --- dialling --- */

static void *
dial(void *argument)
{
	static const char *const channels[] = {NOTICES, HEARTBEAT};
	const uint64_t one = 1;
	struct notices *n = argument;
	struct arena arena;
	struct scope s;

	arena_init(&arena, 1024);
	scope_init(&s, &arena, clock_mono_ms() + DIAL_MS, clock_wall_us());
	n->connected = db_listen(n->db, &s, channels, 2);
	if (n->connected)
		db_show(n->db, &s, "jobtail.notify", n->setting,
		    sizeof(n->setting));
	memcpy(n->cause, s.cause, sizeof(n->cause));
	arena_release(&arena);
	if (write(n->dialled, &one, sizeof(one)) == -1)
		abort();
	return NULL;
}

static void
start_dialling(struct notices *n)
{
	n->state = DIALLING;
	if (pthread_create(&n->dialler, NULL, dial, n) != 0)
		abort();
}

/* Until it is back, everybody is looked at every second. */
static void
retry_later(struct notices *n, const char *cause)
{
	n->hub->hears = false;
	n->state = AWAY;
	n->backoff_ms = n->backoff_ms == 0 ? BACKOFF_LEAST_MS
					   : 2 * n->backoff_ms;
	if (n->backoff_ms > BACKOFF_MOST_MS)
		n->backoff_ms = BACKOFF_MOST_MS;
	n->retry_at_ms = clock_mono_ms() + n->backoff_ms;
	if (!n->was_lost)
		log_line(LEVEL_NOTICE, "listen lost cause=\"%s\"", cause);
	n->was_lost = true;
}

static void
hang_up(struct notices *n, const char *cause)
{
	db_hang_up(n->db);
	retry_later(n, cause);
}

/* --- the heartbeat --- */

static bool
is_switched_off(const struct notices *n)
{
	static const char *const words[] = {"off", "false", "no", "0"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(n->setting, words[i]) == 0)
			return true;
	return false;
}

static void
beat(struct notices *n, int64_t now_ms)
{
	if (!db_notify(n->db, HEARTBEAT, n->word)) {
		hang_up(n, "it took no heartbeat");
		return;
	}
	n->beat_at_ms = now_ms + BEAT_MS;
	n->echo_by_ms = now_ms + ECHO_MS;
}

static void
take_echo(struct notices *n)
{
	n->echo_by_ms = 0;
	n->backoff_ms = 0;
	n->hub->hears = !is_switched_off(n);
	if (n->was_lost)
		log_line(LEVEL_NOTICE, "listen again");
	n->was_lost = false;
}

static void
end_dialling(struct notices *n)
{
	uint64_t count;

	if (read(n->dialled, &count, sizeof(count)) == -1)
		return;
	pthread_join(n->dialler, NULL);
	if (!n->connected) {
		retry_later(n, n->cause);
		return;
	}
	n->state = LISTENING;
	watch(n, db_listen_fd(n->db));
	if (is_switched_off(n))
		log_line(LEVEL_NOTICE, "listen setting=jobtail.notify "
		    "value=%s", n->setting);
	/* what happened before is looked for by hand */
	hub_doubt(n->hub, clock_mono_ms());
	beat(n, clock_mono_ms());
}

/* --- hearing --- */

/* "jobtail 01ARZ3NDEKTSV4RRFFQ69G5FAV 12" */
static bool
take_notice(struct notices *n, const char *payload)
{
	static const struct text schemas[N_DATA_SETS] = {
	    [DATA_LIVE] = TEXT("jobtail"),
	    [DATA_TEST] = TEXT("jobtail_test"),
	};
	struct text rest = text_of(payload), schema, id;
	char ulid[ULID_SIZE + 1];
	int64_t seq;

	if (!text_cut(&schema, &rest, ' ') || !text_cut(&id, &rest, ' ')
	    || !ulid_parse(ulid, id) || rest.data == NULL
	    || cursor_parse(&seq, rest) != CURSOR_OK)
		return false;
	for (int i = 0; i < N_DATA_SETS; i++) {
		if (text_equal(schema, schemas[i])) {
			hub_hear(n->hub, (enum data_set)i, text_of(ulid), seq,
			    clock_mono_ms());
			return true;
		}
	}
	return false;
}

static void
hear(void *whom, const char *channel, const char *payload)
{
	struct notices *n = whom;

	if (strcmp(channel, HEARTBEAT) != 0) {
		if (!take_notice(n, payload))
			hub_doubt(n->hub, clock_mono_ms());
	} else if (strcmp(payload, n->word) == 0) {
		take_echo(n);
	}
}

void
notices_take_event(struct notices *n)
{
	if (n->state == DIALLING)
		end_dialling(n);
	else if (n->state == LISTENING && !db_hear(n->db, hear, n))
		hang_up(n, "the connection broke");
}

/* --- time --- */

void
notices_end_round(struct notices *n)
{
	int64_t now_ms = clock_mono_ms();

	if (n->state == AWAY && n->retry_at_ms <= now_ms)
		start_dialling(n);
	else if (n->state == LISTENING && n->echo_by_ms != 0
	    && n->echo_by_ms <= now_ms)
		hang_up(n, "it did not hear its own heartbeat");
	else if (n->state == LISTENING && n->beat_at_ms <= now_ms)
		beat(n, now_ms);
}

int64_t
notices_next_deadline(const struct notices *n)
{
	switch (n->state) {
	case AWAY: return n->retry_at_ms;
	case LISTENING:
		return n->echo_by_ms != 0 ? n->echo_by_ms : n->beat_at_ms;
	default: return INT64_MAX;
	}
}

void
notices_free(struct notices *n)
{
	struct timespec until;

	if (n == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_WAIT_S;
	if (n->state == DIALLING
	    && pthread_timedjoin_np(n->dialler, NULL, &until) != 0)
		return; /* stuck in foreign code, and the process ends */
	db_free(n->db);
	close(n->dialled);
	free(n);
}
