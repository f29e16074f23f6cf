/* AWS Signature Version 4 in the query, for GET on S3 (Amazon S3 API
 * Reference, "Authenticating Requests: Using Query Parameters"). */
#ifndef SIGNING_SIGV4_H
#define SIGNING_SIGV4_H

#include "base/buf.h"

struct credentials;
struct crypto;

struct sigv4_settings {
	const char *endpoint; /* scheme://host[:port]; NULL: Amazon's */
	const char *region;
	const char *bucket;
	bool path_style; /* the bucket in the path, not in the host */
	/* headers that the store is told to answer with, or NULL */
	const char *content_disposition;
	const char *cache_control;
};

/* Signs for one bucket; one thread uses it at a time. */
struct sigv4;

/* NULL if the settings are good; else the key of one that is not, and error
 * says what to write. */
const char *sigv4_check(const struct sigv4_settings *settings, char *error,
    size_t error_size);
struct sigv4 *sigv4_new(
    const struct sigv4_settings *settings, struct crypto *crypto);
void sigv4_free(struct sigv4 *v);

/* Fixes what the URLs that follow have in common. The credentials must live
 * until the next call; expires_s is from signed_at, 1 to 604,800. */
void sigv4_begin(struct sigv4 *v, const struct credentials *credentials,
    int64_t signed_at, int64_t expires_s);

/* Appends the URL of the object. */
void sigv4_url(struct buf *out, struct sigv4 *v, struct text key);

#endif
