/* Artifacts as PostgreSQL prints them; members and elements. */
#include "adapters/doc.h"

#include "base/buf.h"
#include "base/scope.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* key|kind|role|label|meta, and @store if it is named; an absent label is a
 * dash. */
static void
describe(struct buf *out, const struct doc_artifacts *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct doc_artifact *a = &found->list[i];

		if (i > 0)
			buf_char(out, ';');
		buf_text(out, a->key);
		buf_char(out, '|');
		buf_text(out, a->kind);
		buf_char(out, '|');
		buf_text(out, a->role);
		buf_char(out, '|');
		buf_text(out, a->label.data == NULL ? TEXT("-") : a->label);
		buf_char(out, '|');
		buf_text(out, a->meta);
		if (a->store.data != NULL) {
			buf_char(out, '@');
			buf_text(out, a->store);
		}
	}
}

#define FULL \
	"{\"key\": \"k\", \"kind\": \"c\", \"meta\": {}, \"role\": \"r\", " \
	"\"label\": null}"
#define LEFT_OUT \
	"an artifact was left out: not {key, kind, role, label, meta, store}"
#define NO_ARRAY "artifacts are not an array"
#define META(json) \
	"[{\"key\": \"k\", \"kind\": \"c\", \"meta\": " json \
	", \"role\": \"r\"}]"

#define STORE(json) \
	"{\"key\": \"k\", \"kind\": \"c\", \"role\": \"r\", " \
	"\"store\": " json "}"

/* found is NULL for what is no array; cause "" for none. */
static const struct {
	const char *json, *found, *cause;
} cases[] = {
    {NULL, "", ""},
    {"[]", "", ""},
    {"[" FULL "]", "k|c|r|-|{}", ""},
    {"[" FULL ", " FULL "]", "k|c|r|-|{};k|c|r|-|{}", ""},
    {"[{\"key\": \"a/b.png\", \"kind\": \"on_model_render\", \"meta\": "
     "{\"w\": 640, \"h\": 480}, \"role\": \"final\", \"label\": \"Front\"}]",
	"a/b.png|on_model_render|final|Front|{\"w\": 640, \"h\": 480}", ""},
    /* spaces are PostgreSQL's habit, not a rule */
    {"[{\"key\":\"k\",\"kind\":\"c\",\"role\":\"r\"}]", "k|c|r|-|{}", ""},
    {" [ { \"key\" : \"k\" , \"kind\" : \"c\" , \"role\" : \"r\" } ] ",
	"k|c|r|-|{}", ""},
    {"\t[\n{\"key\"\r:\t\"k\",\"kind\":\n\"c\",\"role\":\"r\",\"x\":1\n}\n]\n",
	"k|c|r|-|{}", ""},
    /* missing members, and what may be missing */
    {"[{\"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"kind\": \"c\"}]", "", LEFT_OUT},
    {"[{}]", "", LEFT_OUT},
    {"[{}, " FULL ", {}]", "k|c|r|-|{}", LEFT_OUT},
    {"[{\"key\": \"\", \"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"kind\": \"\", \"role\": \"\"}]", "k|||-|{}", ""},
    {"[{\"key\": \"k\", \"kind\": \"c\", \"role\": \"r\", \"label\": \"\"}]",
	"k|c|r||{}", ""},
    /* types */
    {"[{\"key\": 7, \"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": null, \"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": [\"k\"], \"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"kind\": true, \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"kind\": \"c\", \"role\": {}}]", "", LEFT_OUT},
    {"[{\"key\": \"k\", \"kind\": \"c\", \"role\": \"r\", \"label\": 1}]", "",
	LEFT_OUT},
    {META("null"), "k|c|r|-|{}", ""},
    {META("[]"), "", LEFT_OUT},
    {META("\"{}\""), "", LEFT_OUT},
    {META("1"), "", LEFT_OUT},
    {"[" STORE("\"media\"") ", " STORE("null") ", " FULL "]",
	"k|c|r|-|{}@media;k|c|r|-|{};k|c|r|-|{}", ""},
    {"[" STORE("\"\"") ", " STORE("\"A \\u00fc\"") "]",
	"k|c|r|-|{}@;k|c|r|-|{}@A \xc3\xbc", ""},
    {"[" STORE("1") "]", "", LEFT_OUT},
    {"[" STORE("[\"media\"]") "]", "", LEFT_OUT},
    {"[null]", "", LEFT_OUT},
    {"[1, \"k\", [], true]", "", LEFT_OUT},
    {"[[" FULL "]]", "", LEFT_OUT},
    /* other members, also ones that look like ours */
    {"[{\"a\": 1, \"key\": \"k\", \"kind\": \"c\", \"role\": \"r\", "
     "\"z\": {\"key\": \"x\"}, \"keys\": [\"key\", {\"key\": \"y\"}]}]",
	"k|c|r|-|{}", ""},
    {META("{\"key\": \"x\", \"role\": 1}"),
	"k|c|r|-|{\"key\": \"x\", \"role\": 1}", ""},
    {"[{\"\\\"key\": \"x\", \"key\": \"k\", \"kind\": \"c\", \"role\": "
     "\"r\"}]", "k|c|r|-|{}", ""},
    /* meta is handed on as it stands */
    {META("{\"n\": 123456789012345678901234567890.12345678901234567890}"),
	"k|c|r|-|{\"n\": 123456789012345678901234567890.12345678901234567890}",
	""},
    {META("{\"n\": -1e400, \"m\": 18446744073709551616, \"z\": 1.000}"),
	"k|c|r|-|{\"n\": -1e400, \"m\": 18446744073709551616, \"z\": 1.000}",
	""},
    {META("{\"s\": \"\\\"}]\\\\\", \"t\": \"\\u00fc\\n\", \"u\": \"{[\"}"),
	"k|c|r|-|{\"s\": \"\\\"}]\\\\\", \"t\": \"\\u00fc\\n\", "
	"\"u\": \"{[\"}", ""},
    {META("{\"\": [[], {}, [{\"a\": [1, null, false]}]]}"),
	"k|c|r|-|{\"\": [[], {}, [{\"a\": [1, null, false]}]]}", ""},
    /* escapes */
    {"[{\"key\": \"a\\\"b\\\\c\\/d\", \"kind\": \"\\b\\f\\n\\r\\t\", "
     "\"role\": \"\\u0001\\u001f\\u007f\", \"label\": \"\\u00fc\\ud83d\\ude00"
     "\"}]",
	"a\"b\\c/d|\b\f\n\r\t|\x01\x1f\x7f|\xc3\xbc\xf0\x9f\x98\x80|{}", ""},
    {"[{\"key\": \"gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80.png\", \"kind\": \"c\", "
     "\"role\": \"r\"}]",
	"gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80.png|c|r|-|{}", ""},
    {"[{\"key\": \"a}],{[\\\"\", \"kind\": \"c\", \"role\": \"r\"}]",
	"a}],{[\"|c|r|-|{}", ""},
    {"[{\"key\": \"\\\\\", \"kind\": \"\\\\\\\"\", \"role\": \"\\\\\\\\\"}]",
	"\\|\\\"|\\\\|-|{}", ""},
    {"[{\"key\": \"\\x\", \"kind\": \"c\", \"role\": \"r\"}]", "", LEFT_OUT},
    {"[{\"key\": \"\\u12\", \"kind\": \"c\", \"role\": \"r\"}]", "",
	LEFT_OUT},
    /* what is no array */
    {"null", NULL, NO_ARRAY},
    {"{}", NULL, NO_ARRAY},
    {"\"[]\"", NULL, NO_ARRAY},
    {"1", NULL, NO_ARRAY},
    {" ", NULL, NO_ARRAY},
    {"[", NULL, NO_ARRAY},
    {"]", NULL, NO_ARRAY},
    {"[,]", NULL, NO_ARRAY},
    {"[" FULL, NULL, NO_ARRAY},
    {"[" FULL ",]", NULL, NO_ARRAY},
    {"[" FULL " " FULL "]", NULL, NO_ARRAY},
    {"[]x", NULL, NO_ARRAY},
    {"[" FULL "] []", NULL, NO_ARRAY},
};

static void
test_cases(struct arena *a)
{
	struct buf got = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct doc_artifacts found;
		struct scope s;
		bool is_array;

		scope_init(&s, a, 0, 0);
		got.size = 0;
		is_array = doc_artifacts(&found, &s, text_of(cases[i].json));
		describe(&got, &found);
		is_int(is_array, cases[i].found != NULL, "%.70s",
		    cases[i].json == NULL ? "(absent)" : cases[i].json);
		if (is_array && cases[i].found != NULL)
			is_text(buf_as_text(&got), text_of(cases[i].found),
			    "what it holds");
		is_str(s.cause, cases[i].cause, "the cause");
	}
	buf_release(&got);
}

static void
test_many(struct arena *a)
{
	enum { N = 1000 };
	struct buf json = {0};
	struct doc_artifacts found;
	struct scope s;
	bool right = true;
	char want[32];

	for (int i = 0; i < N; i++)
		buf_printf(&json, "%s{\"key\": \"k%d\", \"kind\": \"c\", "
		    "\"role\": \"r\"}", i == 0 ? "[" : ", ", i);
	buf_char(&json, ']');
	scope_init(&s, a, 0, 0);
	ok(doc_artifacts(&found, &s, buf_as_text(&json)) && found.n == N,
	    "a thousand artifacts");
	for (size_t i = 0; i < found.n; i++) {
		snprintf(want, sizeof(want), "k%zu", i);
		right = right && text_equal(found.list[i].key, text_of(want));
	}
	ok(right, "in their order");
	buf_release(&json);
}

static void
test_deep(struct arena *a)
{
	enum { DEPTH = 200000 };
	struct buf json = {0};
	struct doc_artifacts found;
	struct scope s;

	buf_string(&json, "[{\"key\": \"k\", \"kind\": \"c\", \"role\": \"r\", "
			  "\"meta\": {\"a\": ");
	for (int i = 0; i < DEPTH; i++)
		buf_char(&json, '[');
	for (int i = 0; i < DEPTH; i++)
		buf_char(&json, ']');
	buf_string(&json, "}}]");
	scope_init(&s, a, 0, 0);
	ok(doc_artifacts(&found, &s, buf_as_text(&json)) && found.n == 1
		&& found.list[0].meta.size == 2 * DEPTH + 7,
	    "meta of any depth");
	buf_release(&json);
}

/* A copy without a byte behind it, so that a sanitizer sees who reads on. */
static bool
read_copy(struct arena *a, const char *json, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	struct doc_artifacts found;
	struct scope s;
	bool is_array;

	memcpy(copy, json, size);
	scope_init(&s, a, 0, 0);
	is_array = doc_artifacts(&found, &s, (struct text){copy, size});
	for (size_t i = 0; i < found.n; i++)
		ok(found.list[i].key.size > 0 && found.list[i].meta.size > 0
			? true : false, "never a key that is empty");
	free(copy);
	return is_array;
}

static const char sample[] =
    "[{\"key\": \"a/\\\"b\\u00fc.png\", \"kind\": \"on_model\", \"meta\": "
    "{\"w\": 1.5e3, \"s\": \"}\\\\\", \"l\": [1, {}]}, \"role\": \"final\", "
    "\"label\": null}]";

static void
test_truncated(struct arena *a)
{
	size_t n_arrays = 0;

	for (size_t size = 1; size < sizeof(sample) - 1; size++)
		n_arrays += read_copy(a, sample, size);
	is_int((int64_t)n_arrays, 0, "truncated anywhere it is no array");
}

static void
test_mutated(struct arena *a)
{
	static const char often[] = "[]{}\",:\\ un0";
	struct dice dice = {13};
	char json[sizeof(sample)];

	for (int round = 0; round < 100000; round++) {
		size_t size = sizeof(sample) - 1;
		struct doc_artifacts found;
		struct scope s;
		char *copy;

		memcpy(json, sample, sizeof(sample));
		for (uint64_t i = 1 + dice_roll(&dice, 6); i > 0; i--)
			json[dice_roll(&dice, size)] = dice_roll(&dice, 4) == 0
			    ? (char)dice_roll(&dice, 256)
			    : often[dice_roll(&dice, sizeof(often) - 1)];
		if (dice_roll(&dice, 3) == 0)
			size = dice_roll(&dice, size + 1);
		copy = malloc(size + (size == 0));
		memcpy(copy, json, size);
		scope_init(&s, a, 0, 0);
		(void)doc_artifacts(&found, &s, (struct text){copy, size});
		arena_reset(a);
		free(copy);
	}
	ok(true, "random mutations");
}

struct three {
	struct text string, or_null, as_it_stands;
};

static const struct doc_member three[] = {
    {TEXT("\"s\""), offsetof(struct three, string), doc_string},
    {TEXT("\"n\""), offsetof(struct three, or_null), doc_string_or_null},
    {TEXT("\"v\""), offsetof(struct three, as_it_stands), doc_as_it_stands},
    {.decode = NULL},
};

static void
test_members(struct arena *a)
{
	static const struct {
		const char *json;
		bool is_object;
		struct three want;
	} objects[] = {
	    {"{}", true, {{0}, {0}, {0}}},
	    {"{\"x\":[\"s\"],\"y\":{\"s\":1}}", true, {{0}, {0}, {0}}},
	    {"{\"s\":\"a\\n\",\"n\":\"\",\"v\":1e400}", true,
		{TEXT("a\n"), TEXT(""), TEXT("1e400")}},
	    {"{\"n\":null,\"v\":[1, {\"s\":2}]}", true,
		{{0}, {0}, TEXT("[1, {\"s\":2}]")}},
	    {"{\"s\":\"a\",\"s\":\"b\"}", false, {TEXT("a"), {0}, {0}}},
    {"{\"x\":1,\"x\":2}", true, {{0}, {0}, {0}}},
	    {"{\"s\":1}", false, {{0}, {0}, {0}}},
	    {"{\"s\":null}", false, {{0}, {0}, {0}}},
	    {"{\"n\":true}", false, {{0}, {0}, {0}}},
	    {"{} x", false, {{0}, {0}, {0}}},
	    {"[]", false, {{0}, {0}, {0}}},
	    {"1", false, {{0}, {0}, {0}}},
	    {"", false, {{0}, {0}, {0}}},
	};

	for (size_t i = 0; i < N_OF(objects); i++) {
		struct three got = {{0}, {0}, {0}};
		struct scope s;

		scope_init(&s, a, 0, 0);
		is_int(doc_members(&got, three, &s, text_of(objects[i].json)),
		    objects[i].is_object, "members of %s", objects[i].json);
		is_text(got.string, objects[i].want.string, "a string");
		is_text(got.or_null, objects[i].want.or_null, "or null");
		is_text(got.as_it_stands, objects[i].want.as_it_stands,
		    "as it stands");
	}
}

static void
test_elements(struct arena *a)
{
	struct doc_elements got;
	struct scope s;

	scope_init(&s, a, 0, 0);
	ok(doc_elements(&got, &s, TEXT("[ 1.50, \"]\" ,{\"a\":[]},null]"))
		&& got.n == 4, "four elements");
	is_text(got.list[0], TEXT("1.50"), "a number");
	is_text(got.list[1], TEXT("\"]\""), "a string");
	is_text(got.list[2], TEXT("{\"a\":[]}"), "an object");
	is_text(got.list[3], TEXT("null"), "null");
	ok(doc_elements(&got, &s, TEXT("[ ]")) && got.n == 0, "none");
	ok(!doc_elements(&got, &s, TEXT("{}")), "an object has none");
	ok(!doc_elements(&got, &s, TEXT("")), "nor has nothing");
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 4096);
	test_members(&a);
	test_elements(&a);
	test_cases(&a);
	test_many(&a);
	test_deep(&a);
	test_truncated(&a);
	test_mutated(&a);
	arena_release(&a);
	return tap_done();
}
