/* Workers and a reactor in a few lines. */
#include "crowd.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
fail(struct crowd *c, const char *fault)
{
	if (c->fault == NULL)
		c->fault = fault;
}

void
crowd_init(struct crowd *c)
{
	*c = (struct crowd){.now_ms = 1000000};
	hub_init(&c->hub, CROWD_EVENTS, 4 << 20);
	TAILQ_INIT(&c->members);
	TAILQ_INIT(&c->glances);
	for (int i = 0; i < CROWD_JOBS; i++) {
		struct crowd_job *job = &c->jobs[i];

		/* two have the same name, in different data sets */
		job->data_set = i == 1 ? DATA_TEST : DATA_LIVE;
		job->tenant_id = 100 + i;
		job->job_id = 1000 - i;
		snprintf(job->public_id, sizeof(job->public_id),
		    "01ARZ3NDEKTSV4RRFFQ69G5%03d", i == 1 ? 0 : i);
		job->last_seq = job->public_seq = 1;
	}
}

static void
leave(struct crowd *c, struct member *m)
{
	if (m->joined)
		hub_leave(&c->hub, &m->waiter);
	TAILQ_REMOVE(&c->members, m, entry);
	c->n_members--;
	free(m);
}

void
crowd_release(struct crowd *c)
{
	struct member *m;

	crowd_finish(c);
	while ((m = TAILQ_FIRST(&c->members)) != NULL)
		leave(c, m);
	for (size_t i = 0; i < HUB_BUCKETS; i++)
		if (!LIST_EMPTY(&c->hub.jobs.buckets[i]))
			fail(c, "a job that nobody waits for was kept");
	if (c->hub.n_waiters != 0)
		fail(c, "waiters are counted that are none");
	hub_release(&c->hub);
}

int64_t
crowd_append(struct crowd_job *job, bool is_public)
{
	job->last_seq++;
	if (is_public)
		job->public_seq = job->last_seq;
	return job->last_seq;
}

void
crowd_hear(struct crowd *c, const struct crowd_job *job, int64_t seq)
{
	hub_hear(&c->hub, job->data_set, text_of(job->public_id), seq,
	    c->now_ms);
}

/* --- members --- */

struct member *
crowd_ask(
    struct crowd *c, struct crowd_job *job, enum form form, int64_t key_id)
{
	struct member *m = memory_new(sizeof(*m));
	struct hold *h = &m->waiter.hold;

	m->job = job;
	m->stamp = hub_stamp(&c->hub);
	h->form = form;
	h->who.data_set = job->data_set;
	h->who.tenant_id = job->tenant_id;
	h->who.key_id = key_id;
	h->who.key_sha256[0] = (uint8_t)key_id;
	memcpy(h->route.id, job->public_id, sizeof(h->route.id));
	h->job_id = job->job_id;
	h->last_seq = job->last_seq;
	h->has_cursor = true;
	h->cursor = job->public_seq;
	TAILQ_INSERT_TAIL(&c->members, m, entry);
	c->n_members++;
	return m;
}

void
crowd_keep_page(struct member *m, int64_t cursor, int64_t limit)
{
	struct hold *h = &m->waiter.hold;
	int64_t most = limit > 0 ? limit : CROWD_EVENTS;
	int64_t n = m->job->last_seq - cursor;

	h->has_page = true;
	h->cursor = cursor;
	h->page_events = (size_t)(n < most ? n : most);
	h->route.params.of[PARAM_LIMIT] =
	    (struct param){.given = limit > 0, .value = limit};
}

/* As the reactor does: on with it, or away. */
static void
settle(struct crowd *c, struct member *m)
{
	if (m->hung_up) {
		leave(c, m);
		return;
	}
	if (m->waiter.wrote && m->slow)
		m->waiter.is_blocked = true;
	else
		hub_settle(&c->hub, &m->waiter, c->now_ms);
	m->waiter.wrote = false;
}

void
crowd_join(struct crowd *c, struct member *m)
{
	m->joined = true;
	m->waiter.is_blocked = true;
	hub_join(&c->hub, &m->waiter, m->stamp, c->now_ms);
	settle(c, m);
}

void
crowd_resume(struct crowd *c, struct member *m)
{
	if (m->waiter.is_blocked)
		settle(c, m);
}

void
crowd_hang_up(struct crowd *c, struct member *m)
{
	m->hung_up = true;
	if (!m->waiter.lent)
		leave(c, m);
}

/* --- looks --- */

static struct member *
member_of(struct waiter *w)
{
	return (struct member *)(void *)((char *)w
	    - offsetof(struct member, waiter));
}

static bool
is_same_page(const struct hold *a, const struct hold *b)
{
	const struct param *x = &a->route.params.of[PARAM_LIMIT];
	const struct param *y = &b->route.params.of[PARAM_LIMIT];

	return a->has_cursor == b->has_cursor && a->cursor == b->cursor
	    && x->given == y->given && x->value == y->value;
}

/* From now on the waiters' holds are a worker's: who reads one gets rubbish. */
static void
hide(const struct look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct member *m = member_of(l->waiters[i]);

		m->held = m->waiter.hold;
		memset(&m->waiter.hold, 0x55, sizeof(m->waiter.hold));
	}
}

static void
show(const struct look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct member *m = member_of(l->waiters[i]);

		m->waiter.hold = m->held;
	}
}

static void
check_look(struct crowd *c, const struct look *l)
{
	const struct hold *first = &l->waiters[0]->hold;

	if (l->n == 0 || l->n > LOOK_MAX)
		fail(c, "a look for nobody, or for too many");
	for (size_t i = 0; i < l->n; i++) {
		struct member *m = member_of(l->waiters[i]);
		const struct hold *h = &m->waiter.hold;

		if (m->in_look)
			fail(c, "a waiter is in two looks");
		if (m->waiter.is_blocked)
			fail(c, "a look at one whose peer is slow");
		if (!m->waiter.lent || m->waiter.job != l->job)
			fail(c, "a waiter is not the look's");
		if (h->has_page != first->has_page
		    || (h->has_page && !is_same_page(h, first)))
			fail(c, "a look at two kinds of pages");
		if (l->span.has_since
		    && (!h->has_cursor || h->cursor < l->span.since))
			fail(c, "a look that begins behind a cursor");
		m->in_look = true;
	}
	c->n_looks++;
	c->n_looked_at += l->n;
}

void
crowd_push(struct crowd *c)
{
	struct look *l;

	while ((l = hub_next_look(&c->hub, c->now_ms)) != NULL) {
		struct glance *g = memory_new(sizeof(*g));

		check_look(c, l);
		hide(l);
		g->look = l;
		TAILQ_INSERT_TAIL(&c->glances, g, entry);
	}
	if (c->patrol == NULL) {
		c->patrol = hub_next_patrol(&c->hub, c->now_ms);
		c->patrol_done = false;
		c->n_patrols += c->patrol != NULL;
	} else if (hub_next_patrol(&c->hub, c->now_ms) != NULL) {
		fail(c, "two patrols at once");
	}
}

static bool
is_dead(const struct crowd *c, const struct hold *h)
{
	return c->dead_keys >> h->who.key_id & 1;
}

/* How far a page of so many events reaches; numbers stand for events here. */
static int64_t
page_end(const struct hold *h, int64_t end)
{
	const struct param *limit = &h->route.params.of[PARAM_LIMIT];

	return limit->given && end > h->cursor + limit->value
	    ? h->cursor + limit->value : end;
}

static bool
is_news(const struct crowd_job *job, const struct hold *h, int64_t end)
{
	if (h->has_page)
		return page_end(h, end) - h->cursor > (int64_t)h->page_events;
	return job->public_seq > h->cursor && end > h->cursor;
}

/* One waiter's part of what was read up to "end"; as feed() and stream() see
 * it. */
static void
answer(struct crowd *c, struct waiter *w, const struct look *l, int64_t end)
{
	const struct crowd_job *job = member_of(w)->job;
	struct hold *h = &w->hold;
	bool news = is_news(job, h, end);

	w->verdict = VERDICT_HOLD;
	w->wrote = false;
	if (is_dead(c, h) || (l->reached && job->gone)) {
		w->verdict = VERDICT_ANSWER;
	} else if (l->reached) {
		if (h->form == FORM_JSON && (news || w->is_last_look))
			w->verdict = VERDICT_ANSWER;
		if (news)
			h->cursor = end;
		w->wrote = news;
		h->more = h->form != FORM_JSON && end < job->last_seq;
		if (job->closed && !h->more)
			w->verdict = VERDICT_ANSWER;
		h->last_seq = job->last_seq;
	} else if (w->is_last_look) {
		w->verdict = VERDICT_ANSWER;
	}
	w->wrote = w->wrote || w->verdict == VERDICT_ANSWER;
}

void
crowd_run(struct crowd *c, struct glance *g, bool reached)
{
	struct look *l = g->look;
	const struct crowd_job *job = member_of(l->waiters[0])->job;
	int64_t end = job->last_seq;

	if (end > l->span.since + l->span.max_events)
		end = l->span.since + l->span.max_events;
	show(l);
	g->done = true;
	l->reached = reached;
	l->found = reached && !job->gone;
	l->cut = l->found && end < job->last_seq;
	l->last_seq = job->last_seq;
	for (size_t i = 0; i < l->n; i++)
		answer(c, l->waiters[i], l, end);
	hide(l);
}

void
crowd_take(struct crowd *c, struct glance *g)
{
	struct look *l = g->look;

	TAILQ_REMOVE(&c->glances, g, entry);
	free(g);
	show(l);
	for (size_t i = 0; i < l->n; i++)
		l->news = l->news || l->waiters[i]->wrote;
	hub_take_look(&c->hub, l, c->now_ms);
	for (size_t i = 0; i < l->n; i++) {
		struct member *m = member_of(l->waiters[i]);

		m->in_look = false;
		m->waiter.lent = false;
		if (m->waiter.verdict == VERDICT_ANSWER) {
			c->n_answered++;
			leave(c, m);
		} else {
			settle(c, m);
		}
	}
	hub_end_look(&c->hub, l, c->now_ms);
}

/* --- patrols --- */

static int
compare(const void *a, const void *b)
{
	const struct tail *x = a, *y = b;

	return (x->job_id > y->job_id) - (x->job_id < y->job_id);
}

static void
see_tail(struct tail *tail, const struct crowd *c, int data_set)
{
	for (int i = 0; i < CROWD_JOBS; i++) {
		const struct crowd_job *job = &c->jobs[i];

		if (job->job_id != tail->job_id || job->gone
		    || (int)job->data_set != data_set)
			continue;
		tail->state = job->closed ? TAIL_CLOSED : TAIL_OPEN;
		tail->last_seq = job->last_seq;
	}
}

static void
see_key(struct key *key, struct crowd *c)
{
	if (key->sha256[1] != 0)
		fail(c, "a patrol for a waiter that a worker has");
	else if (c->dead_keys >> key->sha256[0] & 1)
		key->state = KEY_DOUBTFUL;
}

void
crowd_run_patrol(struct crowd *c, bool reached)
{
	struct patrol *p = c->patrol;

	c->patrol_done = true;
	p->reached = reached;
	for (int i = 0; i < N_DATA_SETS; i++) {
		struct patrol_part *part = &p->of[i];

		if (part->n_tails > 0)
			qsort(part->tails, part->n_tails, sizeof(struct tail),
			    compare);
		for (size_t j = 0; reached && j < part->n_tails; j++)
			see_tail(&part->tails[j], c, i);
		keys_sort(&part->keys);
		for (size_t j = 0; reached && j < part->keys.n; j++)
			see_key(&part->keys.list[j], c);
	}
}

void
crowd_take_patrol(struct crowd *c)
{
	hub_take_patrol(&c->hub, c->patrol, c->now_ms);
	patrol_free(c->patrol);
	c->patrol = NULL;
}

/* --- time --- */

void
crowd_finish(struct crowd *c)
{
	struct glance *g;

	while ((g = TAILQ_FIRST(&c->glances)) != NULL) {
		if (!g->done)
			crowd_run(c, g, !c->away);
		crowd_take(c, g);
	}
	if (c->patrol != NULL) {
		if (!c->patrol_done)
			crowd_run_patrol(c, !c->away);
		crowd_take_patrol(c);
	}
}

/* A look takes a millisecond, so one that comes again and again is seen. */
void
crowd_pass(struct crowd *c, int64_t ms, bool patrols)
{
	for (int64_t end_ms = c->now_ms + ms; c->now_ms < end_ms; c->now_ms++) {
		if (!patrols)
			c->hub.next_tails_ms = c->hub.next_keys_ms = INT64_MAX;
		crowd_push(c);
		crowd_finish(c);
	}
}

static bool
has_news(const struct member *m)
{
	const struct hold *h = &m->waiter.hold;
	int64_t end = m->job->last_seq;

	if (h->has_page && end > h->cursor + CROWD_EVENTS)
		end = h->cursor + CROWD_EVENTS;
	return is_news(m->job, h, end);
}

const char *
crowd_lag(const struct crowd *c)
{
	const struct member *m;

	TAILQ_FOREACH(m, &c->members, entry) {
		const struct hold *h = &m->waiter.hold;

		if (!m->joined || m->waiter.is_blocked)
			continue;
		if (m->in_look || m->waiter.lent)
			return "somebody is still looked at";
		if (h->last_seq != m->job->last_seq)
			return "a ready waiter is behind its job";
		if (has_news(m))
			return "an event was not told";
		if (h->more)
			return "a stream has more to tell";
		if (m->job->gone || m->job->closed)
			return "somebody waits for a job that has ended";
		if (is_dead(c, h))
			return "somebody waits with a key that is dead";
	}
	return NULL;
}
