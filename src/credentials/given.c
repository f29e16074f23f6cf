/* Long-lived keys that are simply there: in the settings, or in the
 * environment under the names that AWS's tools use. */
#include "credentials/source.h"

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

static enum found
get_env(struct credentials **out, const struct errand *e)
{
	const char *id = source_variable("AWS_ACCESS_KEY_ID");
	const char *secret = source_variable("AWS_SECRET_ACCESS_KEY");

	if (id == NULL)
		return source_nothing(e, "AWS_ACCESS_KEY_ID is not set");
	if (secret == NULL)
		return source_fault(e, "AWS_ACCESS_KEY_ID is set, and "
		    "AWS_SECRET_ACCESS_KEY is not");
	*out = credentials_new(text_of(id), text_of(secret),
	    text_of(source_variable("AWS_SESSION_TOKEN")), CREDENTIALS_NO_END);
	return FOUND;
}

const struct source source_static = {"static", get_static};
const struct source source_env = {"env", get_env};
