/* Telling an operator what would happen. */
#include "server/check.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "adapters/doc.h"
#include "api/principal.h"
#include "api/problem.h"
#include "api/timeline.h"
#include "base/clock.h"
#include "base/scope.h"
#include "server/kit.h"
#include "server/worker.h"

#include <stdio.h>

void
check_print_version(void)
{
	printf("jobtail %s\nlibpq %d.%d\njson-c %s\n%s\n", PACKAGE_VERSION,
	    db_version() / 10000, db_version() % 10000, doc_version(),
	    crypto_version());
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

bool
check_database(const struct kit *kit)
{
	struct app app;
	bool live;

	kit_open(&app, kit);
	live = check_data_set(&app, DATA_LIVE);
	(void)check_data_set(&app, DATA_TEST);
	kit_close(&app);
	return live;
}
