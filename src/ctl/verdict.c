/* Finding the row of advice, and printing. */
#include "ctl/verdict.h"

#include "base/buf.h"
#include "ctl/advice.h"
#include "ctl/clue.h"
#include "ctl/facts.h"
#include "ctl/leak.h"

#include <string.h>

enum { WORDS_MAX = 300 };

/* --- finding the row --- */

static bool
has_phrase(struct text t, const char *phrase)
{
	return t.size > 0
	    && memmem(t.data, t.size, phrase, strlen(phrase)) != NULL;
}

static bool
holds(const struct symptom *row, const struct clues *c, const struct facts *f)
{
	return (row->status == 0 || row->status == f->reply->status)
	    && (row->code == NULL
		|| text_equal(text_of(row->code), f->code))
	    && (row->phrase == NULL
		|| has_phrase(f->code.size > 0 ? f->message : f->reply->body,
		    row->phrase))
	    && c->found[row->clue].data != NULL
	    && c->found[row->also].data != NULL;
}

static const struct symptom *
find(const struct symptom *row, const struct clues *c, const struct facts *f)
{
	while (row->advice != NULL && !holds(row, c, f))
		row++;
	return row;
}

static const struct obstacle *
find_obstacle(const struct clues *c, enum fetch_hurdle hurdle)
{
	const struct obstacle *row = advice_obstacles;

	while (row->advice != NULL
	    && (row->hurdle != hurdle || c->found[row->clue].data == NULL
		|| c->found[row->also].data == NULL))
		row++;
	return row;
}

/* --- printing --- */

static void
put_mark(struct buf *out, char mark, const struct facts *f)
{
	const char *words = advice_on_key(
	    mark, config_is_static(f->trial->store));

	if (words != NULL)
		buf_string(out, words);
	else
		buf_char(out, mark);
}

static void
put_advice(struct buf *out, const char *advice, const struct clues *c,
    const struct facts *f, enum clue clue)
{
	if (advice == NULL)
		return;
	buf_string(out, "; ");
	for (; *advice != '\0'; advice++)
		if (*advice == '$')
			buf_text(out, c->found[clue]);
		else if (*advice == '@')
			buf_text(out, c->found[CLUE_ADDRESS]);
		else
			put_mark(out, *advice, f);
}

/* The store's own words have a ceiling, and are no way for secrets. */
static void
put_words(
    struct buf *out, const char *before, struct text t, const struct facts *f)
{
	t = text_trim_end(t, " .");
	if (t.size > WORDS_MAX)
		t.size = WORDS_MAX;
	if (t.size == 0 || leak_is_in(t, f->trial->url, f->arena))
		return;
	buf_string(out, before);
	buf_text(out, t);
}

/* True: a good one. */
static bool
find_row(const struct symptom **row, const struct clues *c,
    const struct facts *f)
{
	*row = find(advice_of_good, c, f);
	if ((*row)->advice != NULL) {
		if (holds(&advice_on_clock, c, f))
			*row = &advice_on_clock;
		return true;
	}
	*row = find(f->trial->store->store == STORE_S3
		? advice_of_s3 : advice_of_links, c, f);
	return false;
}

static bool
print_answer(struct buf *out, const struct clues *c, const struct facts *f)
{
	const struct symptom *row;
	bool is_good = find_row(&row, c, f);

	buf_int(out, f->reply->status);
	put_words(out, " ", f->code, f);
	put_words(out, ": ", f->message, f);
	put_advice(out, row->advice, c, f, row->clue);
	return is_good;
}

static bool
print_silence(struct buf *out, const struct clues *c, const struct facts *f)
{
	const struct obstacle *row = find_obstacle(c, f->reply->hurdle);

	buf_string(out, "no answer");
	put_words(out, ": ", f->reply->cause, f);
	put_advice(out, row->advice, c, f, row->clue);
	return false;
}

bool
verdict_print(struct buf *out, struct scope *s, const struct trial *t,
    const struct reply *r)
{
	struct facts f;
	struct clues c;

	facts_read(&f, s, t, r);
	clues_read(&c, &f);
	return r->status == 0 ? print_silence(out, &c, &f)
			      : print_answer(out, &c, &f);
}
