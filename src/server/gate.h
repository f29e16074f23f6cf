/* The gate: what a web server sends must be one whole, well-formed FastCGI
 * request before anybody works on it. A pure function over bytes, fed in any
 * pieces; libfcgi meets only what came through. */
#ifndef SERVER_GATE_H
#define SERVER_GATE_H

#include "adapters/fcgi.h"
#include "base/buf.h"

enum { GATE_BODY_MAX = 1024 * 1024 };

enum gate_verdict {
	GATE_MORE,   /* so far, so good */
	GATE_READY,  /* the request is whole: see the fields */
	GATE_REJECT, /* close the connection: see why */
};

struct gate {
	/* the request */
	uint16_t id;
	bool keep;            /* the connection may be used again */
	struct buf parameters; /* name-value pairs, checked */
	size_t body_size;     /* of what was thrown away */
	const char *why;      /* it was rejected */

	/* where in the stream we are */
	enum { GATE_HEADER, GATE_CONTENT, GATE_PADDING } phase;
	uint8_t wanted;       /* the type of the records that may come */
	uint8_t header[FCGI_HEADER_SIZE];
	uint8_t begin[FCGI_BEGIN_SIZE];
	size_t have;          /* bytes of the header, or of the content */
	size_t content_size;
	size_t padding_left;
};

/* Ready for a connection's next request; its buffers are released. */
void gate_reset(struct gate *g);

/* True once a byte of a request has come. */
bool gate_has_begun(const struct gate *g);

/* Takes bytes up to the end of a request; *used says how many. */
enum gate_verdict gate_feed(
    struct gate *g, const uint8_t *data, size_t size, size_t *used);

#endif
