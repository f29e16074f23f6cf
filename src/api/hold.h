/* A hold: what is kept of a request that is put down until something
 * happens, and all that is needed to answer it then. A value: it points to
 * nothing of the request's. */
#ifndef API_HOLD_H
#define API_HOLD_H

#include "api/accept.h"
#include "api/etag.h"
#include "api/principal.h"
#include "api/route.h"

struct app;
struct config;
struct job;
struct places;
struct request;
struct scope;

/* What is to be done with a request that was looked at. */
enum verdict {
	VERDICT_ANSWER, /* send the response: it is the end */
	VERDICT_HOLD,   /* send what is in the response, if anything, and keep
	                   the hold; it has a place, or stands */
};

struct hold {
	char id[ULID_SIZE + 1]; /* the request's, in the log */
	int64_t began_us;       /* wall time */
	const char *lines;      /* of its head: CORS, which is settled once */
	enum form form;
	struct route route;
	struct principal who;
	int64_t wait_s;    /* what was asked for, within the setting */
	bool preferred;    /* ... by a Prefer header */

	bool placed;       /* it has a place ... */
	bool stands;       /* ... or room to stand in, until it has caught up */
	int64_t lasts_ms;  /* from its beginning to its end, jitter included */
	int64_t job_id;
	int64_t last_seq;  /* the job's, when it was last looked at */
	bool has_cursor;   /* what comes after it is news */
	int64_t cursor;

	/* of a poll with an If-None-Match that matches: the client's page */
	bool has_page;
	char etag[ETAG_SIZE + 1];
	size_t page_events;

	/* of a stream */
	bool begun;        /* its head is out */
	bool more;         /* the next events are there already */
	size_t n_events;   /* that were sent */
	size_t n_bytes;
};

/* Reads what the request says of forms and waiting. */
void hold_init(struct hold *h, const struct scope *s,
    const struct config *config, const struct request *req,
    const struct route *route);

/* Copies what is known by now. */
void hold_keep(struct hold *h, const struct principal *who,
    const struct job *job);

/* The cursor is past the job's last event, internal ones included. */
bool hold_is_ahead(const struct hold *h, const struct job *job);

/* Gives the hold a place, if it has none yet, and says how long it lasts: at
 * most so many seconds, up to 15 % less at random. False: none is free. */
bool hold_place(struct hold *h, const struct app *app,
    const struct principal *who, int64_t most_s);
/* Has it stand, without a place, if it has more to tell. False: it has not, or
 * there is no room. */
bool hold_stand(
    struct hold *h, const struct app *app, const struct principal *who);
/* It ends: its place or its room, if it has any, is free again. */
void hold_leave(const struct hold *h, struct places *places);

#endif
