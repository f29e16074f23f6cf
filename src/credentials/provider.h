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

/* Starts the thread, if one is needed. From then on nobody waits for it. */
void provider_start(struct provider *p);

/* Waits until the first try has come to an end, or until then (monotonic). */
void provider_wait(struct provider *p, int64_t until_ms);

/* What signs the URLs of a window from signed_at to expires_at; the caller
 * calls credentials_release(). NULL: none live; the log says why. Without a
 * provider_start() before, as in a process with one thread and one request, the
 * thread is started here, and waited for while nothing has failed, up to the
 * scope's deadline. */
struct credentials *provider_take(struct provider *p, const struct scope *s,
    int64_t signed_at, int64_t expires_at, int64_t now_s);

/* Tries each source, and tells how it went, to an operator. */
bool provider_check(const struct provider *p,
    void (*tell)(void *to, const struct chain_step *step), void *to);

#endif
