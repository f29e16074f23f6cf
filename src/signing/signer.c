/* A table of the kinds of stores. */
#include "signing/signer.h"

#include "base/memory.h"

#include <stdlib.h>

struct signer {
	const struct signer_settings *settings;
	const struct kind *kind;
	void *state;
};

struct kind {
	void *(*new)(const struct signer_settings *, struct crypto *);
	void (*free)(void *state);
	void (*begin)(void *state, const struct signer_settings *,
	    const struct window *);
	void (*url)(struct buf *out, void *state, struct text key);
};

static void *
s3_new(const struct signer_settings *settings, struct crypto *crypto)
{
	return sigv4_new(&settings->s3, crypto);
}

static void
s3_free(void *state)
{
	sigv4_free(state);
}

static void
s3_begin(void *state, const struct signer_settings *settings,
    const struct window *window)
{
	sigv4_begin(state, &settings->credentials, window->signed_at,
	    window->expires_at - window->signed_at);
}

static void
s3_url(struct buf *out, void *state, struct text key)
{
	sigv4_url(out, state, key);
}

static void *
link_new(const struct signer_settings *settings, struct crypto *crypto)
{
	return secure_link_new(&settings->secure_link, crypto);
}

static void
link_free(void *state)
{
	secure_link_free(state);
}

static void
link_begin(void *state, const struct signer_settings *settings,
    const struct window *window)
{
	(void)settings;
	secure_link_begin(state, window->expires_at);
}

static void
link_url(struct buf *out, void *state, struct text key)
{
	secure_link_url(out, state, key);
}

static const struct kind kinds[] = {
    [SIGNER_S3] = {s3_new, s3_free, s3_begin, s3_url},
    [SIGNER_SECURE_LINK] = {link_new, link_free, link_begin, link_url},
    [SIGNER_NONE] = {0},
};

struct signer *
signer_new(const struct signer_settings *settings, struct crypto *crypto)
{
	struct signer *s = memory_new(sizeof(*s));

	s->settings = settings;
	s->kind = &kinds[settings->kind];
	if (s->kind->new != NULL)
		s->state = s->kind->new(settings, crypto);
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	if (s->kind->free != NULL)
		s->kind->free(s->state);
	free(s);
}

struct window
signer_begin(struct signer *s, struct text job, int64_t now_s)
{
	struct window window = window_at(
	    job, now_s, s->settings->ttl_s, s->settings->window_s);

	if (s->kind->begin != NULL)
		s->kind->begin(s->state, s->settings, &window);
	return window;
}

bool
signer_url(struct buf *out, struct signer *s, struct text key)
{
	if (s->kind->url == NULL)
		return false;
	s->kind->url(out, s->state, key);
	return true;
}
