/* Long-lived keys that are simply there: in the settings, or in the
 * environment under the names that AWS's tools use. */
#include "credentials/source.h"

#include "base/clock.h"
#include "base/scope.h"
#include "credentials/credentials.h"

static enum found
get_static(struct credentials **out, const struct errand *e)
{
	const struct source_settings *set = e->settings;

	if (set->access_key_id == NULL || set->secret_access_key == NULL)
		return source_nothing(e, "s3_access_key_id is not set");
	*out = credentials_new(text_of(set->access_key_id),
	    text_of(set->secret_access_key), text_of(set->session_token),
	    CREDENTIALS_NO_END);
	return FOUND;
}

/* Whoever put a temporary key there may have said until when it is one. */
static bool
find_end(int64_t *ends_at, const struct errand *e)
{
	const char *end = source_variable("AWS_CREDENTIAL_EXPIRATION");

	*ends_at = CREDENTIALS_NO_END;
	if (end == NULL || (clock_parse_rfc3339(ends_at, text_of(end))
		&& *ends_at > clock_us_to_s(e->scope->now_us)))
		return true;
	scope_cause(e->scope,
	    "AWS_CREDENTIAL_EXPIRATION is no date, or has gone by");
	return false;
}

static enum found
get_env(struct credentials **out, const struct errand *e)
{
	struct text id = text_of(source_variable("AWS_ACCESS_KEY_ID"));
	struct text secret = text_of(source_variable("AWS_SECRET_ACCESS_KEY"));
	struct text token = text_of(source_variable("AWS_SESSION_TOKEN"));
	int64_t ends_at;

	if (id.data == NULL)
		return source_nothing(e, "AWS_ACCESS_KEY_ID is not set");
	if (secret.data == NULL)
		return source_fault(e, "AWS_ACCESS_KEY_ID is set, and "
		    "AWS_SECRET_ACCESS_KEY is not");
	if (!credentials_is_word(id) || !credentials_is_word(secret)
	    || (token.data != NULL && !credentials_is_word(token)))
		return source_fault(e, "AWS_ACCESS_KEY_ID, "
		    "AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN has blanks or "
		    "is no ASCII");
	if (!find_end(&ends_at, e))
		return FOUND_FAULT;
	*out = credentials_new(id, secret, token, ends_at);
	return FOUND;
}

const struct source source_static = {"static", get_static};
const struct source source_env = {"env", get_env};
