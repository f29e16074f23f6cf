/* Telling an operator what would happen. */
#include "server/check.h"

#include "adapters/crypto.h"
#include "adapters/db_listen.h"
#include "adapters/doc.h"
#include "adapters/fetch.h"
#include "api/principal.h"
#include "api/problem.h"
#include "api/timeline.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/provider.h"
#include "server/kit.h"
#include "server/worker.h"
#include "signing/store.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CHANNEL "jobtail_check"
#define WORD "hello"

void
check_print_version(void)
{
	printf("jobtail %s\nlibpq %d.%d\njson-c %s\n%s\n%s\n",
	    PACKAGE_VERSION, db_version() / 10000, db_version() % 10000,
	    doc_version(), crypto_version(), fetch_version());
}

/* Asks for a key that cannot exist: its answer is 401, from the database. */
static bool
check_data_set(const struct app *app, enum data_set data_set)
{
	struct principal nobody = {.data_set = data_set};
	struct timeline_query query = {.max_events = 1};
	struct timeline timeline;
	struct arena arena;
	struct scope s;
	bool ok;

	arena_init(&arena, 4096);
	scope_init(&s, &arena, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	timeline_ask(&timeline, &s, app, &nobody, &query);
	db_call(app->db, &timeline.call);
	(void)timeline_take(&timeline, &s, &nobody);
	ok = s.problem == &problem_bad_key && s.cause[0] == '\0';
	printf("database: %s keys: %s%s\n",
	    data_set == DATA_LIVE ? "sk_live_" : "sk_test_",
	    ok ? "ok" : "not to be used: ", s.cause);
	arena_release(&arena);
	return ok;
}

static void
hear_word(void *heard, const char *channel, const char *payload)
{
	(void)channel;
	*(bool *)heard = strcmp(payload, WORD) == 0;
}

/* Listens, and calls itself: whoever stands between may have swallowed it. */
static bool
hears_itself(struct db *db, struct scope *s)
{
	static const char *const channels[] = {CHANNEL};
	struct pollfd p = {.events = POLLIN};
	bool heard = false;

	if (!db_listen(db, s, channels, 1) || !db_notify(db, CHANNEL, WORD))
		return false;
	p.fd = db_listen_fd(db);
	while (!heard && poll(&p, 1, scope_left_ms(s)) > 0)
		if (!db_hear(db, hear_word, &heard))
			return false;
	return heard;
}

/* Not to hear is no fault: waiting requests are then looked at by hand. */
static void
check_notices(const struct config *config)
{
	struct db_settings settings = {
	    .conninfo = config->listen_database != NULL
		? config->listen_database : config->database,
	};
	struct db *db = db_new(&settings);
	struct arena arena;
	struct scope s;
	bool ok;

	arena_init(&arena, 4096);
	scope_init(&s, &arena, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	ok = hears_itself(db, &s);
	printf("notices: %s%s%s\n", ok ? "ok" : "not heard, so whoever waits "
	    "is looked at once a second: ", s.cause, ok || s.cause[0] != '\0'
	    ? "" : "is a pooler in between? set listen_database");
	db_free(db);
	arena_release(&arena);
}

/* --- credentials --- */

static void
print_found(const struct credentials *c)
{
	struct buf end = {0};

	printf("ok, key %s", c->access_key_id);
	if (c->ends_at != CREDENTIALS_NO_END) {
		clock_print_rfc3339(&end, c->ends_at * CLOCK_US);
		printf(" until %.*s", (int)end.size, end.data);
	}
	putchar('\n');
	buf_release(&end);
}

static void
print_step(void *store, const struct chain_step *step)
{
	const struct store *s = store;
	bool has_name = s->name[0] != '\0';

	printf("credentials: %s%s%s%s: ", has_name ? "store " : "", s->name,
	    has_name ? ": " : "", step->source->name);
	if (step->found == FOUND)
		print_found(step->credentials);
	else
		printf("%s: %s\n", step->found == FOUND_NOTHING
		    ? "nothing" : "not to be used", step->why);
}

bool
check_credentials(const struct kit *kit)
{
	bool ok = true;

	for (size_t i = 0; i < kit->stores.n; i++) {
		struct store *store = &kit->stores.list[i];

		if (store->provider != NULL
		    && !provider_check(store->provider, print_step, store))
			ok = false;
	}
	return ok;
}

bool
check_database(const struct kit *kit)
{
	struct app app;
	bool live;

	kit_open(&app, kit);
	live = check_data_set(&app, DATA_LIVE);
	(void)check_data_set(&app, DATA_TEST);
	kit_close(&app);
	if (live && (kit->config->wait_max > 0 || kit->config->sse_max > 0))
		check_notices(kit->config);
	return live;
}
