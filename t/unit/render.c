/* Events for people, and for programs. */
#include "ctl/render.h"

#include "ctl/batch.h"
#include "tap.h"

static void
is_rendered(const struct batch_event *e, const char *want, const char *name)
{
	struct buf out = {0};

	render_event(&out, e);
	is_text(buf_as_text(&out), text_of(want), "%s", name);
	buf_release(&out);
}

static void
test_event(void)
{
	struct batch_artifact artifacts[] = {
	    {TEXT("https://h/a.png?x=1"), TEXT("on_model_render"),
		TEXT("intermediate"), TEXT("Front")},
	    {TEXT("https://h/b.png"), TEXT("catalog_image"), TEXT("final"),
		{0}},
	};
	struct batch_event e = {
	    .type = TEXT("stage"), .stage = TEXT("render"),
	    .message = TEXT("Rendering"),
	    .created_at = TEXT("2026-04-15T12:00:01.500000Z"),
	};

	is_rendered(&e, "2026-04-15 12:00:01  render        Rendering\n",
	    "a stage");
	e.type = TEXT("failed");
	is_rendered(&e, "2026-04-15 12:00:01  failed (render) Rendering\n",
	    "another type in a stage");
	e.stage = (struct text){0};
	e.created_at = TEXT("2026-04-15T12:00:01Z");
	is_rendered(&e, "2026-04-15 12:00:01  failed        Rendering\n",
	    "a type alone");
	e.type = TEXT("gr\xc3\xbc\xc3\x9f");
	e.artifacts = artifacts;
	e.n_artifacts = 2;
	is_rendered(&e,
	    "2026-04-15 12:00:01  gr\xc3\xbc\xc3\x9f          Rendering\n"
	    "    on_model_render, intermediate: Front\n"
	    "    https://h/a.png?x=1\n"
	    "    catalog_image, final\n"
	    "    https://h/b.png\n", "artifacts");
	e = (struct batch_event){.type = TEXT("x")};
	is_rendered(&e, "  x             \n", "nothing that is not needed");
	e.created_at = TEXT("yesterday\x1b");
	is_rendered(&e, "yesterday\\u001b  x             \n",
	    "a time of another form");
}

static void
test_hostile(void)
{
	static const struct {
		struct text in;
		const char *out;
	} cases[] = {
	    {TEXT("plain, \"quoted\" \\ and gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80"),
		"plain, \"quoted\" \\ and gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80"},
	    {TEXT("\x1b[31mred\x1b]0;title\x07"),
		"\\u001b[31mred\\u001b]0;title\\u0007"},
	    {TEXT("a\nb\rc\td\be\0f"), "a\\nb\\rc\\td\\u0008e\\u0000f"},
	    {TEXT("\x7f"), "\\u007f"},
	    {TEXT("\xc2\x80\xc2\x9b" "31m\xc2\x9f\xc2\xa0"),
		"\\u0080\\u009b31m\\u009f\xc2\xa0"},
	    {TEXT("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029"},
	    {TEXT("\xe2\x80\xae" "abc\xe2\x80\xac\xe2\x81\xa6\xe2\x81\xa9"),
		"\\u202eabc\\u202c\\u2066\\u2069"},
	    {TEXT("\x80\xff" "a\xc3"), "\\x80\\xffa\\xc3"},
	    {TEXT(""), ""},
	    {{NULL, 0}, ""},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct buf out = {0};

		render_text(&out, cases[i].in);
		is_text(buf_as_text(&out), text_of(cases[i].out),
		    "hostile text %zu", i);
		buf_release(&out);
	}
}

/* No member gets to a terminal as it is. */
static void
test_hostile_members(void)
{
	const struct text bad = TEXT("\x1b\n\xc2\x9b");
	struct batch_artifact a = {bad, bad, bad, bad};
	struct batch_event e = {.type = bad, .stage = bad, .message = bad,
	    .created_at = bad, .artifacts = &a, .n_artifacts = 1};
	struct buf out = {0};
	size_t n_lines = 0, n_controls = 0;

	render_event(&out, &e);
	for (size_t i = 0; i < out.size; i++) {
		n_lines += out.data[i] == '\n';
		n_controls += (unsigned char)out.data[i] < ' '
		    || (unsigned char)out.data[i] > '~';
	}
	is_int((int64_t)n_lines, 3, "three lines, whatever they hold");
	is_int((int64_t)n_controls, 3, "and no control but their ends");
	buf_release(&out);
}

static void
test_json(void)
{
	static const char element[] =
	    "{\"seq\":1,\"extra\":{\"n\":12345678901234567890.50,\"e\":1e400},"
	    "\"message\":\"\\u001b\\n \x7f\"}";
	struct batch_event e = {.json = text_of(element)};
	struct buf out = {0};

	buf_string(&out, "x\n");
	render_json(&out, &e);
	is_int(out.data[out.size - 1], '\n', "ends a line");
	out.size--;
	is_text((struct text){out.data + 2, out.size - 2}, text_of(element),
	    "byte for byte");
	is_text((struct text){out.data, 2}, TEXT("x\n"), "behind the last");
	out.size = 0;
	e.json = TEXT("{\n\t\"seq\":\r\n1 }");
	render_json(&out, &e);
	is_text(buf_as_text(&out), TEXT("{ \t\"seq\":  1 }\n"),
	    "one line, however it came");
	buf_release(&out);
}

int
main(void)
{
	test_event();
	test_hostile();
	test_hostile_members();
	test_json();
	return tap_done();
}
