/* The hub: who waits for which job, and when it is time to look. Knows no
 * socket and no database: it makes looks and patrols, which workers run, and
 * takes them back. The reactor's. */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include "server/hub_jobs.h"
#include "server/look.h"
#include "server/patrol.h"

enum { HUB_MEMORY = 1024 };

/* A notice that was heard. */
struct hub_notice {
	enum data_set data_set;
	char public_id[ULID_SIZE];
	int64_t seq;
};

struct hub {
	int64_t max_events, max_bytes; /* of a look */
	struct hub_jobs jobs;
	struct look_list looks;    /* made, not taken yet */
	size_t n_waiters;
	struct hub_notice heard[HUB_MEMORY]; /* the last ones */
	uint64_t n_heard;
	bool hears;                /* notices can be relied on */
	bool patrolling;
	int64_t next_tails_ms, next_keys_ms;
	int64_t last_tails_ms;
	int64_t away_since_ms;     /* the database; 0: it is not */
};

void hub_init(struct hub *hub, int64_t max_events, int64_t max_bytes);
/* Nobody waits any more. */
void hub_release(struct hub *hub);

/* How much has been heard by now. A request is stamped with it before it
 * reads, so that hub_join() knows what it may have missed. */
uint64_t hub_stamp(const struct hub *hub);

/* A request, which has just been read, waits from now on; hub_settle() comes
 * next. */
void hub_join(
    struct hub *hub, struct waiter *w, uint64_t stamp, int64_t now_ms);
/* It is ready for looks: at first, after a look, or when its peer has taken
 * what was sent. */
void hub_settle(struct hub *hub, struct waiter *w, int64_t now_ms);
/* Somebody insists on a look at the waiter's job. */
void hub_insist(struct hub *hub, struct waiter *w);
/* It waits no longer. */
void hub_leave(struct hub *hub, struct waiter *w);

/* A notice: the job's newest number. */
void hub_hear(struct hub *hub, enum data_set data_set, struct text public_id,
    int64_t seq, int64_t now_ms);
/* Something was missed, or may have been: patrol, at once unless that has
 * just been done. */
void hub_doubt(struct hub *hub, int64_t now_ms);

/* The next look to be run, or NULL. Its waiters are lent. */
struct look *hub_next_look(struct hub *hub, int64_t now_ms);
/* One comes back: learns from it before its waiters are settled or leave ... */
void hub_take_look(struct hub *hub, const struct look *l, int64_t now_ms);
/* ... and frees it when they have. */
void hub_end_look(struct hub *hub, struct look *l, int64_t now_ms);

/* The next patrol to be run, or NULL. */
struct patrol *hub_next_patrol(struct hub *hub, int64_t now_ms);
void hub_take_patrol(
    struct hub *hub, const struct patrol *p, int64_t now_ms);

/* When one of the last two has something to do; INT64_MAX: never. */
int64_t hub_next_deadline(const struct hub *hub);

/* Of the hub alone: somebody waits again; the database has answered or not. */
void hub_begin_patrols(struct hub *hub, int64_t now_ms);
void hub_note_reached(struct hub *hub, bool reached, int64_t now_ms);

#endif
