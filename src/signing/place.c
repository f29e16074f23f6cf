/* Endpoints, and where the bucket's name goes. */
#include "signing/place.h"

#include "credentials/partition.h"

#include <string.h>

/* --- endpoints --- */

struct endpoint {
	struct text scheme;
	struct text authority; /* host[:port], without the scheme's port */
};

/* Browsers send it in lower case, so that is what is signed. */
static bool
is_authority(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~'
		    || (t.data[i] >= 'A' && t.data[i] <= 'Z')
		    || strchr("/?#@%\\\"<>", t.data[i]) != NULL)
			return false;
	return t.size > 0;
}

static bool
split_endpoint(struct endpoint *out, const char *endpoint)
{
	struct text all = text_of(endpoint), port;

	if (text_has_prefix(all, TEXT("https://"))) {
		out->scheme = TEXT("https://");
		port = TEXT(":443");
	} else if (text_has_prefix(all, TEXT("http://"))) {
		out->scheme = TEXT("http://");
		port = TEXT(":80");
	} else {
		return false;
	}
	all.data += out->scheme.size;
	all.size -= out->scheme.size;
	if (all.size > 0 && all.data[all.size - 1] == '/')
		all.size--;
	if (all.size > port.size
	    && text_equal((struct text){all.data + all.size - port.size,
			      port.size}, port))
		all.size -= port.size;
	out->authority = all;
	return is_authority(all);
}

bool
place_is_endpoint(const char *endpoint)
{
	struct endpoint e;

	return split_endpoint(&e, endpoint);
}

/* Of a region: the global hosts redirect, or refuse. */
static void
put_amazon_host(struct buf *out, const char *region)
{
	buf_printf(out, "s3.%s.%s", region, partition_domain(region));
}

/* --- the bucket --- */

/* A label of a host's name as browsers leave it. */
static bool
is_label(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if ((t.data[i] < 'a' || t.data[i] > 'z')
		    && (t.data[i] < '0' || t.data[i] > '9')
		    && (t.data[i] != '-' || i == 0 || i == t.size - 1))
			return false;
	return t.size > 0 && t.size <= 63;
}

static bool
is_address(struct text authority)
{
	struct text host;

	if (!text_cut(&host, &authority, ':') || host.data[0] == '[')
		return true;
	for (size_t i = 0; i < host.size; i++)
		if (host.data[i] != '.'
		    && (host.data[i] < '0' || host.data[i] > '9'))
			return false;
	return true;
}

/* Whether the bucket can stand before the host. A certificate is good for
 * one label more, so with TLS a dotted name cannot. */
static bool
fits_host(const char *bucket, const struct endpoint *e)
{
	struct text rest = text_of(bucket), label;
	size_t n = 0;

	if (is_address(e->authority))
		return false;
	while (text_cut(&label, &rest, '.')) {
		n++;
		if (!is_label(label))
			return false;
	}
	return n == 1 || text_equal(e->scheme, TEXT("http://"));
}

void
place_find(struct place *place, const char *endpoint, const char *region,
    const char *bucket, bool path_style)
{
	struct endpoint e = {TEXT("https://"), {0}};
	struct buf amazon = {0};
	bool in_path;

	*place = (struct place){0};
	if (endpoint == NULL || !split_endpoint(&e, endpoint)) {
		put_amazon_host(&amazon, region);
		e.authority = buf_as_text(&amazon);
	}
	in_path = path_style || !fits_host(bucket, &e);
	if (!in_path)
		buf_printf(&place->host, "%s.", bucket);
	buf_text(&place->host, e.authority);
	buf_release(&amazon);
	buf_text(&place->origin, e.scheme);
	buf_text(&place->origin, buf_as_text(&place->host));
	buf_char(&place->path, '/');
	if (in_path) {
		buf_percent(&place->path, text_of(bucket), false);
		buf_char(&place->path, '/');
	}
}

void
place_release(struct place *place)
{
	buf_release(&place->origin);
	buf_release(&place->host);
	buf_release(&place->path);
}
