/* A source of credentials: where somebody may have put them. It may read the
 * environment at any time, because nobody in the process changes that. */
#ifndef CREDENTIALS_SOURCE_H
#define CREDENTIALS_SOURCE_H

#include "base/text.h"

struct credentials;
struct fetch;
struct scope;

/* What a store's settings say. Texts are NULL when they are not given. */
struct source_settings {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
	const char *profile;
	const char *process;    /* a command */
	const char *sts_region; /* NULL: whatever the environment says */
};

/* One try: what for, and with what. */
struct errand {
	const struct source_settings *settings;
	struct scope *scope; /* its deadline ends the try */
	struct fetch *fetch; /* NULL: no source of the chain needs it */
	int64_t *clock_ahead_s; /* of an endpoint's, if it says; or NULL */
	bool only_quick;     /* the slow ones are another try's */
	bool (*go_on)(void *of); /* asked each second; NULL: yes */
	void *of;
};

enum found {
	FOUND,
	FOUND_NOTHING, /* the source is not set up */
	FOUND_FAULT,   /* it is, but has nothing to give now */
	FOUND_LATER,   /* it was not asked: it is slow */
};

struct source {
	const char *name; /* as in the setting */

	/* Whoever gets them owns them. Without them the scope's cause says
	 * why, in words that show no secret. */
	enum found (*get)(struct credentials **out, const struct errand *e);

	bool is_slow;  /* not to be asked on a request's path */
	bool fetches;  /* it needs the errand's fetch, which others do without */
	int reread_s;  /* what it says may change at any time; 0: no */
};

extern const struct source source_static;       /* given.c */
extern const struct source source_env;          /* given.c */
extern const struct source source_profile;      /* profile.c */
extern const struct source source_process;      /* process.c */
extern const struct source source_container;    /* container.c */
extern const struct source source_imds;         /* imds.c */
extern const struct source source_web_identity; /* web_identity.c */

/* The environment's variable; NULL if it is not set, or empty. */
const char *source_variable(const char *name);

/* Says why there is nothing, to the scope. */
enum found source_nothing(const struct errand *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum found source_fault(const struct errand *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
