/* Tasks from the reactor to workers and back, with real threads. */
#include "server/queue.h"

#include "base/memory.h"
#include "tap.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, TASKS = 20000, TOO_LONG_S = 60 };

static struct queue *queue;

static struct task *
new_task(int number, bool keep)
{
	struct task *t = memory_new(sizeof(*t));

	t->fd = number;
	t->keep = keep;
	buf_string(&t->parameters, "x");
	return t;
}

static void *
work(void *argument)
{
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	struct task *t;

	(void)argument;
	while (queue_pop(&list, queue, THREADS, 8)) {
		while ((t = STAILQ_FIRST(&list)) != NULL) {
			STAILQ_REMOVE_HEAD(&list, next);
			queue_give_back(queue, t);
		}
	}
	return NULL;
}

static bool
is_awake(void)
{
	struct pollfd p = {.fd = queue_fd(queue), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void
free_all(struct task_list *list)
{
	struct task *t;

	while ((t = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		task_free(t);
	}
}

/* How many a worker takes, when that many wait. */
static void
test_shares(void)
{
	static const struct {
		int waiting;
		size_t n, most;
		int taken;
	} cases[] = {
	    {1, 4, 8, 1},
	    {4, 4, 8, 1},
	    {5, 4, 8, 2},
	    {32, 4, 8, 8},
	    {33, 4, 8, 8},
	    {3, 1, 8, 3},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct task_list list = STAILQ_HEAD_INITIALIZER(list);
		struct task *t;
		int n = 0;

		for (int k = 0; k < cases[i].waiting; k++)
			queue_push(queue, new_task(k, true));
		ok(queue_pop(&list, queue, cases[i].n, cases[i].most),
		    "%d wait", cases[i].waiting);
		STAILQ_FOREACH(t, &list, next)
			is_int(t->fd, n++, "in their order");
		is_int(n, cases[i].taken, "a share of them");
		if (n < cases[i].waiting)
			(void)queue_pop(&list, queue, 1, 64);
		free_all(&list);
	}
}

static void
push_kind(enum task_kind kind, int number)
{
	struct task *t = new_task(number, true);

	t->kind = kind;
	queue_push(queue, t);
}

/* What a worker takes, in one turn after the other: "r0 r1 l0" are two
 * requests and a look. */
static void
is_turn(size_t n, size_t most, const char *want)
{
	static const char letters[] = {
	    [TASK_REQUEST] = 'r', [TASK_LOOK] = 'l', [TASK_PATROL] = 'p'};
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	struct buf got = {0};
	struct task *t;

	if (!queue_pop(&list, queue, n, most))
		abort();
	STAILQ_FOREACH(t, &list, next)
		buf_printf(&got, "%s%c%d", got.size == 0 ? "" : " ",
		    letters[t->kind], t->fd);
	is_text(buf_as_text(&got), text_of(want), "a turn: %s", want);
	buf_release(&got);
	free_all(&list);
}

/* However many looks there are, a request waits for one of them at most; and
 * however many requests, looks go on. A patrol is as good as a look, and comes
 * before all of them: there is one at a time, and it may be slow. */
static void
test_looks(void)
{
	for (int i = 0; i < 4; i++)
		push_kind(TASK_LOOK, i);
	is_turn(1, 8, "l0");
	for (int i = 0; i < 5; i++)
		push_kind(TASK_REQUEST, i);
	push_kind(TASK_PATROL, 5);
	is_turn(2, 8, "r0 r1 r2 p5");
	is_turn(1, 2, "r3 r4 l1");
	is_turn(4, 8, "l2");
	push_kind(TASK_PATROL, 6);
	is_turn(4, 8, "p6");
	is_turn(4, 8, "l3");
	push_kind(TASK_REQUEST, 7);
	is_turn(4, 8, "r7");
}

/* --- workers that sleep --- */

/* Takes one turn. */
struct sleeper {
	pthread_t thread;
	atomic_int tid;
	struct task_list list;
	atomic_bool woken;
};

static void *
sleep_once(void *argument)
{
	struct sleeper *s = argument;

	atomic_store(&s->tid, gettid());
	if (!queue_pop(&s->list, queue, 2, 8))
		abort();
	atomic_store(&s->woken, true);
	return NULL;
}

/* The state in /proc/PID/stat (proc(5)). */
static bool
is_asleep(int tid)
{
	char path[64], line[100] = "";
	ssize_t size = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = tid == 0 ? -1 : open(path, O_RDONLY);
	if (fd == -1)
		return false;
	size = read(fd, line, sizeof(line) - 1);
	close(fd);
	return size > 0 && strstr(line, ") S ") != NULL;
}

static void
start_sleeper(struct sleeper *s)
{
	*s = (struct sleeper){0};
	STAILQ_INIT(&s->list);
	if (pthread_create(&s->thread, NULL, sleep_once, s) != 0)
		abort();
	while (!is_asleep(atomic_load(&s->tid)))
		usleep(100);
}

/* Joins it; false if it has to be woken for that. */
static bool
end_sleeper(struct sleeper *s)
{
	bool woken;

	for (int i = 0; i < 2000 && !atomic_load(&s->woken); i++)
		usleep(1000);
	woken = atomic_load(&s->woken);
	if (!woken)
		push_kind(TASK_LOOK, 0);
	pthread_join(s->thread, NULL);
	return woken;
}

/* Work for two workers, both asleep: each has his own of it. Whoever is awake
 * first does not take it all, whatever comes first. */
static bool
is_shared(enum task_kind first, enum task_kind second)
{
	struct sleeper a, b;
	bool woken;

	start_sleeper(&a);
	start_sleeper(&b);
	push_kind(first, 0);
	push_kind(second, 1);
	woken = end_sleeper(&a);
	woken = end_sleeper(&b) && woken;
	free_all(&a.list);
	free_all(&b.list);
	return woken;
}

/* Behind a request, a look would wait for it. */
static void
test_sleepers(void)
{
	static const enum task_kind pairs[][2] = {{TASK_LOOK, TASK_REQUEST},
	    {TASK_REQUEST, TASK_LOOK}, {TASK_PATROL, TASK_REQUEST},
	    {TASK_LOOK, TASK_PATROL}};

	for (size_t i = 0; i < N_OF(pairs); i++) {
		int n = 0;

		while (n < 10 && is_shared(pairs[i][0], pairs[i][1]))
			n++;
		is_int(n, 10, "each of two workers is woken (%zu)", i);
	}
}

/* Who wakes the reactor, and who may be found later. */
static void
test_waking(void)
{
	static const struct {
		const char *what;
		bool keep, broken, rest, noticed, wakes;
	} cases[] = {
	    {"nothing is left to do", true, false, false, false, false},
	    {"to be closed", false, false, false, false, true},
	    {"broken", true, true, false, false, true},
	    {"not all was sent", true, false, true, false, true},
	    {"something has come", true, false, false, true, true},
	};
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct task *t = new_task(0, cases[i].keep);

		t->broken = cases[i].broken;
		if (cases[i].rest)
			buf_string(&t->rest.bytes, "rest");
		if (cases[i].noticed)
			queue_notice(queue, t);
		queue_give_back(queue, t);
		is_int(is_awake(), cases[i].wakes, "%s", cases[i].what);
		queue_clear_fd(queue);
		ok(!is_awake(), "cleared");
		queue_take_back(queue, &list);
		ok(STAILQ_FIRST(&list) == t, "taken back");
		free_all(&list);
	}
	queue_clear_fd(queue);
	queue_take_back(queue, &list);
	ok(STAILQ_EMPTY(&list), "nothing comes back twice");
}

static void
test_threads(void)
{
	struct task_list list = STAILQ_HEAD_INITIALIZER(list);
	pthread_t threads[THREADS];
	bool *seen = memory_new(TASKS * sizeof(*seen));
	int n_back = 0, n_twice = 0, n_turns = 0;
	struct task *t;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			abort();
	for (int i = 0; i < TASKS; i++) {
		t = new_task(i, i % 3 != 0);
		t->kind = i % 5 == 0 ? TASK_LOOK : TASK_REQUEST;
		queue_push(queue, t);
	}
	queue_wake_always(queue);
	while (n_back < TASKS && n_turns++ < 100000) {
		struct pollfd p = {.fd = queue_fd(queue), .events = POLLIN};

		(void)poll(&p, 1, 100);
		queue_clear_fd(queue);
		queue_take_back(queue, &list);
		while ((t = STAILQ_FIRST(&list)) != NULL) {
			STAILQ_REMOVE_HEAD(&list, next);
			n_twice += seen[t->fd];
			seen[t->fd] = true;
			n_back++;
			task_free(t);
		}
	}
	is_int(n_back, TASKS, "all tasks come back");
	is_int(n_twice, 0, "each once");
	queue_stop(queue);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(true, "a stopped queue lets its threads go");
	queue_push(queue, new_task(0, true));
	ok(!queue_pop(&list, queue, 1, 1), "and gives nothing more");
	free(seen);
}

int
main(void)
{
	alarm(TOO_LONG_S);
	queue = queue_new();
	test_shares();
	test_looks();
	test_sleepers();
	test_waking();
	test_threads();
	queue_free(queue); /* with the task that nobody popped */
	return tap_done();
}
