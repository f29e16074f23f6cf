/* Who asks. */
#include "api/principal.h"

#include "api/app.h"
#include "api/problem.h"
#include "api/request.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/scope.h"
#include "signing/ticket.h"

#include <string.h>

enum { KEY_MAX = 512 }; /* sql/keys.sql has the same ceiling */

/* One credential of visible ASCII; a comma would be a second header's. */
static bool
is_credential(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~' || t.data[i] == ',')
			return false;
	return t.size > 0 && t.size <= KEY_MAX;
}

/* "Bearer" 1*SP credential (RFC 6750, section 2.1). */
static bool
take_bearer(struct text *key, struct text header)
{
	struct text scheme;

	*key = text_trim(header, " ");
	return text_cut(&scheme, key, ' ')
	    && text_equal_nocase(scheme, TEXT("Bearer"))
	    && key->data != NULL
	    && is_credential(*key = text_trim(*key, " "));
}

static bool
take_data_set(enum data_set *data_set, struct text key)
{
	static const struct text prefixes[N_DATA_SETS] = {
	    [DATA_LIVE] = TEXT("sk_live_"),
	    [DATA_TEST] = TEXT("sk_test_"),
	};

	for (int i = 0; i < N_DATA_SETS; i++) {
		if (text_has_prefix(key, prefixes[i])) {
			*data_set = (enum data_set)i;
			return true;
		}
	}
	return false;
}

/* The HMAC of a body that is empty, in base64. */
static bool
is_body_hmac(const struct app *app, const struct request *req)
{
	uint8_t mac[CRYPTO_SHA256_SIZE];
	char wanted[4 * ((CRYPTO_SHA256_SIZE + 2) / 3) + 1];

	if (app->body_hmac == NULL || req->hmac.data == NULL)
		return true;
	crypto_hmac_sha256(mac, app->body_hmac, TEXT(""));
	crypto_base64(wanted, mac, sizeof(mac));
	return !req->has_body && crypto_is_equal(text_of(wanted), req->hmac);
}

static const struct problem *
no_key(const struct request *req)
{
	return text_has_prefix(req->server, TEXT("Apache"))
	    ? &problem_no_key_apache : &problem_no_key;
}

bool
principal_read(struct principal *who, struct scope *s, const struct app *app,
    const struct request *req, bool key_in_query)
{
	struct text header = req->authorization, key;
	bool hmac_ok = is_body_hmac(app, req);

	*who = (struct principal){0};
	if (key_in_query)
		return scope_fail(s, &problem_key_in_query);
	if (header.data == NULL)
		header = req->redirected_authorization;
	if (header.data == NULL)
		return scope_fail(s, no_key(req));
	if (!take_bearer(&key, header) || !take_data_set(&who->data_set, key)
	    || !hmac_ok)
		return scope_fail(s, &problem_bad_key);
	crypto_sha256(who->key_sha256, app->crypto, &key, 1);
	return true;
}

/* Whether it is over we say; whether its key holds, the database. */
static bool
take_ticket(struct principal *who, const struct scope *s,
    const struct app *app, const struct route *route)
{
	const struct ticket_use use = {text_of(route->id), TICKET_SCOPE};
	struct ticket t;

	if (!route->has_id
	    || !ticket_parse(&t, app->ticket_keys, route->params.ticket, &use,
		clock_us_to_s(s->now_us))
	    || t.data_set >= N_DATA_SETS)
		return false;
	who->data_set = (enum data_set)t.data_set;
	memcpy(who->key_sha256, t.key_sha256, sizeof(who->key_sha256));
	return true;
}

bool
principal_read_ticket(struct principal *who, struct scope *s,
    const struct app *app, const struct request *req,
    const struct route *route)
{
	bool hmac_ok = is_body_hmac(app, req);

	*who = (struct principal){.by_ticket = true};
	if (route->params.has_key)
		return scope_fail(s, &problem_key_in_query);
	if (!take_ticket(who, s, app, route) || !hmac_ok)
		return scope_fail(s, principal_refusal(who));
	return true;
}

const struct problem *
principal_refusal(const struct principal *who)
{
	return who->by_ticket ? &problem_bad_ticket : &problem_bad_key;
}
