/* Which origins are let in, and what they are told. */
#include "api/cors.h"

#include "api/request.h"
#include "api/route.h"
#include "base/buf.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Caches must know that answers differ, also of one that names nobody. */
#define VARY "Vary: Origin\r\n"

/* Scripts of other sites see no others; t/guard holds this against them. */
#define EXPOSED                                                                \
	"Access-Control-Expose-Headers: ETag, Link, Retry-After, "             \
	"X-Request-Id, X-Poll-Interval, Preference-Applied, "                  \
	"WWW-Authenticate, Jobtail-Up-To-Date, Jobtail-Closed, "               \
	"Jobtail-Job-Status, Jobtail-Last-Event-Age, Jobtail-Cursor, "         \
	"Jobtail-Wait, Jobtail-Artifacts-Expire\r\n"

/* What an OPTIONS before the request itself is for. */
#define ALLOWED                                                                \
	"Access-Control-Allow-Methods: " ROUTE_ALLOW "\r\n"                    \
	"Access-Control-Allow-Headers: Authorization, Accept, "                \
	"If-None-Match, Last-Event-ID, Prefer, X-Shopify-Hmac-Sha256, "        \
	"Cache-Control\r\n"                                                    \
	"Access-Control-Max-Age: 600\r\n"

struct origin {
	struct text name;     /* in the setting's text */
	struct buf lines;     /* with a NUL at the end */
	struct buf preflight; /* the same, for an OPTIONS */
};

struct cors {
	char *text; /* the setting */
	struct origin list[CORS_ORIGINS_MAX];
	size_t n;
};

/* --- what an origin looks like --- */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Not empty, and every character from the set. */
static bool
is_of(struct text t, const char *set)
{
	return t.size > 0 && text_trim(t, set).size == 0;
}

/* A name, or an IP address, IPv6 in brackets. */
static bool
is_host(struct text t)
{
	if (t.size > 2 && t.data[0] == '[' && t.data[t.size - 1] == ']')
		return is_of((struct text){t.data + 1, t.size - 2},
		    DIGITS "abcdef:.");
	return is_of(t, LOWER DIGITS "-._") && t.data[0] != '.'
	    && t.data[t.size - 1] != '.';
}

/* Browsers leave out the port that is the scheme's own. */
static bool
is_port(struct text t, struct text scheme)
{
	int n = 0;

	if (!is_of(t, DIGITS) || t.size > 5 || t.data[0] == '0')
		return false;
	for (size_t i = 0; i < t.size; i++)
		n = 10 * n + (t.data[i] - '0');
	return n <= 65535
	    && !(n == 80 && text_equal(scheme, TEXT("http")))
	    && !(n == 443 && text_equal(scheme, TEXT("https")));
}

/* Without ":port", if it has one. */
static bool
strip_port(struct text *host, struct text scheme)
{
	struct text name = text_trim_end(*host, DIGITS), port;

	if (name.size == 0 || name.data[name.size - 1] != ':')
		return true;
	port = (struct text){
	    host->data + name.size, host->size - name.size};
	host->size = name.size - 1;
	return is_port(port, scheme);
}

/* Exactly as browsers send it (RFC 6454, section 6.2). */
static bool
is_origin(struct text t)
{
	struct text scheme, host = t;

	if (!text_cut(&scheme, &host, ':')
	    || !text_has_prefix(host, TEXT("//")))
		return false;
	host.data += 2;
	host.size -= 2;
	return is_of(scheme, LOWER DIGITS "+-.")
	    && strchr(LOWER, scheme.data[0]) != NULL
	    && strip_port(&host, scheme) && is_host(host);
}

/* --- the list --- */

static void
print_lines(struct buf *out, struct text origin, const char *rest)
{
	buf_string(out, "Access-Control-Allow-Origin: ");
	buf_text(out, origin);
	buf_string(out, "\r\n");
	buf_string(out, rest);
	buf_string(out, VARY);
	buf_char(out, '\0');
}

static void
add_origin(struct cors *c, struct text name)
{
	struct origin *o = &c->list[c->n++];

	o->name = name;
	print_lines(&o->lines, name, EXPOSED);
	print_lines(&o->preflight, name, ALLOWED);
}

static bool
take_origin(struct cors *c, struct text name, char *error, size_t size)
{
	if (!is_origin(name)) {
		snprintf(error, size, "'%.*s' is no origin; write it as "
		    "browsers send it, such as https://app.example.org or "
		    "http://localhost:3000: lower case, no path, no port "
		    "that is the scheme's own, and neither * nor null",
		    name.size > 100 ? 100 : (int)name.size, name.data);
		return false;
	}
	if (c->n == CORS_ORIGINS_MAX) {
		snprintf(error, size, "more than %d origins; leave out "
		    "what is no longer in use", CORS_ORIGINS_MAX);
		return false;
	}
	add_origin(c, name);
	return true;
}

struct cors *
cors_new(const char *origins, char *error, size_t error_size)
{
	static const char separators[] = " \t,";
	struct cors *c = memory_new(sizeof(*c));
	const char *p;

	c->text = memory_strdup(origins);
	for (p = c->text; *(p += strspn(p, separators)) != '\0';) {
		struct text name = {p, strcspn(p, separators)};

		if (!take_origin(c, name, error, error_size))
			goto fail;
		p += name.size;
	}
	if (c->n > 0)
		return c;
	snprintf(error, error_size,
	    "there is no origin in it; leave the line out");
fail:
	cors_free(c);
	return NULL;
}

void
cors_free(struct cors *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		buf_release(&c->list[i].lines);
		buf_release(&c->list[i].preflight);
	}
	free(c->text);
	free(c);
}

/* --- a request --- */

static bool
is_preflight(const struct request *req)
{
	return text_equal(req->method, TEXT("OPTIONS"))
	    && req->requested_method.data != NULL;
}

const char *
cors_lines(const struct cors *c, const struct request *req)
{
	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		if (text_equal(c->list[i].name, req->origin))
			return is_preflight(req) ? c->list[i].preflight.data
			    : c->list[i].lines.data;
	return VARY;
}
