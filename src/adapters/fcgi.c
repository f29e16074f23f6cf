/* All that is known of libfcgi, and the records of an answer.
 *
 * libfcgi has no deadline, so it never sees a socket: the parameters of a
 * request that has arrived whole go through a pipe, which holds all of them
 * before libfcgi reads the first byte. */
#include "adapters/fcgi.h"

#include "base/arena.h"
#include "base/memory.h"

#include <fcgiapp.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A record's content is a multiple of 8, so that no padding is needed. */
enum { CONTENT_MAX = 65528, REQUEST_ID = 1 };

struct fcgi {
	FCGX_Request request;
	int pipe[2]; /* -1: to be made */
};

void
fcgi_init(void)
{
	if (FCGX_Init() != 0)
		abort();
}

struct fcgi *
fcgi_new(void)
{
	struct fcgi *f = memory_new(sizeof(*f));

	f->pipe[0] = f->pipe[1] = -1;
	return f;
}

static void
close_pipe(struct fcgi *f)
{
	if (f->pipe[0] != -1)
		close(f->pipe[0]);
	if (f->pipe[1] != -1)
		close(f->pipe[1]);
	f->pipe[0] = f->pipe[1] = -1;
}

void
fcgi_free(struct fcgi *f)
{
	if (f == NULL)
		return;
	close_pipe(f);
	free(f);
}

static void
set_header(uint8_t *p, uint8_t type, uint16_t id, size_t size)
{
	p[0] = FCGI_VERSION;
	p[1] = type;
	p[2] = (uint8_t)(id >> 8);
	p[3] = (uint8_t)id;
	p[4] = (uint8_t)(size >> 8);
	p[5] = (uint8_t)size;
	p[6] = p[7] = 0;
}

/* --- a request --- */

static bool
fill_pipe(const struct fcgi *f, const char *parameters, size_t size)
{
	size_t first = size < CONTENT_MAX ? size : CONTENT_MAX;
	uint8_t begin[FCGI_HEADER_SIZE + FCGI_BEGIN_SIZE] = {0};
	uint8_t one[FCGI_HEADER_SIZE], ends[2 * FCGI_HEADER_SIZE];
	size_t header = first > 0 ? sizeof(one) : 0; /* empty: the end */
	struct iovec pieces[] = {
	    {begin, sizeof(begin)},
	    {one, header},
	    {(void *)(uintptr_t)parameters, first},
	    {ends, sizeof(ends)},
	};
	ssize_t wanted =
	    (ssize_t)(sizeof(begin) + header + first + sizeof(ends));

	set_header(begin, FCGI_BEGIN, REQUEST_ID, FCGI_BEGIN_SIZE);
	begin[FCGI_HEADER_SIZE + 1] = FCGI_ROLE_RESPONDER;
	begin[FCGI_HEADER_SIZE + 2] = FCGI_FLAG_KEEP;
	set_header(one, FCGI_PARAMETERS, REQUEST_ID, first);
	set_header(ends, FCGI_PARAMETERS, REQUEST_ID, 0);
	set_header(ends + FCGI_HEADER_SIZE, FCGI_INPUT, REQUEST_ID, 0);
	return size == first
	    && writev(f->pipe[1], pieces, 4) == wanted;
}

/* libfcgi closes the descriptor that it read from when it finds a fault. */
static void
discard(struct fcgi *f)
{
	FCGX_Free(&f->request, 0);
	if (f->request.ipcFd == -1)
		f->pipe[0] = -1;
	close_pipe(f);
}

/* The end of standard input must be read too, or it would stand before the
 * next request in the pipe. */
static bool
read_to_end(FCGX_Request *r)
{
	char rest[16];

	return FCGX_GetStr(rest, sizeof(rest), r->in) == 0
	    && FCGX_GetError(r->in) == 0;
}

char *const *
fcgi_open(struct fcgi *f, const void *parameters, size_t size)
{
	if (f->pipe[0] == -1 && pipe2(f->pipe, O_CLOEXEC | O_NONBLOCK) == -1) {
		f->pipe[0] = f->pipe[1] = -1;
		return NULL;
	}
	FCGX_InitRequest(&f->request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	f->request.ipcFd = f->pipe[0];
	f->request.keepConnection = 1; /* else it is closed before the read */
	if (fill_pipe(f, parameters, size) && FCGX_Accept_r(&f->request) == 0
	    && FCGX_GetError(f->request.in) == 0 && read_to_end(&f->request))
		return f->request.envp;
	discard(f);
	return NULL;
}

void
fcgi_close(struct fcgi *f)
{
	FCGX_Free(&f->request, 0);
}

/* --- an answer --- */

/* What goes out next: the rest of head and body. */
struct output {
	struct text head;
	struct text body;
};

static void
take(struct iovec *piece, struct text *from, size_t *room)
{
	size_t n = from->size < *room ? from->size : *room;

	*piece = (struct iovec){(void *)(uintptr_t)from->data, n};
	from->data += n;
	from->size -= n;
	*room -= n;
}

/* One record of standard output; gives how many pieces it takes. */
static size_t
frame_output(struct iovec *pieces, uint8_t *header, uint16_t id,
    struct output *rest)
{
	size_t room = CONTENT_MAX, n = 0;

	pieces[n++] = (struct iovec){header, FCGI_HEADER_SIZE};
	if (rest->head.size > 0)
		take(&pieces[n++], &rest->head, &room);
	if (rest->body.size > 0 && room > 0)
		take(&pieces[n++], &rest->body, &room);
	set_header(header, FCGI_OUTPUT, id, CONTENT_MAX - room);
	return n;
}

/* The empty record that ends standard output, and END_REQUEST with status 0
 * and REQUEST_COMPLETE. */
static struct iovec
frame_end(struct arena *a, uint16_t id)
{
	size_t size = 2 * FCGI_HEADER_SIZE + 8;
	uint8_t *p = arena_alloc(a, size);

	memset(p, 0, size);
	set_header(p, FCGI_OUTPUT, id, 0);
	set_header(p + FCGI_HEADER_SIZE, FCGI_END, id, 8);
	return (struct iovec){p, size};
}

size_t
fcgi_frame(struct iovec **pieces, struct arena *a, uint16_t id,
    struct text head, struct text body, bool end)
{
	size_t records = (head.size + body.size) / CONTENT_MAX + 1, n = 0;
	uint8_t *headers = arena_alloc(a, records * FCGI_HEADER_SIZE);
	struct output rest = {head, body};

	*pieces = arena_alloc(a, (3 * records + 1) * sizeof(**pieces));
	for (; rest.head.size + rest.body.size > 0; headers += FCGI_HEADER_SIZE)
		n += frame_output(*pieces + n, headers, id, &rest);
	if (end)
		(*pieces)[n++] = frame_end(a, id);
	return n;
}
