/* The endpoint that ECS and EKS Pod Identity give to a container (AWS SDKs and
 * Tools Reference Guide, "Container credential provider"). */
#include "credentials/source.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/scope.h"
#include "credentials/answer.h"
#include "credentials/endpoint.h"
#include "credentials/text_file.h"

#include <stdio.h>
#include <string.h>

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ECS "169.254.170.2"

static const char *const hosts[] = {
    ECS, "169.254.170.23", "[fd00:ec2::23]", NULL};

/* A path below ECS's host. */
static const char *
relative_url(enum found *found, const struct errand *e, const char *path)
{
	size_t size = sizeof("http://" ECS) + strlen(path);
	char *url = arena_alloc(e->scope->arena, size);

	snprintf(url, size, "http://" ECS "%s", path);
	if (*path == '/' && endpoint_is_known(url, hosts))
		return url;
	*found = source_fault(e, RELATIVE " must be a path");
	return NULL;
}

/* NULL, and what was found instead, if there is no address to ask. */
static const char *
find_url(enum found *found, const struct errand *e)
{
	const char *relative = source_variable(RELATIVE);
	const char *full = source_variable(FULL);

	if (relative != NULL)
		return relative_url(found, e, relative);
	if (full != NULL && endpoint_is_known_or_tls(full, hosts))
		return full;
	*found = full == NULL
	    ? source_nothing(e, "neither " RELATIVE " nor " FULL " is set")
	    : source_fault(e, FULL " must be https, or http to loopback or a "
		"container's own endpoint");
	return NULL;
}

/* The header line in which the token goes; NULL: none is set. False: it
 * cannot be read. */
static bool
read_token(const char **header, const struct errand *e)
{
	const char *path = source_variable(TOKEN "_FILE");
	struct text token = text_of(source_variable(TOKEN));
	struct text_file file;
	struct buf line = {0};

	*header = NULL;
	if (path != NULL) {
		if (!text_file_read(&file, e, path))
			return false;
		token = file.text;
	}
	if (token.data == NULL)
		return true;
	token = text_trim(token, "\r\n");
	buf_string(&line, "Authorization: ");
	buf_text(&line, token);
	*header = arena_copy(e->scope->arena, line.data, line.size);
	explicit_bzero(line.data, line.size);
	buf_release(&line);
	if (strlen(*header) == sizeof("Authorization: ") - 1 + token.size
	    && strpbrk(*header, "\r\n") == NULL)
		return true;
	scope_cause(e->scope, "the token of " TOKEN " is more than a line");
	return false;
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	const char *headers[] = {"Accept: application/json", NULL, NULL};
	enum found found = FOUND_FAULT;
	struct answer answer;
	struct text body;
	int status;
	const char *url = find_url(&found, e);

	if (url == NULL)
		return found;
	if (!read_token(&headers[1], e)
	    || !endpoint_ask(&body, &status, e,
		&(struct endpoint_question){.url = url, .headers = headers})
	    || !answer_read(&answer, e, body, NULL))
		return FOUND_FAULT;
	*out = answer_take(&answer, e, true);
	return *out != NULL ? FOUND : FOUND_FAULT;
}

const struct source source_container = {
    "container", get, .is_slow = true, .fetches = true};
