/* The form of an answer, from the Accept header (RFC 9110, section 12.5.1). */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

#include "base/text.h"

enum form {
	FORM_JSON,
	FORM_SSE,    /* text/event-stream */
	FORM_NDJSON, /* application/x-ndjson */
	N_FORMS,
};

/* JSON, unless a stream is wanted more: an Accept that admits none of them,
 * or is absent, gets JSON too. */
enum form accept_form(struct text accept);

#endif
