/* What endpoints and programs say, and what they should not. */
#include "credentials/answer.h"

#include "base/clock.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/source.h"
#include "tap.h"

#include <string.h>

#define NOW INT64_C(1776254400) /* 2026-04-15T12:00:00Z */
#define KEYS "\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s/+=\""
#define LATER "\"Expiration\":\"2026-04-15T18:00:00Z\""

static const struct {
	const char *json;
	bool needs_end;
	const char *cause; /* NULL: good */
	int64_t ends_at;
	const char *token;
} cases[] = {
    {"{" KEYS ",\"Token\":\"t\"," LATER "}", true, NULL, NOW + 21600, "t"},
    {" {" KEYS ",\"Token\":\"t\"," LATER ",\"x\":[{}]}\n", true, NULL,
	NOW + 21600, "t"},
    {"{" KEYS ",\"SessionToken\":\"t\"," LATER "}", true, NULL, NOW + 21600,
	"t"},
    {"{" KEYS ",\"Token\":\"t\\/u\",\"Expiration\":1776254401}", true, NULL,
	NOW + 1, "t/u"},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":1.7762544015E9}", true, NULL,
	NOW + 1, "t"},
    {"{" KEYS ",\"Token\":\"t\","
	"\"Expiration\":\"2026-04-15T20:00:00.5+02:00\"}", true, NULL,
	NOW + 21600, "t"},
    {"{" KEYS "}", false, NULL, CREDENTIALS_NO_END, NULL},
    {"{" KEYS ",\"SessionToken\":null,\"Expiration\":null}", false, NULL,
	CREDENTIALS_NO_END, NULL},
    {"{" KEYS "," LATER "}", false, NULL, NOW + 21600, NULL},
    {"{" KEYS ",\"SessionToken\":\"\"}", false, NULL, CREDENTIALS_NO_END,
	NULL},
    {"{" KEYS "," LATER "}", true, "session token", 0, NULL},
    {"{" KEYS ",\"Token\":\"\"," LATER "}", true, "session token", 0, NULL},
    {"{" KEYS ",\"Token\":\"a b\"," LATER "}", true, "session token", 0, NULL},
    {"{" KEYS ",\"Token\":\"t\"}", true, "no Expiration", 0, NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":null}", true, "no Expiration",
	0, NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":\"soon\"}", true, "no date", 0,
	NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":-1}", true, "no date", 0, NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":1e300}", true, "no date", 0,
	NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":true}", true, "no date", 0,
	NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":[]}", true, "no date", 0, NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":\"2026-04-15T12:00:00Z\"}",
	true, "ended 0 s before", 0, NULL},
    {"{" KEYS ",\"Token\":\"t\",\"Expiration\":\"2026-04-15T11:00:00Z\"}",
	true, "ended 3600 s before", 0, NULL},
    {"{\"AccessKeyId\":\"A\",\"Token\":\"t\"," LATER "}", true,
	"SecretAccessKey", 0, NULL},
    {"{\"SecretAccessKey\":\"A\",\"Token\":\"t\"," LATER "}", true,
	"AccessKeyId", 0, NULL},
    {"{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"x\"}", false, "AccessKeyId",
	0, NULL},
    {"{\"AccessKeyId\":\"a\\u0000b\",\"SecretAccessKey\":\"x\"}", false,
	"AccessKeyId", 0, NULL},
    {"{\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"x\"}", false,
	"AccessKeyId", 0, NULL},
    {"{\"AccessKeyId\":7,\"SecretAccessKey\":\"x\"}", false, "wrong types", 0,
	NULL},
    {"{\"AccessKeyId\":null,\"SecretAccessKey\":\"x\"}", false, "wrong types",
	0, NULL},
    {"{" KEYS "," KEYS "}", false, "there twice", 0, NULL},
    {"[]", false, "wrong types", 0, NULL},
    {"\"x\"", false, "wrong types", 0, NULL},
    {"", false, "no JSON", 0, NULL},
    {"<html>", false, "no JSON", 0, NULL},
    {"{" KEYS "}x", false, "no JSON", 0, NULL},
    {"{" KEYS ",}", false, "no JSON", 0, NULL},
    {"{" KEYS, false, "no JSON", 0, NULL},
};

static void
test_case(size_t i, struct arena *arena)
{
	struct scope s;
	struct errand e = {.scope = &s};
	struct answer answer;
	struct credentials *c = NULL;

	scope_init(&s, arena, 0, NOW * CLOCK_US);
	if (answer_read(&answer, &e, text_of(cases[i].json), NULL))
		c = answer_take(&answer, &e, cases[i].needs_end);
	if (is_int(c != NULL, cases[i].cause == NULL, "%s", cases[i].json)
	    && c != NULL) {
		is_int(c->ends_at, cases[i].ends_at, "its end");
		is_str(c->access_key_id, "ASIA1", "its id");
		is_str(c->secret_access_key, "s/+=", "its secret");
		is_str(c->session_token, cases[i].token, "its token");
	}
	if (cases[i].cause != NULL)
		ok(strstr(s.cause, cases[i].cause) != NULL, "says: %s",
		    s.cause);
	credentials_release(c);
	arena_reset(arena);
}

/* As STS wraps them. */
static void
test_envelopes(struct arena *arena)
{
	static const struct text names[] = {
	    TEXT("\"A\""), TEXT("\"B\""), {0}};
	static const struct {
		const char *json, *cause;
	} wrapped[] = {
	    {"{\"A\":{\"x\":1,\"B\":{" KEYS "}}}", NULL},
	    {"{\"A\":{\"x\":{" KEYS "}}}", "has no \"B\""},
	    {"{\"B\":{\"A\":{" KEYS "}}}", "has no \"A\""},
	    {"{\"A\":[{\"B\":{" KEYS "}}]}", "has no \"B\""},
	    {"{\"A\":{\"B\":{},\"B\":{" KEYS "}}}", "has no \"B\""},
	    {"{\"A\":{\"B\":null}}", "wrong types"},
	    {"{\"A\":{\"B\":{" KEYS "}}", "no JSON"},
	};

	for (size_t i = 0; i < N_OF(wrapped); i++) {
		struct scope s;
		struct errand e = {.scope = &s};
		struct answer answer;

		scope_init(&s, arena, 0, NOW * CLOCK_US);
		is_int(answer_read(&answer, &e, text_of(wrapped[i].json), names),
		    wrapped[i].cause == NULL, "%s", wrapped[i].json);
		if (wrapped[i].cause != NULL)
			ok(strstr(s.cause, wrapped[i].cause) != NULL,
			    "says: %s", s.cause);
		else
			is_text(answer.access_key_id, TEXT("ASIA1"), "its id");
		arena_reset(arena);
	}
}

int
main(void)
{
	struct arena arena;

	arena_init(&arena, 4096);
	for (size_t i = 0; i < N_OF(cases); i++)
		test_case(i, &arena);
	test_envelopes(&arena);
	arena_release(&arena);
	return tap_done();
}
