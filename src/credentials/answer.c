/* Members to credentials, strictly. */
#include "credentials/answer.h"

#include "adapters/doc.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(name, member, decode) \
	{TEXT("\"" name "\""), offsetof(struct answer, member), decode}

static const struct doc_member members[] = {
    MEMBER("Code", code, doc_string),
    MEMBER("Version", version, doc_as_it_stands),
    MEMBER("AccessKeyId", access_key_id, doc_string),
    MEMBER("SecretAccessKey", secret_access_key, doc_string),
    MEMBER("Token", token, doc_string_or_null),
    MEMBER("SessionToken", session_token, doc_string_or_null),
    MEMBER("Expiration", expiration, doc_as_it_stands),
    {{0}},
};

static bool
open_envelopes(struct text *json, const struct errand *e,
    const struct text *envelopes)
{
	for (; envelopes != NULL && envelopes->data != NULL; envelopes++) {
		const struct doc_member one[] = {
		    {*envelopes, 0, doc_as_it_stands}, {{0}}};
		struct text inner = {0};

		if (!doc_members(&inner, one, e->scope, *json)
		    || inner.data == NULL) {
			scope_cause(e->scope, "the answer has no %.*s",
			    (int)envelopes->size, envelopes->data);
			return false;
		}
		*json = inner;
	}
	return true;
}

bool
answer_read(struct answer *answer, const struct errand *e, struct text json,
    const struct text *envelopes)
{
	*answer = (struct answer){0};
	if (!json_is_valid(json)) {
		scope_cause(e->scope, "the answer is no JSON");
		return false;
	}
	if (!open_envelopes(&json, e, envelopes))
		return false;
	if (!doc_members(answer, members, e->scope, json)) {
		scope_cause(e->scope, "the answer's members are of the wrong "
		    "types, or there twice");
		return false;
	}
	return true;
}

/* Seconds since 1970: STS writes them as a number, perhaps with an exponent. */
static bool
parse_number(int64_t *wall_s, struct text t)
{
	char digits[40], *end;
	double seconds;

	if (t.size == 0 || t.size >= sizeof(digits))
		return false;
	memcpy(digits, t.data, t.size);
	digits[t.size] = '\0';
	seconds = strtod(digits, &end);
	if (*end != '\0' || !isfinite(seconds) || seconds < 0
	    || seconds > 253402300799.0) /* the end of the year 9999 */
		return false;
	*wall_s = (int64_t)seconds;
	return true;
}

static bool
parse_end(int64_t *ends_at, const struct answer *answer,
    const struct errand *e, bool needs_end)
{
	struct text t = answer->expiration, date;

	*ends_at = CREDENTIALS_NO_END;
	if (t.data == NULL || text_equal(t, TEXT("null"))) {
		if (needs_end)
			scope_cause(e->scope, "the answer has no Expiration");
		return !needs_end;
	}
	if (t.data[0] == '"'
		? doc_string(&date, e->scope, t)
		    && clock_parse_rfc3339(ends_at, date)
		: parse_number(ends_at, t))
		return true;
	scope_cause(e->scope, "the answer's Expiration is no date");
	return false;
}

static bool
is_whole(const struct answer *answer, struct text token,
    const struct errand *e, bool needs_token)
{
	const char *fault = NULL;

	if (!credentials_is_word(answer->access_key_id))
		fault = "AccessKeyId";
	else if (!credentials_is_word(answer->secret_access_key))
		fault = "SecretAccessKey";
	else if (token.data == NULL ? needs_token : !credentials_is_word(token))
		fault = "session token";
	if (fault != NULL)
		scope_cause(e->scope, "the answer has no usable %s", fault);
	return fault == NULL;
}

struct credentials *
answer_take(const struct answer *answer, const struct errand *e,
    bool needs_end)
{
	struct text token = answer->token.data != NULL
	    ? answer->token : answer->session_token;
	int64_t now_s = clock_us_to_s(e->scope->now_us), ends_at;

	if (token.size == 0 && !needs_end)
		token = (struct text){0};
	if (!is_whole(answer, token, e, needs_end)
	    || !parse_end(&ends_at, answer, e, needs_end))
		return NULL;
	if (ends_at <= now_s) {
		scope_cause(e->scope, "the credentials ended %lld s before "
		    "they came; is this machine's clock right?",
		    (long long)(now_s - ends_at));
		return NULL;
	}
	return credentials_new(answer->access_key_id,
	    answer->secret_access_key, token, ends_at);
}
