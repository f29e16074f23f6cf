/* nginx's own scheme for files on its disk: ngx_http_secure_link_module with
 *     secure_link $arg_md5,$arg_expires;
 *     secure_link_md5 "$secure_link_expires$uri SECRET"; */
#ifndef SIGNING_SECURE_LINK_H
#define SIGNING_SECURE_LINK_H

#include "base/buf.h"

struct crypto;

struct secure_link_settings {
	const char *base; /* scheme://host[:port][/path], before "/" key */
	const char *secret;
};

struct secure_link;

/* False, and error says what to write. */
bool secure_link_check(const struct secure_link_settings *settings,
    char *error, size_t error_size);
struct secure_link *secure_link_new(
    const struct secure_link_settings *settings, struct crypto *crypto);
void secure_link_free(struct secure_link *l);

/* The end of the URLs that follow. */
void secure_link_begin(struct secure_link *l, int64_t expires_at);
void secure_link_url(struct buf *out, struct secure_link *l, struct text key);

#endif
