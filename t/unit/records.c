/* Bytes as a web server sends them. */
#include "records.h"

#include "adapters/fcgi.h"

#include <string.h>

void
put_record(struct buf *out, uint8_t type, uint16_t id, struct text content,
    uint8_t padding)
{
	const uint8_t header[FCGI_HEADER_SIZE] = {FCGI_VERSION, type,
	    (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(content.size >> 8),
	    (uint8_t)content.size, padding, 0};
	static const char zeros[255];

	buf_bytes(out, header, sizeof(header));
	buf_text(out, content);
	buf_bytes(out, zeros, padding);
}

void
put_begin(struct buf *out, uint16_t id, uint16_t role, uint8_t flags)
{
	const char content[FCGI_BEGIN_SIZE] = {
	    (char)(role >> 8), (char)role, (char)flags};

	put_record(out, FCGI_BEGIN, id,
	    (struct text){content, sizeof(content)}, 0);
}

static void
put_length(struct buf *out, size_t n)
{
	const uint8_t four[] = {(uint8_t)(n >> 24 | 0x80), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8), (uint8_t)n};

	if (n < 0x80)
		buf_char(out, (char)n);
	else
		buf_bytes(out, four, sizeof(four));
}

void
put_pair(struct buf *out, struct text name, struct text value)
{
	put_length(out, name.size);
	put_length(out, value.size);
	buf_text(out, name);
	buf_text(out, value);
}

void
put_request(
    struct buf *out, uint16_t id, struct text parameters, struct text body)
{
	put_begin(out, id, FCGI_ROLE_RESPONDER, FCGI_FLAG_KEEP);
	if (parameters.size > 0)
		put_record(out, FCGI_PARAMETERS, id, parameters, 0);
	put_record(out, FCGI_PARAMETERS, id, TEXT(""), 0);
	if (body.size > 0)
		put_record(out, FCGI_INPUT, id, body, 0);
	put_record(out, FCGI_INPUT, id, TEXT(""), 0);
}
