/* A token from a file, which STS gives credentials for (AWS Security Token
 * Service API Reference, AssumeRoleWithWebIdentity). */
#include "credentials/source.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/scope.h"
#include "credentials/answer.h"
#include "credentials/endpoint.h"
#include "credentials/partition.h"
#include "credentials/text_file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "AWS_WEB_IDENTITY_TOKEN_FILE"
#define ROLE "AWS_ROLE_ARN"
#define ENDPOINT "AWS_ENDPOINT_URL_STS"

static const char *const hosts[] = {NULL};

static const char *
region(const struct errand *e)
{
	const char *set = source_variable("AWS_REGION");

	if (set == NULL)
		set = source_variable("AWS_DEFAULT_REGION");
	return set != NULL ? set : e->settings->sts_region;
}

/* What is no region's name must not become another host. */
static bool
is_region(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 64
	    && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* NULL, and the scope knows, if what is set may not be asked. */
static const char *
find_url(const struct errand *e)
{
	const char *set = source_variable(ENDPOINT), *where = region(e);
	struct buf url = {0};
	char *copy;

	if (set != NULL) {
		if (endpoint_is_known_or_tls(set, hosts))
			return set;
		scope_cause(e->scope,
		    ENDPOINT " must be https, or http to loopback");
		return NULL;
	}
	if (where == NULL)
		return "https://sts.amazonaws.com/";
	if (!is_region(where)) {
		scope_cause(e->scope, "AWS_REGION is no region's name");
		return NULL;
	}
	buf_printf(&url, "https://sts.%s.%s/", where, partition_domain(where));
	copy = arena_copy(e->scope->arena, url.data, url.size);
	buf_release(&url);
	return copy;
}

static void
put_field(struct buf *form, const char *name, struct text value)
{
	buf_printf(form, "&%s=", name);
	buf_percent(form, value, false);
}

static void
make_form(struct buf *form, const char *role, struct text token)
{
	const char *session = source_variable("AWS_ROLE_SESSION_NAME");

	/* at once, so that no copy of the token stays behind */
	(void)buf_reserve(form, 3 * (token.size + strlen(role)) + 1024);
	buf_string(form,
	    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
	put_field(form, "RoleArn", text_of(role));
	put_field(form, "RoleSessionName",
	    session != NULL ? text_of(session) : TEXT("jobtail"));
	put_field(form, "WebIdentityToken", token);
}

/* STS answers in JSON to whoever asks for it, else in XML. */
static bool
ask(struct answer *answer, const struct errand *e, const char *url,
    const char *role, struct text token)
{
	static const char *const headers[] = {"Accept: application/json",
	    "Content-Type: application/x-www-form-urlencoded", NULL};
	static const struct text envelopes[] = {
	    TEXT("\"AssumeRoleWithWebIdentityResponse\""),
	    TEXT("\"AssumeRoleWithWebIdentityResult\""),
	    TEXT("\"Credentials\""), {0}};
	struct buf form = {0};
	struct text body;
	int status;
	bool ok;

	make_form(&form, role, token);
	ok = endpoint_ask(&body, &status, e,
	    &(struct endpoint_question){
		.method = "POST", .url = url, .headers = headers,
		.body = buf_as_text(&form)});
	explicit_bzero(form.data, form.size);
	buf_release(&form);
	return ok && answer_read(answer, e, body, envelopes);
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	const char *path = source_variable(FILE_NAME), *url;
	const char *role = source_variable(ROLE);
	struct answer answer;
	struct text_file token;

	if (path == NULL)
		return source_nothing(e, FILE_NAME " is not set");
	if (role == NULL)
		return source_fault(e, FILE_NAME " is set, and " ROLE
		    " is not");
	url = find_url(e);
	if (url == NULL || !text_file_read(&token, e, path)
	    || !ask(&answer, e, url, role, text_trim(token.text, " \t\r\n")))
		return FOUND_FAULT;
	*out = answer_take(&answer, e, true);
	return *out != NULL ? FOUND : FOUND_FAULT;
}

const struct source source_web_identity = {
    "web-identity", get, .is_slow = true, .fetches = true};
