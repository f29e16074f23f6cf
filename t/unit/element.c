/* The elements of stores' errors, and of what is none. */
#include "ctl/element.h"

#include "base/arena.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void
is_found(const char *document, const char *name, const char *want,
    const char *what)
{
	is_text(element_find(&arena, text_of(document), name), text_of(want),
	    "%s", what);
	arena_reset(&arena);
}

static void
test_found(void)
{
	static const char document[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<Error xmlns=\"x\"><Code>NoSuchKey</Code><Message></Message>"
	    "<Key>a &amp; b</Key>\n  <HostId>\n\t x y \r\n</HostId>"
	    "<Code>second</Code></Error>";

	is_found(document, "Code", "NoSuchKey", "the first of that name");
	is_found(document, "Message", "", "one without text");
	is_found(document, "Key", "a & b", "a reference");
	is_found(document, "HostId", "x y", "white space at its ends");
	is_found(document, "Error", NULL, "one that holds others");
	is_found(document, "Cod", NULL, "the beginning of a name");
	is_found(document, "ode", NULL, "the end of one");
	is_found(document, "Region", NULL, "one that is not there");
}

static void
test_references(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"&lt;&gt;&amp;&quot;&apos;", "<>&\"'"},
	    {"&#39;&#x27;&#X27;&#x2F;", "''&#X27;/"},
	    {"&amp;lt;", "&lt;"},
	    {"&#xA;x&#9;", "\nx\t"},
	    {"&#0;&#x0;", "&#0;&#x0;"},
	    {"&#128;&#xe9;&#99999999999999999999;",
		"&#128;&#xe9;&#99999999999999999999;"},
	    {"&;&#;&#x;&#39&#x27&lt", "&;&#;&#x;&#39&#x27&lt"},
	    {"&nbsp; & gr\xc3\xbc\xc3\x9f", "&nbsp; & gr\xc3\xbc\xc3\x9f"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		char document[200] = "<a>";

		strcat(document, cases[i].in);
		strcat(document, "</a>");
		is_found(document, "a", cases[i].out, cases[i].in);
	}
}

static void
test_broken(void)
{
	static const char *const documents[] = {
	    "", "<", "<a", "<a>", "<a>x", "<a>x<", "<a>x</", "<a>x</a",
	    "<a>x</b>", "<a>x<b/></a>", "a>x</a>", "<a/>", "<a >x</a>",
	    "< a>x</a>",
	};

	for (size_t i = 0; i < N_OF(documents); i++)
		is_found(documents[i], "a", NULL, documents[i]);
	is_found("<a><a>x</a></a>", "a", "x", "the inner one");
	is_found("<<a>x</a>", "a", "x", "behind what is none");
	is_text(element_find(&arena, (struct text){0}, "a"),
	    (struct text){0}, "no document");
}

/* Each cut of a document, in memory of just that size. */
static void
test_cuts(void)
{
	static const char document[] = "<a>&#x27;&amp;</a>";
	size_t n_found = 0;

	for (size_t size = 0; size < sizeof(document); size++) {
		char *copy = malloc(size + (size == 0));
		struct text t = {copy, size};

		memcpy(copy, document, size);
		n_found += element_find(&arena, t, "a").data != NULL;
		arena_reset(&arena);
		free(copy);
	}
	is_int((int64_t)n_found, 1, "found when it is whole");
}

int
main(void)
{
	arena_init(&arena, 4096);
	test_found();
	test_references();
	test_broken();
	test_cuts();
	arena_release(&arena);
	return tap_done();
}
