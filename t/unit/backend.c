/* The messages of PostgreSQL's protocol, version 3 (its manual, "Message
 * Formats"), as far as statements without names need them. */
#include "backend.h"

#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET "/.s.PGSQL.5432"

enum { MESSAGE_MAX = 1 << 20 };

/* --- bytes --- */

static void
put_int32(struct buf *out, int64_t n)
{
	uint32_t raw = htobe32((uint32_t)n);

	buf_bytes(out, &raw, sizeof(raw));
}

static void
put_int16(struct buf *out, int n)
{
	uint16_t raw = htobe16((uint16_t)n);

	buf_bytes(out, &raw, sizeof(raw));
}

static void
put_message(struct buf *out, char type, struct text content)
{
	buf_char(out, type);
	put_int32(out, (int64_t)content.size + 4);
	buf_text(out, content);
}

static struct text
cut_bytes(struct text *rest, size_t n)
{
	struct text part = {rest->data, n};

	if (n > rest->size)
		_exit(2);
	rest->data += n;
	rest->size -= n;
	return part;
}

static struct text
cut_string(struct text *rest)
{
	struct text part = cut_bytes(rest, strnlen(rest->data, rest->size));

	(void)cut_bytes(rest, 1);
	return part;
}

int64_t
backend_number(struct text bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes.size; i++)
		n = n << 8 | (uint8_t)bytes.data[i];
	return (int64_t)n;
}

struct text
backend_int8(int64_t number)
{
	static uint64_t cells[64];
	static size_t n;
	uint64_t *cell = &cells[n++ % 64];

	*cell = htobe64((uint64_t)number);
	return (struct text){(const char *)cell, sizeof(*cell)};
}

/* --- replies --- */

void
backend_row(struct backend_reply *r, const struct text *cells, int n_columns)
{
	struct buf row = {0};

	put_int16(&row, n_columns);
	for (int i = 0; i < n_columns; i++) {
		put_int32(&row, cells[i].data == NULL
			? -1 : (int64_t)cells[i].size);
		buf_text(&row, cells[i]);
	}
	put_message(&r->rows, 'D', buf_as_text(&row));
	r->n_columns = n_columns;
	r->n_rows++;
	buf_release(&row);
}

static void
put_columns(struct buf *out, int n)
{
	struct buf columns = {0};

	put_int16(&columns, n);
	for (int i = 0; i < n; i++) /* a name and numbers that nobody needs */
		buf_bytes(&columns, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19);
	put_message(out, 'T', buf_as_text(&columns));
	buf_release(&columns);
}

static void
put_error(struct buf *out, const char *sqlstate)
{
	struct buf fields = {0};

	buf_printf(&fields, "SERROR%cC%s%cMno%c%c", 0, sqlstate, 0, 0, 0);
	put_message(out, 'E', buf_as_text(&fields));
	buf_release(&fields);
}

static void
put_reply(struct buf *out, const struct backend_reply *r)
{
	if (r->sqlstate != NULL) {
		put_error(out, r->sqlstate);
	} else {
		put_columns(out, r->n_columns);
		buf_text(out, buf_as_text(&r->rows));
		put_message(out, 'C', TEXT("SELECT\0"));
	}
}

/* --- the process --- */

static void
read_bytes(int fd, void *out, size_t size)
{
	char *at = out;

	while (size > 0) {
		ssize_t n = read(fd, at, size);

		if (n <= 0)
			_exit(0);
		at += n;
		size -= (size_t)n;
	}
}

static struct text
read_content(int fd)
{
	static char bytes[MESSAGE_MAX];
	char length[4];
	size_t size;

	read_bytes(fd, length, sizeof(length));
	size = (size_t)backend_number((struct text){length, 4}) - 4;
	if (size > sizeof(bytes))
		_exit(2);
	read_bytes(fd, bytes, size);
	return (struct text){bytes, size};
}

static void
send_all(int fd, struct buf *out)
{
	if (send(fd, out->data, out->size, MSG_NOSIGNAL) == -1)
		_exit(0);
	buf_reset(out, MESSAGE_MAX);
}

/* A copy that stays. */
static struct text
keep(struct text t)
{
	struct buf b = {0};

	buf_text(&b, t);
	return (struct text){b.data == NULL ? "" : b.data, b.size};
}

static void
take_params(struct backend_query *q, struct text bind)
{
	int64_t n;

	(void)cut_string(&bind);
	(void)cut_string(&bind);
	n = backend_number(cut_bytes(&bind, 2));
	(void)cut_bytes(&bind, 2 * (size_t)n); /* formats */
	n = backend_number(cut_bytes(&bind, 2));
	for (int64_t i = 0; i < n; i++) {
		int64_t size = backend_number(cut_bytes(&bind, 4));

		q->params[i] = size == UINT32_MAX
		    ? (struct text){0}
		    : keep(cut_bytes(&bind, (size_t)size));
	}
}

/* "SELECT ... jobtail.timeline($1)" is "timeline ". */
static void
tell_asked(const struct backend *b, struct text sql)
{
	const char *name = memmem(sql.data, sql.size, "jobtail.", 8), *end;

	if (name == NULL)
		return;
	name += 8;
	end = memchr(name, '(', sql.size);
	if (dprintf(b->asked, "%.*s ", (int)(end - name), name) < 0)
		_exit(2);
}

static void
answer_query(const struct backend *b, struct buf *out,
    const struct backend_query *q,
    void (*answer)(struct backend_reply *r, const struct backend_query *q))
{
	struct backend_reply r = {0};

	tell_asked(b, q->sql);
	answer(&r, q);
	put_reply(out, &r);
	buf_release(&r.rows);
}

/* What db_session.c asks first: its number, and for a time-out. */
static void
answer_set_up(struct backend_reply *r, const struct backend_query *q)
{
	const struct text cells[] = {TEXT("7"), TEXT("3s")};

	(void)q;
	backend_row(r, cells, 2);
}

static void
serve(const struct backend *b, int fd,
    void (*answer)(struct backend_reply *r, const struct backend_query *q))
{
	struct backend_query q = {0};
	struct buf out = {0};

	(void)read_content(fd); /* the start has no type */
	put_message(&out, 'R', TEXT("\0\0\0\0"));
	put_message(&out, 'K', TEXT("\0\0\0\7\0\0\0\0"));
	put_message(&out, 'Z', TEXT("I"));
	send_all(fd, &out);
	for (;;) {
		struct text content;
		char type;

		read_bytes(fd, &type, 1);
		content = read_content(fd);
		switch (type) {
		case 'Q':
			q = (struct backend_query){.sql = content};
			answer_query(b, &out, &q, answer_set_up);
			put_message(&out, 'Z', TEXT("I"));
			send_all(fd, &out);
			break;
		case 'P':
			(void)cut_string(&content);
			q = (struct backend_query){
			    .sql = keep(cut_string(&content))};
			put_message(&out, '1', TEXT(""));
			break;
		case 'B':
			take_params(&q, content);
			put_message(&out, '2', TEXT(""));
			break;
		case 'E': answer_query(b, &out, &q, answer); break;
		case 'S':
			put_message(&out, 'Z', TEXT("I"));
			send_all(fd, &out);
			break;
		case 'X': _exit(0);
		}
	}
}

void
backend_start(struct backend *b,
    void (*answer)(struct backend_reply *r, const struct backend_query *q))
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), asked[2];

	strcpy(b->dir, "/tmp/backend.XXXXXX");
	if (fd == -1 || mkdtemp(b->dir) == NULL || pipe(asked) == -1)
		abort();
	snprintf(to.sun_path, sizeof(to.sun_path), "%s" SOCKET, b->dir);
	snprintf(b->conninfo, sizeof(b->conninfo), "host=%s", b->dir);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1
	    || listen(fd, 1) == -1)
		abort();
	b->pid = fork();
	if (b->pid == 0) {
		b->asked = asked[1];
		serve(b, accept(fd, NULL, NULL), answer);
	}
	b->asked = asked[0];
	if (fcntl(b->asked, F_SETFL, O_NONBLOCK) == -1)
		abort();
	close(asked[1]);
	close(fd);
}

const char *
backend_asked(struct backend *b)
{
	ssize_t n = read(b->asked, b->names, sizeof(b->names) - 1);

	b->names[n < 0 ? 0 : n] = '\0';
	return b->names;
}

void
backend_stop(struct backend *b)
{
	char path[64];

	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	snprintf(path, sizeof(path), "%s" SOCKET, b->dir);
	unlink(path);
	rmdir(b->dir);
	close(b->asked);
}
