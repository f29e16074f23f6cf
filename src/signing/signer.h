/* One thread's signer: the URLs of artifacts, whichever store they are in. */
#ifndef SIGNING_SIGNER_H
#define SIGNING_SIGNER_H

#include "base/buf.h"

struct crypto;
struct scope;
struct stores;
struct window;

struct signer;

/* The stores outlive the signer. */
struct signer *signer_new(const struct stores *stores, struct crypto *crypto);
void signer_free(struct signer *s);

/* Fixes the windows for the URLs of this job that follow. The job's id must
 * live as long. */
void signer_begin(struct signer *s, struct text job, int64_t now_s);

enum signed_as {
	SIGNED,
	SIGNED_NOT,   /* the store has no URLs, or there is no such store: then
	                 the log says so */
	SIGNED_LATER, /* the store has no credentials now: the scope's cause */
};

/* Appends the URL of the artifact in the store of that name (absent: the
 * default one), and gives the window that it is good for. */
enum signed_as signer_url(struct buf *out, struct window *window,
    struct signer *signer, struct scope *s, struct text store,
    struct text key);

#endif
