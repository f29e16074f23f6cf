/* One question over HTTP. */
#include "credentials/endpoint.h"

#include "adapters/fetch.h"
#include "base/clock.h"
#include "base/scope.h"
#include "credentials/source.h"

#include <ctype.h>
#include <string.h>

enum { CONNECT_MS = 2000, BODY_MAX = 64 * 1024 };

/* --- who may be asked --- */

struct address {
	struct text scheme; /* with "://" */
	struct text host;   /* without the port */
};

static bool
is_plain(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~'
		    || strchr("\\\"<>^`{|}", t.data[i]) != NULL)
			return false;
	return true;
}

/* Host and port must not be read in two ways. */
static bool
split(struct address *out, const char *url)
{
	const char *host = strstr(url, "://");
	struct text authority, port;

	if (host == NULL || !is_plain(text_of(url)))
		return false;
	host += 3;
	out->scheme = (struct text){url, (size_t)(host - url)};
	authority = (struct text){host, strcspn(host, "/?#")};
	if (memchr(authority.data, '@', authority.size) != NULL)
		return false;
	if (text_has_prefix(authority, TEXT("["))) {
		out->host = (struct text){host, strcspn(host, "]") + 1};
		return out->host.size <= authority.size;
	}
	port = authority;
	(void)text_cut(&out->host, &port, ':');
	return out->host.size > 0;
}

static bool
is_digits(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] < '0' || t.data[i] > '9')
			return false;
	return t.size > 0 && t.size <= 3;
}

/* 127.0.0.0/8, written out. */
static bool
is_loopback(struct text host)
{
	struct text rest = host, part;
	size_t n = 0;

	if (text_equal_nocase(host, TEXT("localhost"))
	    || text_equal(host, TEXT("[::1]")))
		return true;
	if (!text_has_prefix(host, TEXT("127.")))
		return false;
	while (text_cut(&part, &rest, '.')) {
		if (!is_digits(part))
			return false;
		n++;
	}
	return n == 4;
}

static bool
is_at(struct text host, const char *const *hosts)
{
	if (is_loopback(host))
		return true;
	for (; *hosts != NULL; hosts++)
		if (text_equal_nocase(host, text_of(*hosts)))
			return true;
	return false;
}

bool
endpoint_is_known(const char *url, const char *const *hosts)
{
	struct address a;

	return split(&a, url) && is_at(a.host, hosts)
	    && (text_equal(a.scheme, TEXT("http://"))
		|| text_equal(a.scheme, TEXT("https://")));
}

bool
endpoint_is_known_or_tls(const char *url, const char *const *hosts)
{
	struct address a;

	return endpoint_is_known(url, hosts)
	    || (split(&a, url) && text_equal(a.scheme, TEXT("https://")));
}

/* --- asking --- */

enum { DATE, N_WANTED };

static const char *const wanted[N_WANTED + 1] = {[DATE] = "Date"};

/* How far our clock is ahead of the endpoint's. */
static void
compare_clocks(const struct errand *e, struct text date)
{
	int64_t theirs = fetch_date_s(date);

	if (theirs != -1 && e->clock_ahead_s != NULL)
		*e->clock_ahead_s = clock_us_to_s(e->scope->now_us) - theirs;
}

/* What an answer that refuses calls the reason, in JSON or in XML; absent if it
 * says none, or more than a word. */
static struct text
code_of(struct text body)
{
	static const struct text begins[] = {
	    TEXT("\"Code\":"), TEXT("\"code\":"), TEXT("<Code>")};
	const char *at = NULL;
	size_t n = 0;

	if (body.size == 0)
		return (struct text){0};
	for (size_t i = 0; at == NULL && i < 3; i++) {
		at = memmem(
		    body.data, body.size, begins[i].data, begins[i].size);
		if (at != NULL)
			at += begins[i].size;
	}
	if (at == NULL)
		return (struct text){0};
	while (at < body.data + body.size && (*at == ' ' || *at == '"'))
		at++;
	while (at + n < body.data + body.size && isalnum((unsigned char)at[n]))
		n++;
	return n > 0 && n <= 60 ? (struct text){at, n} : (struct text){0};
}

static bool
refused(const struct errand *e, int status, struct text body)
{
	struct text code = code_of(body);

	if (status >= 300 && status < 400)
		scope_cause(e->scope, "the endpoint answered %d, and "
		    "redirects are not followed", status);
	else
		scope_cause(e->scope, "the endpoint answered %d%s%.*s", status,
		    code.size > 0 ? " " : "", (int)code.size, code.data);
	return false;
}

bool
endpoint_ask(struct text *body, int *status, const struct errand *e,
    const struct endpoint_question *q)
{
	const struct fetch_request request = {
	    .method = q->method,
	    .url = q->url,
	    .headers = q->headers,
	    .wanted = wanted,
	    .body = q->body,
	    .ca_file = source_variable("AWS_CA_BUNDLE"),
	    .direct = true,
	    .connect_ms = CONNECT_MS,
	    .max_body = BODY_MAX,
	    .go_on = e->go_on,
	    .of = e->of,
	};
	struct fetch_answer answer;
	enum fetch_outcome outcome =
	    fetch_send(&answer, e->scope, e->fetch, &request);

	*status = 0;
	if (outcome != FETCH_ANSWERED)
		return false;
	compare_clocks(e, answer.wanted[DATE]);
	*body = answer.body;
	*status = answer.status;
	return answer.status == 200 || refused(e, answer.status, answer.body);
}
