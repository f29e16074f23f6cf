/* HTTP requests (libcurl): one at a time, with ceilings for time and size.
 * TLS is verified, redirects are not followed, nothing is sent again but on
 * a kept connection that had ended by then. SIGPIPE must be ignored. */
#ifndef ADAPTERS_FETCH_H
#define ADAPTERS_FETCH_H

#include "base/text.h"

struct fetch;
struct scope;

enum { FETCH_WANTED_MAX = 8 };

struct fetch_request {
	const char *method; /* NULL: GET; HEAD is none */
	const char *url;    /* http or https */
	/* lists that end with NULL, or NULL */
	const char *const *headers; /* "Name: value" */
	const char *const *wanted;  /* names of the answer's headers */
	struct text body;           /* absent: none */
	const char *ca_file; /* whom to trust; NULL: libcurl's default */
	bool direct;         /* never through the environment's proxy */
	int connect_ms;      /* for the connection and its TLS */
	int silence_s;       /* without a byte; 0: as long as all of it */
	size_t max_body;
	bool (*go_on)(void *of); /* asked each second; NULL: yes */
	void *of;
};

/* What was in the way of an answer. */
enum fetch_hurdle {
	FETCH_NONE,
	FETCH_PROXY,     /* it has no address, or said no */
	FETCH_NAME,      /* the host has no address */
	FETCH_CONNECT,   /* refused */
	FETCH_TIME,      /* too slow, or silent */
	FETCH_TLS,       /* not spoken, or not as we do */
	FETCH_CERT_NAME, /* the certificate is another host's */
	FETCH_CERT,      /* or from nobody who is trusted */
	FETCH_OTHER,
};

struct fetch_answer {
	int status;
	struct text wanted[FETCH_WANTED_MAX]; /* values, or absent */
	struct text body; /* until the next request; what there is of it */
	enum fetch_hurdle hurdle;
};

enum fetch_outcome {
	FETCH_ANSWERED,    /* whole, whatever its status is */
	FETCH_INTERRUPTED, /* the next try may do better */
	FETCH_BAD_URL,
	FETCH_UNTRUSTED,   /* the certificate, or ca_file */
	FETCH_STOPPED,     /* go_on() said no */
};

/* The first one is to be made before there are threads. */
struct fetch *fetch_new(void);
void fetch_free(struct fetch *f);

/* Connections are kept for the next request. All of it ends with the scope's
 * deadline. What is no answer leaves a cause. */
enum fetch_outcome fetch_send(struct fetch_answer *answer, struct scope *s,
    struct fetch *f, const struct fetch_request *request);

/* Wipes what it keeps of the last answer's body; what libcurl has kept of it
 * is libcurl's. */
void fetch_wipe(struct fetch *f);

/* What a Retry-After asks for (RFC 9110, section 10.2.3: seconds or a date);
 * -1 if it cannot be read. */
int64_t fetch_retry_after_s(struct text value, int64_t now_s);

/* An HTTP date (RFC 9110, section 5.6.7) in wall seconds; -1 if it is none. */
int64_t fetch_date_s(struct text value);

/* The library's version, and those of what it uses. */
const char *fetch_version(void);

#endif
