/* Settings to stores: which do not go together, what is shared, and how the
 * end of credentials cuts a window. */
#include "signing/stores.h"

#include "adapters/crypto.h"
#include "base/config.h"
#include "base/scope.h"
#include "credentials/credentials.h"
#include "credentials/provider.h"
#include "signing/signer.h"
#include "signing/store.h"
#include "tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char s3_region[] = "eu-central-1", s3_bucket[] = "media", some[] = "x",
    other[] = "y", nowhere[] = "/nonexistent/secret";

static struct config_store
settings(int64_t credentials)
{
	return (struct config_store){
	    .store = STORE_S3,
	    .s3_region = s3_region,
	    .s3_bucket = s3_bucket,
	    .credentials = credentials,
	    .artifact_ttl = 900,
	    .artifact_window = 300,
	};
}

static void
test_settings(void)
{
	static const struct {
		enum config_credentials credentials;
		char *id, *secret_file, *profile, *process;
		const char *want; /* NULL: good */
	} cases[] = {
	    {CREDENTIALS_STATIC, NULL, NULL, NULL, NULL, "s3_access_key_id"},
	    {CREDENTIALS_STATIC, some, NULL, NULL, NULL, "s3_secret_key_file"},
	    {CREDENTIALS_STATIC, some, nowhere, NULL, NULL,
		"s3_secret_key_file"},
	    {CREDENTIALS_ENV, NULL, NULL, NULL, NULL, "credentials"},
	    {CREDENTIALS_IMDS, NULL, NULL, NULL, NULL, NULL},
	    {CREDENTIALS_IMDS, some, NULL, NULL, NULL, "s3_access_key_id"},
	    {CREDENTIALS_IMDS, NULL, nowhere, NULL, NULL,
		"s3_secret_key_file"},
	    {CREDENTIALS_IMDS, NULL, NULL, some, NULL, "s3_profile"},
	    {CREDENTIALS_IMDS, NULL, NULL, NULL, some, "s3_credential_process"},
	    {CREDENTIALS_PROFILE, NULL, NULL, some, NULL, NULL},
	    {CREDENTIALS_PROFILE, NULL, NULL, NULL, some,
		"s3_credential_process"},
	    {CREDENTIALS_PROCESS, NULL, NULL, some, NULL, NULL},
	    {CREDENTIALS_PROCESS, NULL, NULL, NULL, some, NULL},
	    {CREDENTIALS_CONTAINER, NULL, NULL, NULL, NULL, NULL},
	    {CREDENTIALS_WEB_IDENTITY, NULL, NULL, NULL, NULL, NULL},
	    {CREDENTIALS_AUTO, NULL, NULL, some, some, NULL},
	    {CREDENTIALS_AUTO, some, nowhere, NULL, NULL,
		"s3_secret_key_file"},
	    {CREDENTIALS_AUTO, NULL, nowhere, NULL, NULL,
		"s3_secret_key_file"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct config_store c = settings(cases[i].credentials);
		struct stores stores;
		char error[500] = "";

		c.s3_access_key_id = cases[i].id;
		c.s3_secret_key_file = cases[i].secret_file;
		c.s3_profile = cases[i].profile;
		c.s3_credential_process = cases[i].process;
		stores_init(&stores, 1);
		is_str(stores_load(&stores, 0, &c, error, sizeof(error)),
		    cases[i].want, "case %zu: %s", i, error);
		ok((error[0] == '\0') == (cases[i].want == NULL),
		    "it says why");
		stores_release(&stores);
	}
}

static void
test_sharing(void)
{
	struct config_store same = settings(CREDENTIALS_IMDS);
	struct config_store profile = settings(CREDENTIALS_PROFILE);
	struct config_store of_other = settings(CREDENTIALS_PROFILE);
	const struct config_store *const list[] = {
	    &same, &profile, &same, &of_other, &profile};
	struct stores stores;
	char error[500];

	profile.s3_profile = some;
	of_other.s3_profile = other;
	stores_init(&stores, N_OF(list));
	for (size_t i = 0; i < N_OF(list); i++)
		ok(stores_load(&stores, i, list[i], error, sizeof(error))
		    == NULL, "store %zu", i);
	ok(stores.list[0].provider == stores.list[2].provider,
	    "the same source is asked once");
	ok(stores.list[1].provider == stores.list[4].provider,
	    "the same profile too");
	ok(stores.list[1].provider != stores.list[3].provider,
	    "another profile by itself");
	ok(stores.list[0].provider != stores.list[1].provider,
	    "another source too");
	stores_release(&stores);
}

/* --- the end of credentials --- */

static int64_t fake_end;

static enum found
get_fake(struct credentials **out, const struct errand *e)
{
	(void)e;
	*out = credentials_new(
	    TEXT("AKID"), TEXT("secret"), TEXT("token"), fake_end);
	return FOUND;
}

static void
test_end(void)
{
	static const struct source fake = {"fake", get_fake};
	static const struct source *const sources[] = {&fake, NULL};
	enum { TTL = 900, W = 300 };
	struct text job = TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV");
	/* the window has just begun */
	int64_t now = window_at(job, 1776254400, TTL, W).signed_at;
	struct window whole = window_at(job, now, TTL, W);
	static const struct {
		int64_t left, rolls_in; /* -1: with the window */
		bool is_cut;
		const char *why;
	} cases[] = {
	    {100000, -1, false, "far away"},
	    {1200, -1, false, "as long as the longest URL"},
	    {1000, 100, true, "a part of the window keeps the promise"},
	    {900, 1, true, "no part does"},
	    {400, 1, true, "URLs are shorter than promised"},
	    {1, 1, true, "a second is left"},
	    {0, 0, true, "nothing is left"},
	};
	struct crypto *crypto = crypto_new();
	struct arena arena;
	struct scope s = {.arena = &arena};

	arena_init(&arena, 1024);
	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct provider_settings set = {
		    .name = "", .chain = {sources}};
		struct store store = {.name = "", .kind = &store_s3,
		    .ttl_s = TTL, .window_s = W,
		    .s3 = {NULL, "eu-central-1", "media"}};
		const struct stores stores = {.list = &store, .n = 1};
		struct signer *signer = signer_new(&stores, crypto);
		struct window got;
		struct buf url = {0};
		char error[100], life[40];
		enum signed_as result;

		fake_end = now + cases[i].left;
		store.provider = provider_new(&set, error, sizeof(error));
		signer_begin(signer, job, now);
		s.cause[0] = '\0';
		result = signer_url(
		    &url, &got, signer, &s, (struct text){0}, TEXT("k"));
		is_int(result, cases[i].left > 0 ? SIGNED : SIGNED_LATER,
		    "%s", cases[i].why);
		if (result == SIGNED) {
			is_int(got.expires_at, cases[i].is_cut ? fake_end
			    : whole.expires_at, "its end");
			is_int(got.rolls_at - now, cases[i].rolls_in >= 0
			    ? cases[i].rolls_in : whole.rolls_at - now,
			    "how long it may be kept");
			snprintf(life, sizeof(life), "&X-Amz-Expires=%" PRId64
			    "&", got.expires_at - got.signed_at);
			buf_char(&url, '\0');
			ok(strstr(url.data, life) != NULL, "%s", life);
		} else {
			is_str(s.cause, "the store '' has no credentials now",
			    "the cause");
		}
		buf_release(&url);
		signer_free(signer);
		provider_free(store.provider);
	}
	arena_release(&arena);
	crypto_free(crypto);
}

int
main(void)
{
	unsetenv("AWS_ACCESS_KEY_ID");
	test_settings();
	test_sharing();
	test_end();
	return tap_done();
}
