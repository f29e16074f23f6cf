/* FastCGI (version 1, role Responder): libfcgi reads a request's parameters,
 * and every byte of an answer is framed here. */
#ifndef ADAPTERS_FCGI_H
#define ADAPTERS_FCGI_H

#include "base/text.h"

struct arena;
struct iovec;

/* Record types and sizes, from the FastCGI specification, section 8. */
enum {
	FCGI_BEGIN = 1,
	FCGI_ABORT = 2,
	FCGI_END = 3,
	FCGI_PARAMETERS = 4,
	FCGI_INPUT = 5,
	FCGI_OUTPUT = 6,
	FCGI_HEADER_SIZE = 8,
	FCGI_BEGIN_SIZE = 8,
	FCGI_VERSION = 1,
	FCGI_ROLE_RESPONDER = 1,
	FCGI_FLAG_KEEP = 1,
};

/* The most that a request's parameters may take: with the records around
 * them they fill 64 KiB, the room of a pipe. */
enum { FCGI_PARAMETERS_MAX = 65496 };

/* Reads parameters for one thread: libfcgi and the pipe that it reads. */
struct fcgi;

/* Once in a process, before the first fcgi_new(). */
void fcgi_init(void);
struct fcgi *fcgi_new(void);
void fcgi_free(struct fcgi *f);

/* Gives "NAME=value" strings, NULL at the end, that live until
 * fcgi_close(); NULL when libfcgi refuses the parameters. size is at most
 * FCGI_PARAMETERS_MAX, and the pairs fill it exactly. */
char *const *fcgi_open(struct fcgi *f, const void *parameters, size_t size);
void fcgi_close(struct fcgi *f);

/* The answer to request id as records, or a part of it: what stands in head
 * and body on its standard output, then the end if it is that. The pieces are the arena's or point into
 * head and body. Gives their number. */
size_t fcgi_frame(struct iovec **pieces, struct arena *a, uint16_t id,
    struct text head, struct text body, bool end);

#endif
