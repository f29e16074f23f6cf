/* FastCGI records (FastCGI specification, sections 3.3 and 5) in order:
 * BEGIN_REQUEST, PARAMS up to an empty one, STDIN up to an empty one. */
#include "server/gate.h"

#include <string.h>

void
gate_reset(struct gate *g)
{
	buf_release(&g->parameters);
	*g = (struct gate){.wanted = FCGI_BEGIN};
}

bool
gate_has_begun(const struct gate *g)
{
	return g->have > 0 || g->phase != GATE_HEADER
	    || g->wanted != FCGI_BEGIN;
}

static enum gate_verdict
reject(struct gate *g, const char *why)
{
	g->why = why;
	return GATE_REJECT;
}

/* One length of a name-value pair: one byte, or four with the top bit set
 * (section 3.4). */
static bool
take_length(size_t *length, const uint8_t **p, const uint8_t *end)
{
	const uint8_t *b = *p;

	if (end - b < 1 || (*b >= 0x80 && end - b < 4))
		return false;
	if (*b < 0x80) {
		*length = *b;
		*p += 1;
	} else {
		*length = (size_t)(b[0] & 0x7f) << 24 | (size_t)b[1] << 16
		    | (size_t)b[2] << 8 | b[3];
		*p += 4;
	}
	return true;
}

/* The pairs fill the parameters exactly. */
static bool
are_pairs(const struct buf *parameters)
{
	const uint8_t *p = (const uint8_t *)parameters->data;
	const uint8_t *end = p == NULL ? NULL : p + parameters->size;
	size_t name, value;

	while (p < end) {
		if (!take_length(&name, &p, end)
		    || !take_length(&value, &p, end)
		    || name > (size_t)(end - p)
		    || value > (size_t)(end - p) - name)
			return false;
		p += name + value;
	}
	return true;
}

static enum gate_verdict
begin_request(struct gate *g)
{
	if ((g->begin[0] << 8 | g->begin[1]) != FCGI_ROLE_RESPONDER)
		return reject(g, "its role is not Responder");
	g->keep = (g->begin[2] & FCGI_FLAG_KEEP) != 0;
	g->wanted = FCGI_PARAMETERS;
	return GATE_MORE;
}

static enum gate_verdict
end_parameters(struct gate *g)
{
	if (!are_pairs(&g->parameters))
		return reject(g, "its parameters are no name-value pairs");
	g->wanted = FCGI_INPUT;
	return GATE_MORE;
}

/* A record is whole; an empty one ends its stream. */
static enum gate_verdict
end_record(struct gate *g)
{
	g->phase = GATE_HEADER;
	g->have = 0;
	if (g->wanted == FCGI_BEGIN)
		return begin_request(g);
	if (g->content_size > 0)
		return GATE_MORE;
	return g->wanted == FCGI_PARAMETERS ? end_parameters(g) : GATE_READY;
}

/* What a record of the wanted type may hold. */
static enum gate_verdict
check_size(struct gate *g)
{
	switch (g->wanted) {
	case FCGI_BEGIN:
		if (g->content_size != FCGI_BEGIN_SIZE)
			return reject(g, "its first record has a wrong length");
		break;
	case FCGI_PARAMETERS:
		if (g->content_size > FCGI_PARAMETERS_MAX - g->parameters.size)
			return reject(g, "its parameters are over 64 KiB");
		break;
	default:
		if (g->content_size > GATE_BODY_MAX - g->body_size)
			return reject(g, "its body is over 1 MiB");
		break;
	}
	return GATE_MORE;
}

static enum gate_verdict
end_header(struct gate *g)
{
	const uint8_t *h = g->header;
	uint16_t id = (uint16_t)(h[2] << 8 | h[3]);

	g->phase = GATE_CONTENT;
	g->have = 0;
	g->content_size = (size_t)(h[4] << 8 | h[5]);
	g->padding_left = h[6];
	if (h[0] != FCGI_VERSION)
		return reject(g, "its version is not 1");
	if (h[1] == FCGI_ABORT)
		return reject(g, "it was aborted");
	if (h[1] != g->wanted)
		return reject(g, "a record is out of its order");
	if (g->wanted == FCGI_BEGIN)
		g->id = id;
	if (id == 0 || id != g->id)
		return reject(g, "a record has a wrong request id");
	return check_size(g);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
take_header(struct gate *g, const uint8_t *data, size_t size)
{
	size_t n = least(size, FCGI_HEADER_SIZE - g->have);

	memcpy(g->header + g->have, data, n);
	g->have += n;
	return n;
}

static size_t
take_content(struct gate *g, const uint8_t *data, size_t size)
{
	size_t n = least(size, g->content_size - g->have);

	if (g->wanted == FCGI_BEGIN)
		memcpy(g->begin + g->have, data, n);
	else if (g->wanted == FCGI_PARAMETERS)
		buf_bytes(&g->parameters, data, n);
	else
		g->body_size += n;
	g->have += n;
	return n;
}

static size_t
take_padding(struct gate *g, size_t size)
{
	size_t n = least(size, g->padding_left);

	g->padding_left -= n;
	return n;
}

/* Goes on to the next phase when the one we are in has all its bytes. */
static enum gate_verdict
advance(struct gate *g)
{
	enum gate_verdict verdict = GATE_MORE;

	if (g->phase == GATE_HEADER && g->have == FCGI_HEADER_SIZE)
		verdict = end_header(g);
	if (g->phase == GATE_CONTENT && g->have == g->content_size)
		g->phase = GATE_PADDING;
	if (verdict == GATE_MORE && g->phase == GATE_PADDING
	    && g->padding_left == 0)
		verdict = end_record(g);
	return verdict;
}

enum gate_verdict
gate_feed(struct gate *g, const uint8_t *data, size_t size, size_t *used)
{
	enum gate_verdict verdict = GATE_MORE;

	for (*used = 0; *used < size && verdict == GATE_MORE;) {
		const uint8_t *p = data + *used;
		size_t left = size - *used;

		switch (g->phase) {
		case GATE_HEADER: *used += take_header(g, p, left); break;
		case GATE_CONTENT: *used += take_content(g, p, left); break;
		case GATE_PADDING: *used += take_padding(g, left); break;
		}
		verdict = advance(g);
	}
	return verdict;
}
