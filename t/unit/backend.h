/* A PostgreSQL backend in a few lines: a process that says to libpq what a
 * test wants it to say, on a socket of its own. */
#ifndef T_UNIT_BACKEND_H
#define T_UNIT_BACKEND_H

#include "base/buf.h"

#include <sys/types.h>

enum { BACKEND_PARAMS = 10 };

/* What it is asked. Absent parameters are NULL. */
struct backend_query {
	struct text sql;
	struct text params[BACKEND_PARAMS];
};

/* What it says to that: rows, or with an sqlstate an error; and notices. */
struct backend_reply {
	struct buf rows;
	int n_rows, n_columns;
	const char *sqlstate;
	struct buf notices;
	bool hang_up; /* says nothing, and waits for the next connection */
};

struct backend {
	pid_t pid;
	int asked;
	char dir[32];
	char conninfo[64];
	char names[256];
};

/* The process has a copy of all that there is now. It takes one connection at
 * a time, and is asked for everything but a session's set-up. */
void backend_start(struct backend *b,
    void (*answer)(struct backend_reply *r, const struct backend_query *q));
void backend_stop(struct backend *b);

/* The functions that were called since it was last asked for them, with a
 * space behind each. */
const char *backend_asked(struct backend *b);

/* One more row, of cells; absent ones are NULL. */
void backend_row(
    struct backend_reply *r, const struct text *cells, int n_columns);

/* A notice that is heard behind the reply. */
void backend_notice(
    struct backend_reply *r, const char *channel, struct text payload);

/* A number as a cell or a parameter. */
struct text backend_int8(int64_t number);
int64_t backend_number(struct text parameter);

#endif
