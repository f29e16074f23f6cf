/* The sources that a setting names, in their order. */
#ifndef CREDENTIALS_CHAIN_H
#define CREDENTIALS_CHAIN_H

#include "credentials/source.h"

struct chain {
	const struct source *const *sources; /* the last one is NULL */
};

/* How it went with one source. */
struct chain_step {
	const struct source *source;
	enum found found;
	const char *why;                      /* its cause, or "" */
	const struct credentials *credentials; /* if it was FOUND */
};

/* Of the setting's choice (enum config_credentials). */
struct chain chain_of(int64_t choice);

/* Whether one of them needs an errand's fetch. */
bool chain_fetches(const struct chain *chain);

/* Asks one after the other until one has some, or a fault. Gives the last one
 * that was asked, with the scope's cause; the caller owns the credentials. With
 * tell, each step is told. */
struct chain_step chain_get(struct credentials **out, const struct chain *chain,
    const struct errand *e,
    void (*tell)(void *to, const struct chain_step *step), void *to);

#endif
