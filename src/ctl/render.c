/* An event as lines; text that cannot give a terminal orders. */
#include "ctl/render.h"

#include "ctl/batch.h"

enum { STAGE_WIDTH = 14 };

/* Ranges of characters that are not for terminals. */
static const struct range {
	uint32_t first, last;
} unsafe[] = {
    {0x0000, 0x001f}, /* C0 */
    {0x007f, 0x009f}, /* DEL, C1 */
    {0x2028, 0x202e}, /* ends of lines and paragraphs; direction */
    {0x2066, 0x2069}, /* direction */
};

static bool
is_unsafe(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	return false;
}

static void
put_escape(struct buf *out, uint32_t c)
{
	switch (c) {
	case '\n': buf_string(out, "\\n"); break;
	case '\r': buf_string(out, "\\r"); break;
	case '\t': buf_string(out, "\\t"); break;
	default: buf_printf(out, "\\u%04x", (unsigned)c);
	}
}

/* One character of t, or a byte that is none: how many bytes that were. */
static size_t
put_char(struct buf *out, struct text t)
{
	uint32_t c;
	size_t size = text_first_char(&c, t);

	if (size == 0)
		buf_printf(out, "\\x%02x", (unsigned char)*t.data);
	else if (is_unsafe(c))
		put_escape(out, c);
	else
		buf_bytes(out, t.data, size);
	return size == 0 ? 1 : size;
}

void
render_text(struct buf *out, struct text t)
{
	size_t size;

	for (; t.size > 0; t.data += size, t.size -= size)
		size = put_char(out, t);
}

/* 2026-04-15T12:00:01.500000Z as 2026-04-15 12:00:01. */
static void
put_time(struct buf *out, struct text t)
{
	struct text date, rest = t;

	if (text_cut(&date, &rest, 'T') && date.size == 10 && rest.size >= 8) {
		render_text(out, date);
		buf_char(out, ' ');
		t = (struct text){rest.data, 8};
	}
	render_text(out, t);
}

/* The stage; other events say their type as well. */
static void
put_stage(struct buf *out, const struct batch_event *e)
{
	bool is_stage = text_equal(e->type, TEXT("stage"));

	if (e->stage.data == NULL || !is_stage)
		render_text(out, e->type);
	if (e->stage.data == NULL)
		return;
	buf_string(out, is_stage ? "" : " (");
	render_text(out, e->stage);
	buf_string(out, is_stage ? "" : ")");
}

/* Spaces up to the column, one at least. Bytes that continue a character
 * take no room. */
static void
put_spaces(struct buf *out, size_t begin, size_t column)
{
	size_t width = 0;

	for (size_t i = begin; i < out->size; i++)
		width += ((unsigned char)out->data[i] & 0xc0) != 0x80;
	do
		buf_char(out, ' ');
	while (++width < column);
}

static void
put_artifact(struct buf *out, const struct batch_artifact *a)
{
	buf_string(out, "    ");
	render_text(out, a->kind);
	buf_string(out, ", ");
	render_text(out, a->role);
	if (a->label.data != NULL) {
		buf_string(out, ": ");
		render_text(out, a->label);
	}
	buf_string(out, "\n    ");
	render_text(out, a->url);
	buf_char(out, '\n');
}

void
render_event(struct buf *out, const struct batch_event *e)
{
	size_t begin;

	put_time(out, e->created_at);
	buf_string(out, "  ");
	begin = out->size;
	put_stage(out, e);
	put_spaces(out, begin, STAGE_WIDTH);
	render_text(out, e->message);
	buf_char(out, '\n');
	for (size_t i = 0; i < e->n_artifacts; i++)
		put_artifact(out, &e->artifacts[i]);
}

void
render_json(struct buf *out, const struct batch_event *e)
{
	size_t begin = out->size;

	buf_text(out, e->json);
	/* a line end in JSON is white space, in strings it is escaped */
	for (char *p = out->data + begin; p < out->data + out->size; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	buf_char(out, '\n');
}
