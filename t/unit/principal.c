/* Who asks: the credential in a header, up to the database's door. */
#include "api/principal.h"

#include "api/app.h"
#include "api/problem.h"
#include "api/request.h"
#include "api/route.h"
#include "base/scope.h"
#include "signing/ticket.h"
#include "tap.h"

#include <string.h>

static struct app app;
static struct arena arena;

/* What the client is told, or the data set. */
static const char *
verdict(bool ok, const struct principal *who, const struct scope *s)
{
	static const struct {
		const struct problem *problem;
		const char *name;
	} names[] = {
	    {&problem_no_key, "no key"},
	    {&problem_no_key_apache, "no key, Apache"},
	    {&problem_bad_key, "bad key"},
	    {&problem_bad_ticket, "bad ticket"},
	    {&problem_key_in_query, "key in query"},
	};

	if (ok)
		return who->data_set == DATA_LIVE ? "live" : "test";
	for (size_t i = 0; i < N_OF(names); i++)
		if (names[i].problem == s->problem)
			return names[i].name;
	return "another problem";
}

static const char *
outcome(struct principal *who, const struct request *req, bool key_in_query)
{
	struct scope s;
	bool ok;

	scope_init(&s, &arena, 0, 0);
	ok = principal_read(who, &s, &app, req, key_in_query);
	return verdict(ok, who, &s);
}

#define X_63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X_504 X_63 X_63 X_63 X_63 X_63 X_63 X_63 X_63

static const struct {
	const char *header, *outcome;
} headers[] = {
    {"Bearer sk_live_abc", "live"},
    {"Bearer sk_test_abc", "test"},
    {"bearer sk_live_abc", "live"},
    {"BEARER sk_live_abc", "live"},
    {"Bearer   sk_live_abc", "live"},
    {" Bearer sk_live_abc ", "live"},
    {"Bearer sk_live_", "live"},
    {"Bearer sk_live_a-._~+/=!", "live"},
    {"Bearer sk_test_" X_504, "test"},
    {"Bearer sk_test_" X_504 "x", "bad key"},
    {"Bearer", "bad key"},
    {"Bearer ", "bad key"},
    {"Bearer  ", "bad key"},
    {"Bearersk_live_abc", "bad key"},
    {"Bearer: sk_live_abc", "bad key"},
    {"Basic sk_live_abc", "bad key"},
    {"Basic c2tfbGl2ZV9hYmM6", "bad key"},
    {"sk_live_abc", "bad key"},
    {"Bearer abc", "bad key"},
    {"Bearer sk_prod_abc", "bad key"},
    {"Bearer SK_LIVE_abc", "bad key"},
    {"Bearer xsk_live_abc", "bad key"},
    {"Bearer sk_live", "bad key"},
    {"Bearer sk_live_a sk_live_b", "bad key"},
    {"Bearer sk_live_a, Bearer sk_live_b", "bad key"},
    {"Bearer sk_live_a,Bearer", "bad key"},
    {"Bearer sk_live_a,", "bad key"},
    {"Bearer\tsk_live_abc", "bad key"},
    {"Bearer sk_live_\tabc", "bad key"},
    {"Bearer sk_live_abc\n", "bad key"},
    {"Bearer sk_live_\x01", "bad key"},
    {"Bearer sk_live_\x7f", "bad key"},
    {"Bearer sk_live_\xc3\xbc", "bad key"},
};

static void
test_headers(void)
{
	for (size_t i = 0; i < N_OF(headers); i++) {
		struct request req = {
		    .authorization = text_of(headers[i].header)};
		struct principal who;

		is_str(outcome(&who, &req, false), headers[i].outcome,
		    "'%.60s'", headers[i].header);
	}
}

static void
test_which_header(void)
{
	static const struct {
		const char *direct, *redirected, *server, *outcome;
	} cases[] = {
	    {NULL, NULL, NULL, "no key"},
	    {NULL, NULL, "nginx/1.22.1", "no key"},
	    {NULL, NULL, "Apache/2.4.71 (Debian)", "no key, Apache"},
	    {NULL, "Bearer sk_live_a", "Apache/2.4.71", "live"},
	    {"Bearer sk_test_a", "Bearer sk_live_a", NULL, "test"},
	    {"Bearer x", "Bearer sk_live_a", NULL, "bad key"},
	    {"Bearer x", NULL, "Apache", "bad key"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .authorization = text_of(cases[i].direct),
		    .redirected_authorization = text_of(cases[i].redirected),
		    .server = text_of(cases[i].server),
		};
		struct principal who;

		is_str(outcome(&who, &req, false), cases[i].outcome,
		    "headers %zu: %s", i, cases[i].outcome);
		is_str(outcome(&who, &req, true), "key in query",
		    "a key in the query is refused beside any");
	}
}

/* printf sk_live_abc | sha256sum */
static void
test_digest(void)
{
	struct request req = {.authorization = TEXT("Bearer sk_live_abc")};
	struct principal who;
	char hex[2 * CRYPTO_SHA256_SIZE];

	(void)outcome(&who, &req, false);
	text_print_hex(hex, who.key_sha256, CRYPTO_SHA256_SIZE);
	is_text((struct text){hex, sizeof(hex)},
	    TEXT("b2817799acd7f3337c32f967a7c4ca32"
		 "a767c94190298bace3e0447120385c09"),
	    "the digest is over the whole key");
	is_int(who.tenant_id, 0, "the tenant is not known yet");
}

static const char hmac_of_nothing[] = /* under "shared secret" */
    "o0wVafrzgTHgPZpRneJhsgFsiBu+R/hphCx5pJINqjk=";

static void
test_hmac(void)
{
	static const struct {
		const char *header;
		bool has_body;
		const char *outcome, *without; /* without hmac_secret_file */
	} cases[] = {
	    {NULL, false, "live", "live"},
	    {NULL, true, "live", "live"},
	    {hmac_of_nothing, false, "live", "live"},
	    {hmac_of_nothing, true, "bad key", "live"},
	    {"o0wVafrzgTHgPZpRneJhsgFsiBu+R/hphCx5pJINqjk", false, "bad key",
		"live"},
	    {"o0wVafrzgTHgPZpRneJhsgFsiBu+R/hphCx5pJINqjk= ", false,
		"bad key", "live"},
	    {"p0wVafrzgTHgPZpRneJhsgFsiBu+R/hphCx5pJINqjk=", false, "bad key",
		"live"},
	    {"o0wVafrzgTHgPZpRneJhsgFsiBu+R/hphCx5pJINqjl=", false, "bad key",
		"live"},
	    {"x", false, "bad key", "live"},
	};
	struct crypto_hmac *hmac = crypto_hmac_new(app.crypto);

	crypto_hmac_set_key(hmac, TEXT("shared secret"));
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .authorization = TEXT("Bearer sk_live_a"),
		    .hmac = text_of(cases[i].header),
		    .has_body = cases[i].has_body,
		};
		struct principal who;

		app.body_hmac = hmac;
		is_str(outcome(&who, &req, false), cases[i].outcome,
		    "HMAC %zu", i);
		app.body_hmac = NULL;
		is_str(outcome(&who, &req, false), cases[i].without,
		    "HMAC %zu, without a secret", i);
	}
	crypto_hmac_free(hmac);
}

/* --- tickets --- */

#define JOB "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define OTHER_JOB "01ARZ3NDEKTSV4RRFFQ69G5FAW"

enum { END_S = 1000 };

static const char *
ticket_of(uint8_t data_set, const char *job)
{
	const struct ticket_use use = {text_of(job), TICKET_SCOPE};
	const struct ticket t = {
	    .data_set = data_set, .ends_at = END_S, .key_sha256 = {1, 2, 3}};
	static const uint8_t random[TICKET_RANDOM_SIZE];
	static char text[TICKET_SIZE + 1];

	ticket_print(text, app.ticket_keys, &t, &use, random);
	return text;
}

static const char *
ticket_outcome(struct principal *who, const struct request *req,
    const char *ticket, const char *job, int64_t now_us)
{
	struct route route = {.has_id = job != NULL};
	struct scope s;
	bool ok;

	if (job != NULL)
		strcpy(route.id, job);
	route.params.ticket = text_of(ticket);
	route.params.has_key = strncmp(ticket, "sk_", 3) == 0;
	scope_init(&s, &arena, 0, now_us);
	ok = principal_read_ticket(who, &s, &app, req, &route);
	return verdict(ok, who, &s);
}

static void
test_tickets(void)
{
	static const struct request none = {0};
	static const struct request keyed = {
	    .authorization = TEXT("Bearer sk_live_abc")};
	static const struct {
		const char *what;
		int data_set;
		const char *job;
		int64_t now_us;
		const char *outcome;
	} cases[] = {
	    {"of a live key", DATA_LIVE, JOB, 0, "live"},
	    {"of a test key", DATA_TEST, JOB, 0, "test"},
	    {"in its last microsecond", DATA_LIVE, JOB, 999999999, "live"},
	    {"at its end", DATA_LIVE, JOB, 1000000000, "bad ticket"},
	    {"for another job", DATA_LIVE, OTHER_JOB, 0, "bad ticket"},
	    {"for a malformed one", DATA_LIVE, NULL, 0, "bad ticket"},
	    {"of no data set", N_DATA_SETS, JOB, 0, "bad ticket"},
	};
	struct principal who;

	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *ticket =
		    ticket_of((uint8_t)cases[i].data_set, JOB);

		is_str(ticket_outcome(&who, &none, ticket, cases[i].job,
			   cases[i].now_us), cases[i].outcome,
		    "a ticket %s", cases[i].what);
		is_str(ticket_outcome(&who, &keyed, ticket, cases[i].job,
			   cases[i].now_us), cases[i].outcome,
		    "and beside a key");
	}
	is_str(ticket_outcome(&who, &keyed, "", JOB, 0), "bad ticket",
	    "an empty one");
	is_str(ticket_outcome(&who, &keyed, "sk_live_abc", JOB, 0),
	    "key in query", "a key in its place");
}

/* What the database is asked with is as from the key. */
static void
test_ticket_principal(void)
{
	static const struct request keyed = {
	    .authorization = TEXT("Bearer sk_live_abc")};
	static const uint8_t want[CRYPTO_SHA256_SIZE] = {1, 2, 3};
	struct principal who;

	(void)ticket_outcome(&who, &keyed, ticket_of(DATA_TEST, JOB), JOB, 0);
	ok(memcmp(who.key_sha256, want, sizeof(want)) == 0
		&& who.data_set == DATA_TEST,
	    "the ticket's key, not that of the header");
	is_int(who.tenant_id, 0, "the tenant is not known yet");
	ok(principal_refusal(&who) == &problem_bad_ticket,
	    "it is a ticket that ends with its key");
	(void)outcome(&who, &keyed, false);
	ok(principal_refusal(&who) == &problem_bad_key, "or a key by itself");
}

static void
test_ticket_hmac(void)
{
	struct request req = {.hmac = TEXT("x")};
	struct crypto_hmac *hmac = crypto_hmac_new(app.crypto);
	struct principal who;

	crypto_hmac_set_key(hmac, TEXT("shared secret"));
	app.body_hmac = hmac;
	is_str(ticket_outcome(&who, &req, ticket_of(DATA_LIVE, JOB), JOB, 0),
	    "bad ticket", "a wrong HMAC spoils a ticket too");
	req.hmac = text_of(hmac_of_nothing);
	is_str(ticket_outcome(&who, &req, ticket_of(DATA_LIVE, JOB), JOB, 0),
	    "live", "a right one does not");
	app.body_hmac = NULL;
	crypto_hmac_free(hmac);
}

int
main(void)
{
	app.crypto = crypto_new();
	arena_init(&arena, 1024);
	test_headers();
	test_which_header();
	test_digest();
	test_hmac();
	app.ticket_keys = ticket_keys_new(
	    TEXT("0123456789abcdef"), app.crypto);
	test_tickets();
	test_ticket_principal();
	test_ticket_hmac();
	ticket_keys_free(app.ticket_keys);
	arena_release(&arena);
	crypto_free(app.crypto);
	return tap_done();
}
