/* A cursor: a seq in a query string. Exactly what the original's stack takes
 * as an integer (FastAPI with pydantic 2), within 64 bits. */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "base/text.h"

enum cursor_verdict {
	CURSOR_OK,
	CURSOR_NOT_AN_INTEGER,
	CURSOR_TOO_LARGE, /* 2^63 and above; out is INT64_MAX */
	CURSOR_TOO_SMALL, /* below -2^63; out is INT64_MIN */
};

/* t is decoded: white space around (Unicode White_Space, UTF-8), a sign,
 * digits with single underscores between them, and perhaps a point with
 * zeros behind it. */
enum cursor_verdict cursor_parse(int64_t *out, struct text t);

#endif
