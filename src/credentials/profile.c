/* A long-lived key in the files of AWS's tools. They are read each time: who
 * puts a new key there need tell nobody. */
#include "credentials/source.h"

#include "credentials/aws_files.h"
#include "credentials/credentials.h"

enum { REREAD_S = 5 };

static enum found
tell_missing(const struct errand *e, const struct aws_profile *p)
{
	const char *one = p->paths[0], *other = p->paths[1];

	if (one == NULL && other == NULL)
		return source_nothing(e, "neither HOME nor "
		    "AWS_SHARED_CREDENTIALS_FILE is set");
	return (p->is_named ? source_fault : source_nothing)(e,
	    "there is no profile '%.60s' in %s%s%s", p->name,
	    one != NULL ? one : "", one != NULL && other != NULL ? " or " : "",
	    other != NULL ? other : "");
}

/* The key is whole, and its owner's. */
static enum found
check_key(const struct errand *e, const struct aws_profile *p)
{
	if (p->access_key_id.data == NULL || p->secret_access_key.data == NULL)
		return source_fault(e, "the profile '%.60s' has only one of "
		    "aws_access_key_id and aws_secret_access_key", p->name);
	if (p->open_secret != NULL)
		return source_fault(e, "others may read or write %s; "
		    "chmod o-rwx it and put a new key into it", p->open_secret);
	if (!credentials_is_word(p->access_key_id)
	    || !credentials_is_word(p->secret_access_key)
	    || (p->session_token.data != NULL
		&& !credentials_is_word(p->session_token)))
		return source_fault(e, "the key of the profile '%.60s' has "
		    "blanks or is no ASCII", p->name);
	return FOUND;
}

/* A way that is not ours; another source may go it. */
static enum found
tell_other(const struct errand *e, const struct aws_profile *p)
{
	if (p->process.data != NULL)
		return source_nothing(e, "the profile '%.60s' has %.*s",
		    p->name, (int)p->other.size, p->other.data);
	return source_fault(e, "the profile '%.60s' has %.*s, which is not "
	    "followed here; let a credential_process do it", p->name,
	    (int)p->other.size, p->other.data);
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	struct aws_profile p;
	enum found found;

	if (!aws_profile_read(&p, e))
		return FOUND_FAULT;
	if (!p.is_there)
		return tell_missing(e, &p);
	if (p.other.data != NULL)
		return tell_other(e, &p);
	if (p.access_key_id.data == NULL && p.secret_access_key.data == NULL)
		return source_nothing(
		    e, "the profile '%.60s' has no aws_access_key_id", p.name);
	found = check_key(e, &p);
	if (found == FOUND)
		*out = credentials_new(p.access_key_id, p.secret_access_key,
		    p.session_token, CREDENTIALS_NO_END);
	return found;
}

const struct source source_profile = {
    "profile", get, .is_slow = true, .reread_s = REREAD_S};
