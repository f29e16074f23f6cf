/* Patrols: what is asked for both data sets, in which order, and what is known
 * when some of it is refused or does not come in time. */
#include "server/patrol.h"

#include "adapters/db.h"
#include "api/app.h"
#include "backend.h"
#include "base/log.h"
#include "base/seldom.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOO_LONG_S = 60, N_QUESTIONS = 4, N_EACH = 2, LAST_SEQ = 7 };

#define KEYS "keys_alive test.keys_alive "
#define ALL KEYS "job_tails test.job_tails "

static struct app app;
static struct arena arena;
static struct patrol *patrol;

/* --- the database --- */

/* What it does with the questions, in the order of ALL: it answers (+),
 * refuses (!) or is slow (~). */
static const char *moods;

static char
mood_of(struct text sql)
{
	static const char *const questions[N_QUESTIONS] = {
	    "jobtail.keys_alive", "jobtail_test.keys_alive",
	    "jobtail.job_tails", "jobtail_test.job_tails"};

	for (int i = 0; i < N_QUESTIONS; i++)
		if (memmem(sql.data, sql.size, questions[i],
			strlen(questions[i])) != NULL)
			return moods[i];
	return '?';
}

/* Of the keys, the first one lives. */
static void
name_key(struct backend_reply *r)
{
	static const char sha256[CRYPTO_SHA256_SIZE] = {0};
	const struct text cell = {sha256, sizeof(sha256)};

	backend_row(r, &cell, 1);
}

static void
say_tails(struct backend_reply *r)
{
	for (int i = 0; i < N_EACH; i++) {
		const struct text cells[] = {backend_int8(i),
		    backend_int8(LAST_SEQ), TEXT("\0")};

		backend_row(r, cells, 3);
	}
}

static void
answer(struct backend_reply *r, const struct backend_query *q)
{
	switch (mood_of(q->sql)) {
	case '!': r->sqlstate = "42883"; break; /* undefined_function */
	case '~': pause(); break;
	default:
		if (memmem(q->sql.data, q->sql.size, "keys", 4) != NULL)
			name_key(r);
		else
			say_tails(r);
	}
}

/* --- those who wait --- */

/* Two jobs and two keys in each data set, the last ones first. */
static void
fill(bool with_jobs, bool with_keys, int n_sets)
{
	static const size_t n[N_DATA_SETS] = {N_EACH, N_EACH};

	patrol = patrol_new(n, n);
	for (int i = 0; i < n_sets; i++) {
		struct patrol_part *part = &patrol->of[i];

		for (int k = N_EACH - 1; k >= 0; k--) {
			struct principal who = {.data_set = (enum data_set)i,
			    .key_sha256 = {(uint8_t)k}};

			if (with_jobs)
				part->tails[part->n_tails++].job_id = k;
			if (with_keys)
				keys_add(&part->keys, &who);
		}
	}
}

static void
put_key(struct buf *out, enum data_set data_set, int k)
{
	static const char letters[] = {
	    [KEY_LIVES] = 'l', [KEY_DOUBTFUL] = 'd', [KEY_DEAD] = 'x'};
	const struct principal who = {.key_sha256 = {(uint8_t)k}};
	const struct key *key = keys_find(&patrol->of[data_set].keys, &who);

	buf_char(out, key == NULL ? '-' : letters[key->state]);
}

static void
put_tail(struct buf *out, enum data_set data_set, int k)
{
	static const char letters[] = {
	    [TAIL_UNKNOWN] = '?', [TAIL_OPEN] = 'o', [TAIL_CLOSED] = 'c'};
	const struct patrol_part *part = &patrol->of[data_set];
	const struct tail *tail = tails_find(part->tails, part->n_tails, k);

	buf_char(out, tail == NULL ? '-' : letters[tail->state]);
}

/* Both keys and both jobs of a data set, and those of the other: "ldoo ldoo"
 * is a key that lives, a doubtful one and two open jobs in each. */
static void
is_known(const char *want, bool reached)
{
	struct buf got = {0};

	for (int i = 0; i < N_DATA_SETS; i++) {
		if (i > 0)
			buf_char(&got, ' ');
		for (int k = 0; k < N_EACH; k++)
			put_key(&got, (enum data_set)i, k);
		for (int k = 0; k < N_EACH; k++)
			put_tail(&got, (enum data_set)i, k);
	}
	is_text(buf_as_text(&got), text_of(want), "known: %s", want);
	is_int(patrol->reached, reached, "the database is there, or not");
	buf_release(&got);
}

/* What the log gets meanwhile: the first letters of the lines' levels. */
static const char *
run(int times)
{
	static char levels[20];
	char text[4096], *line = text;
	int ends[2], error = dup(STDERR_FILENO);
	size_t n = 0;
	ssize_t size;

	if (error == -1 || pipe2(ends, O_NONBLOCK) == -1
	    || dup2(ends[1], STDERR_FILENO) == -1)
		abort();
	while (times-- > 0)
		patrol_run(patrol, &app, &arena);
	if (dup2(error, STDERR_FILENO) == -1)
		abort();
	size = read(ends[0], text, sizeof(text) - 1);
	text[size < 0 ? 0 : size] = '\0';
	while (n + 1 < sizeof(levels) && (line = strstr(line, "]: ")) != NULL)
		levels[n++] = *(line += 3);
	levels[n] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(error);
	return levels;
}

static const char *
run_with_database(struct backend *b, int times)
{
	struct db_settings settings = {.prepare = DB_PREPARE_OFF};
	const char *levels;

	backend_start(b, answer);
	settings.conninfo = b->conninfo;
	app.db = db_new(&settings);
	app.patrols = seldom_new();
	levels = run(times);
	seldom_free(app.patrols);
	db_free(app.db);
	(void)backend_asked(b);
	backend_stop(b);
	return levels;
}

/* --- what is asked, and what comes of it --- */

static void
test_moods(void)
{
	static const struct {
		const char *moods, *asked, *known;
		bool reached;
		const char *levels; /* in the log: errors, notices */
	} cases[] = {
	    {"++++", ALL, "ldoo ldoo", true, ""},
	    {"!+++", ALL, "ddoo ldoo", true, "e"},
	    {"+!+!", ALL, "ldoo dd??", true, "ee"},
	    {"!!!!", ALL, "dd?? dd??", true, "eeee"},
	    /* whoever is slow has no influence on keys but his own */
	    {"++~+", KEYS "job_tails ", "ld?? ld??", true, "n"},
	    {"+++~", ALL, "ldoo ld??", true, "n"},
	    /* nor does it hide what else is wrong */
	    {"+!~+", KEYS "job_tails ", "ld?? dd??", true, "en"},
	    {"~+++", "keys_alive ", "ll?? ll??", false, ""},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct backend b;

		moods = cases[i].moods;
		fill(true, true, N_DATA_SETS);
		is_str(run_with_database(&b, 1), cases[i].levels,
		    "%s: said in the log, or not", moods);
		is_str(b.names, cases[i].asked, "asked: %s", cases[i].asked);
		is_known(cases[i].known, cases[i].reached);
		patrol_free(patrol);
	}
}

/* What nobody waits for is not asked. */
static void
test_parts(void)
{
	static const struct {
		bool with_jobs, with_keys;
		int n_sets;
		const char *asked, *known;
		bool reached;
	} cases[] = {
	    {true, false, 2, "job_tails test.job_tails ", "--oo --oo", true},
	    {true, true, 1, "keys_alive job_tails ", "ldoo ----", true},
	    {false, true, 2, KEYS, "ld-- ld--", true},
	    {false, false, 2, "", "---- ----", false},
	};

	moods = "++++";
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct backend b;

		fill(cases[i].with_jobs, cases[i].with_keys, cases[i].n_sets);
		(void)run_with_database(&b, 1);
		is_str(b.names, cases[i].asked, "asked: %s", cases[i].asked);
		is_known(cases[i].known, cases[i].reached);
		patrol_free(patrol);
	}
}

/* It is the same at each patrol, and there is one a second. */
static void
test_lines(void)
{
	struct backend b;

	moods = "!!!+";
	fill(true, true, N_DATA_SETS);
	is_str(run_with_database(&b, 3), "eee",
	    "in three patrols, a line for each that was refused");
	patrol_free(patrol);
}

int
main(void)
{
	alarm(TOO_LONG_S);
	log_open(LOG_TO_STDERR, LEVEL_NOTICE);
	arena_init(&arena, 4096);
	test_moods();
	test_parts();
	test_lines();
	arena_release(&arena);
	return tap_done();
}
