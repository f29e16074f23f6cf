/* A provider: the credentials of one or several stores, kept fresh by a thread
 * of its own, which is started only if a source is slow. Any thread may take
 * them. */
#ifndef CREDENTIALS_PROVIDER_H
#define CREDENTIALS_PROVIDER_H

#include "credentials/chain.h"

struct provider;

struct provider_settings {
	const char *name;  /* of the store, for the log; it outlives all */
	struct chain chain;
	struct source_settings source;
};

/* Asks the quick sources at once. NULL, and error says what is missing, if they
 * have nothing and there are no others. */
struct provider *provider_new(const struct provider_settings *settings,
    char *error, size_t error_size);

/* Ends its thread, within a second. */
void provider_free(struct provider *p);

/* Whether both ask the same sources for the same. */
bool provider_is_same(const struct provider *a, const struct provider *b);

/* URLs with these lives are signed with what it has. Before it is started. */
void provider_cover(struct provider *p, int64_t ttl_s, int64_t window_s);

/* Starts the thread, if one is needed and not there. Else provider_take() does
 * so the first time; who has several threads calls it before they are there. */
void provider_start(struct provider *p);

/* What signs the URLs of a window from signed_at to expires_at; the caller
 * calls credentials_release(). Waits a while, for most of the scope's time, if
 * those that live do not do and no try has failed since they were good: at the
 * start, or on a machine that has slept. NULL: none live; the log says why. */
struct credentials *provider_take(struct provider *p, const struct scope *s,
    int64_t signed_at, int64_t expires_at, int64_t now_s);

/* Tries each source, and tells how it went, to an operator. */
bool provider_check(const struct provider *p,
    void (*tell)(void *to, const struct chain_step *step), void *to);

#endif
