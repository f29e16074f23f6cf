/* The credentials that a source gave last, and those before them. Pure: time
 * is a parameter, in wall seconds. */
#ifndef CREDENTIALS_GENERATIONS_H
#define CREDENTIALS_GENERATIONS_H

#include "credentials/refresh.h"

struct credentials;

struct generations {
	struct credentials *older, *newer; /* NULL: there are none */
	struct refresh refresh;            /* when to ask for others */
};

void generations_release(struct generations *g);

/* A source gave fresh ones, whose owner this is now; reread_s is how often it
 * wants to be asked. True if they are others than before. */
bool generations_add(struct generations *g, struct credentials *fresh,
    int64_t reread_s, int64_t now_s);

/* The source gave none. */
void generations_miss(struct generations *g, int64_t now_s);

/* Whether others are needed urgently. */
bool generations_insist(const struct generations *g, int64_t now_s);

/* What signs the URLs of a window from signed_at to expires_at: the newer ones,
 * but a window that had begun before these came stays with the older ones if
 * they live long enough, so that its URLs do not change. NULL: none live. */
struct credentials *generations_choose(const struct generations *g,
    int64_t signed_at, int64_t expires_at, int64_t now_s);

#endif
