/* The metadata of an EC2 instance, version 2 only: nothing is asked without a
 * token (Amazon EC2 User Guide, "Retrieve security credentials from instance
 * metadata"). */
#include "credentials/source.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/scope.h"
#include "credentials/answer.h"
#include "credentials/credentials.h"
#include "credentials/endpoint.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define DISABLED "AWS_EC2_METADATA_DISABLED"
#define IPV4 "169.254.169.254"
#define IPV6 "[fd00:ec2::254]"
#define ROLES "/latest/meta-data/iam/security-credentials/"

enum { WORD_MAX = 1024 }; /* of tokens and of roles' names */

static const char *const hosts[] = {IPV4, IPV6, NULL};

static const char *
base_url(void)
{
	const char *set = source_variable(ENDPOINT);
	const char *mode = source_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");

	if (set != NULL)
		return set;
	return mode != NULL && strcasecmp(mode, "IPv6") == 0
	    ? "http://" IPV6 : "http://" IPV4;
}

/* Asks for what is below the base. */
static bool
ask(struct text *body, int *status, const struct errand *e,
    const char *method, struct text path, const char *header)
{
	const char *const headers[] = {header, NULL};
	struct text base = text_trim_end(text_of(base_url()), "/");
	struct buf url = {0};
	bool ok;

	buf_text(&url, base);
	buf_text(&url, path);
	buf_char(&url, '\0');
	ok = endpoint_ask(body, status, e,
	    &(struct endpoint_question){
		.method = method, .url = url.data, .headers = headers});
	buf_release(&url);
	return ok;
}

/* The first line of an answer, as a C string; NULL, and the scope knows, if
 * that is no word. */
static char *
first_word(const struct errand *e, struct text body, const char *what)
{
	struct text word;

	(void)text_cut(&word, &body, '\n');
	word = text_trim(word, " \t\r");
	for (size_t i = 0; i < word.size; i++)
		if (word.data[i] <= ' ' || word.data[i] > '~')
			word.size = 0;
	if (word.size > 0 && word.size <= WORD_MAX)
		return arena_copy(e->scope->arena, word.data, word.size);
	scope_cause(e->scope, "the endpoint's answer is no %s", what);
	return NULL;
}

/* The header line with a fresh token. */
static char *
get_token(const struct errand *e)
{
	static const char prefix[] = "X-aws-ec2-metadata-token: ";
	struct text body;
	char *token, *header;
	size_t size;
	int status;

	if (!ask(&body, &status, e, "PUT", TEXT("/latest/api/token"),
		"X-aws-ec2-metadata-token-ttl-seconds: 21600"))
		return NULL;
	token = first_word(e, body, "token");
	if (token == NULL)
		return NULL;
	size = sizeof(prefix) + strlen(token);
	header = arena_alloc(e->scope->arena, size);
	snprintf(header, size, "%s%s", prefix, token);
	return header;
}

static char *
get_role(const struct errand *e, const char *token)
{
	struct text body;
	int status;

	if (ask(&body, &status, e, NULL, TEXT(ROLES), token))
		return first_word(e, body, "role's name");
	if (status == 404) {
		e->scope->cause[0] = '\0';
		scope_cause(e->scope, "the instance has no role attached");
	}
	return NULL;
}

static bool
get_answer(struct answer *answer, const struct errand *e, const char *token,
    const char *role)
{
	struct buf path = {0};
	struct text body;
	int status;
	bool ok;

	buf_string(&path, ROLES);
	buf_percent(&path, text_of(role), false);
	ok = ask(&body, &status, e, NULL, buf_as_text(&path), token)
	    && answer_read(answer, e, body, NULL);
	buf_release(&path);
	if (ok && answer->code.data != NULL
	    && !text_equal(answer->code, TEXT("Success"))) {
		if (!credentials_is_word(answer->code))
			answer->code = TEXT("something odd");
		scope_cause(e->scope, "the endpoint says %.*s",
		    (int)answer->code.size, answer->code.data);
		return false;
	}
	return ok;
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	const char *disabled = source_variable(DISABLED), *token, *role;
	struct answer answer;

	if (disabled != NULL && strcasecmp(disabled, "true") == 0)
		return source_nothing(e, DISABLED " is set");
	if (!endpoint_is_known(base_url(), hosts))
		return source_fault(e, ENDPOINT " must be http to " IPV4
		    ", " IPV6 " or loopback");
	if ((token = get_token(e)) == NULL
	    || (role = get_role(e, token)) == NULL
	    || !get_answer(&answer, e, token, role))
		return FOUND_FAULT;
	*out = answer_take(&answer, e, true);
	return *out != NULL ? FOUND : FOUND_FAULT;
}

const struct source source_imds = {
    "imds", get, .is_slow = true, .fetches = true};
