/* The messages of PostgreSQL's protocol, version 3 (its manual, "Message
 * Formats"), as far as statements without names need them. */
#include "backend.h"

#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

void
backend_notice(
    struct backend_reply *r, const char *channel, struct text payload)
{
	struct buf notice = {0};

	put_int32(&notice, 7);
	buf_string(&notice, channel);
	buf_char(&notice, '\0');
	buf_text(&notice, payload);
	buf_char(&notice, '\0');
	put_message(&r->notices, 'A', buf_as_text(&notice));
	buf_release(&notice);
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
	buf_text(out, buf_as_text(&r->notices));
}

/* --- the process --- */

struct session {
	const struct backend *backend;
	void (*answer)(struct backend_reply *r, const struct backend_query *q);
	int fd;
	struct backend_query query;
	struct buf out;
};

static bool
read_bytes(int fd, void *out, size_t size)
{
	char *at = out;

	while (size > 0) {
		ssize_t n = read(fd, at, size);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
read_content(struct text *content, int fd)
{
	static char bytes[MESSAGE_MAX];
	char length[4];

	if (!read_bytes(fd, length, sizeof(length)))
		return false;
	content->data = bytes;
	content->size =
	    (size_t)backend_number((struct text){length, 4}) - 4;
	if (content->size > sizeof(bytes))
		_exit(2);
	return read_bytes(fd, bytes, content->size);
}

static bool
send_all(struct session *s)
{
	bool ok = send(s->fd, s->out.data, s->out.size, MSG_NOSIGNAL) != -1;

	buf_reset(&s->out, MESSAGE_MAX);
	return ok;
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

/* "SELECT ... FROM jobtail.timeline($1)" is "timeline ", that of jobtail_test
 * "test.timeline ". */
static void
tell_asked(const struct backend *b, struct text sql)
{
	const char *from = memmem(sql.data, sql.size, "FROM jobtail", 12);
	struct text name, rest;

	if (from == NULL)
		return;
	from += 13;
	rest = (struct text){from, sql.size - (size_t)(from - sql.data)};
	if (text_cut(&name, &rest, '(')
	    && dprintf(b->asked, "%.*s ", (int)name.size, name.data) < 0)
		_exit(2);
}

/* What db_session.c asks first: its number, and for a time-out. */
static bool
answer_set_up(struct backend_reply *r, struct text sql)
{
	const struct text cells[] = {TEXT("7"), TEXT("3s")};

	if (memmem(sql.data, sql.size, "pg_backend_pid", 14) == NULL)
		return false;
	backend_row(r, cells, 2);
	return true;
}

static bool
answer_query(struct session *s)
{
	struct backend_reply r = {0};

	tell_asked(s->backend, s->query.sql);
	if (!answer_set_up(&r, s->query.sql))
		s->answer(&r, &s->query);
	put_reply(&s->out, &r);
	buf_release(&r.rows);
	buf_release(&r.notices);
	return !r.hang_up;
}

static bool
finish(struct session *s)
{
	put_message(&s->out, 'Z', TEXT("I"));
	return send_all(s);
}

/* The start has no type. */
static bool
begin(struct session *s)
{
	struct text start;

	put_message(&s->out, 'R', TEXT("\0\0\0\0"));
	put_message(&s->out, 'K', TEXT("\0\0\0\7\0\0\0\0"));
	return read_content(&start, s->fd) && finish(s);
}

static bool
take_message(struct session *s, char type, struct text content)
{
	switch (type) {
	case 'Q':
		s->query = (struct backend_query){.sql = content};
		return answer_query(s) && finish(s);
	case 'P':
		(void)cut_string(&content);
		s->query = (struct backend_query){
		    .sql = keep(cut_string(&content))};
		put_message(&s->out, '1', TEXT(""));
		return true;
	case 'B':
		take_params(&s->query, content);
		put_message(&s->out, '2', TEXT(""));
		return true;
	case 'E': return answer_query(s);
	case 'S': return finish(s);
	case 'X': return false;
	default: return true;
	}
}

static void
serve(struct session *s)
{
	struct text content;
	char type;

	if (!begin(s))
		return;
	while (read_bytes(s->fd, &type, 1) && read_content(&content, s->fd)
	    && take_message(s, type, content))
		;
}

static void
run(struct session *s, int listening)
{
	while ((s->fd = accept(listening, NULL, NULL)) != -1) {
		serve(s);
		close(s->fd);
		buf_release(&s->out);
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
		struct session s = {.backend = b, .answer = answer};

		/* it is nobody's orphan when a test dies half-way */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		b->asked = asked[1];
		run(&s, fd);
		_exit(0);
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
