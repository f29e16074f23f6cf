/* One thread's signer: the URLs of artifacts, whichever store they are in. */
#ifndef SIGNING_SIGNER_H
#define SIGNING_SIGNER_H

#include "base/buf.h"

struct crypto;
struct stores;
struct window;

struct signer;

/* The stores outlive the signer. */
struct signer *signer_new(const struct stores *stores, struct crypto *crypto);
void signer_free(struct signer *s);

/* Fixes the windows for the URLs of this job that follow. The job's id must
 * live as long. */
void signer_begin(struct signer *s, struct text job, int64_t now_s);

/* Appends the URL of the artifact in the store of that name (absent: the
 * default one), and gives the window that it is good for. False if that store
 * has no URLs, or there is no such store: then the log says so. */
bool signer_url(struct buf *out, struct window *window, struct signer *s,
    struct text store, struct text key);

#endif
