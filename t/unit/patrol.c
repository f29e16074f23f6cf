/* Patrols: what is asked for both data sets, in which order, and what is known
 * when some of it is refused or does not come in time. */
#include "server/patrol.h"

#include "adapters/db.h"
#include "api/app.h"
#include "backend.h"
#include "base/log.h"
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

/* Runs it; gives the number of lines that the log gets. */
static int
run(void)
{
	char text[4096];
	int ends[2], error = dup(STDERR_FILENO), n = 0;
	ssize_t size;

	if (error == -1 || pipe2(ends, O_NONBLOCK) == -1
	    || dup2(ends[1], STDERR_FILENO) == -1)
		abort();
	patrol_run(patrol, &app, &arena);
	if (dup2(error, STDERR_FILENO) == -1)
		abort();
	size = read(ends[0], text, sizeof(text));
	for (ssize_t i = 0; i < size; i++)
		n += text[i] == '\n';
	close(ends[0]);
	close(ends[1]);
	close(error);
	return n;
}

static int
run_with_database(struct backend *b)
{
	struct db_settings settings = {.prepare = DB_PREPARE_OFF};
	int n;

	backend_start(b, answer);
	settings.conninfo = b->conninfo;
	app.db = db_new(&settings);
	n = run();
	db_free(app.db);
	(void)backend_asked(b);
	backend_stop(b);
	return n;
}

/* --- what is asked, and what comes of it --- */

static void
test_moods(void)
{
	static const struct {
		const char *moods, *asked, *known;
		bool reached;
		int n_lines; /* at the level of errors */
	} cases[] = {
	    {"++++", ALL, "ldoo ldoo", true, 0},
	    {"!+++", ALL, "ddoo ldoo", true, 1},
	    {"+!+!", ALL, "ldoo dd??", true, 2},
	    {"!!!!", ALL, "dd?? dd??", true, 4},
	    /* whoever is slow has no influence on keys but his own */
	    {"++~+", KEYS "job_tails ", "ld?? ld??", true, 0},
	    {"+++~", ALL, "ldoo ld??", true, 0},
	    /* nor does it hide what else is wrong */
	    {"+!~+", KEYS "job_tails ", "ld?? dd??", true, 1},
	    {"~+++", "keys_alive ", "ll?? ll??", false, 0},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct backend b;

		moods = cases[i].moods;
		fill(true, true, N_DATA_SETS);
		is_int(run_with_database(&b), cases[i].n_lines,
		    "%s: so many lines in the log", moods);
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
		(void)run_with_database(&b);
		is_str(b.names, cases[i].asked, "asked: %s", cases[i].asked);
		is_known(cases[i].known, cases[i].reached);
		patrol_free(patrol);
	}
}

int
main(void)
{
	alarm(TOO_LONG_S);
	log_open(LOG_TO_STDERR, LEVEL_ERROR);
	arena_init(&arena, 4096);
	test_moods();
	test_parts();
	arena_release(&arena);
	return tap_done();
}
