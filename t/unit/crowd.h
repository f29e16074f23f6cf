/* A crowd: jobs that move, requests that wait for them, and the workers and
 * the reactor around a hub, one step at a time. Time is a number here. */
#ifndef T_UNIT_CROWD_H
#define T_UNIT_CROWD_H

#include "server/hub.h"

enum { CROWD_JOBS = 8, CROWD_EVENTS = 10 /* the most that a look reads */ };

/* As the database knows it. */
struct crowd_job {
	enum data_set data_set;
	int64_t tenant_id, job_id;
	char public_id[ULID_SIZE + 1];
	int64_t last_seq, public_seq; /* internal events included, or not */
	bool closed, gone;
};

struct member {
	TAILQ_ENTRY(member) entry;
	struct waiter waiter;
	struct crowd_job *job;
	uint64_t stamp;
	struct hold held;  /* the waiter's, while a worker has it */
	bool joined;
	bool in_look;    /* known to us, not to the hub */
	bool hung_up;    /* leaves when it may */
	bool slow;       /* is blocked when something is sent to it */
};

TAILQ_HEAD(member_list, member);

/* A look that a worker has. */
struct glance {
	TAILQ_ENTRY(glance) entry;
	struct look *look;
	bool done;
};

TAILQ_HEAD(glance_list, glance);

struct crowd {
	struct hub hub;
	int64_t now_ms;
	struct crowd_job jobs[CROWD_JOBS];
	struct member_list members;
	size_t n_members;
	struct glance_list glances;
	struct patrol *patrol;  /* a worker has it */
	bool patrol_done;
	uint32_t dead_keys;     /* by key_id */
	bool away;              /* the database: crowd_finish() meets nobody */

	/* what happened so far */
	size_t n_looks, n_looked_at, n_patrols, n_answered;
	const char *fault;      /* the first thing that went wrong */
};

void crowd_init(struct crowd *c);
/* Everybody leaves. */
void crowd_release(struct crowd *c);

/* A new event. */
int64_t crowd_append(struct crowd_job *job, bool is_public);
void crowd_hear(struct crowd *c, const struct crowd_job *job, int64_t seq);

/* A request is read by a worker: it sees the job as it is now ... */
struct member *crowd_ask(struct crowd *c, struct crowd_job *job,
    enum form form, int64_t key_id);
/* ... perhaps as one page, of at most so many events (0: as many as a look
 * reads), of which the client has what there is ... */
void crowd_keep_page(struct member *m, int64_t cursor, int64_t limit);
/* ... and later it waits. */
void crowd_join(struct crowd *c, struct member *m);
/* Its peer has taken what was sent. */
void crowd_resume(struct crowd *c, struct member *m);
/* Its peer is gone. */
void crowd_hang_up(struct crowd *c, struct member *m);

/* Hands looks and a patrol, if any are due, to workers. */
void crowd_push(struct crowd *c);
/* A worker runs one; reached: the database answers. */
void crowd_run(struct crowd *c, struct glance *g, bool reached);
/* The reactor takes it back. */
void crowd_take(struct crowd *c, struct glance *g);
void crowd_run_patrol(struct crowd *c, bool reached);
void crowd_take_patrol(struct crowd *c);

/* Runs and takes all that workers have. */
void crowd_finish(struct crowd *c);
/* So many milliseconds go by, everything done at once when it is due;
 * without a patrol if that is not wanted. */
void crowd_pass(struct crowd *c, int64_t ms, bool patrols);

/* Somebody is behind, who could know better: why, or NULL. */
const char *crowd_lag(const struct crowd *c);

#endif
