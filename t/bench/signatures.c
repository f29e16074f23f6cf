/* How many URLs one core signs in a second, per kind of store. */
#include "adapters/crypto.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/scope.h"
#include "credentials/provider.h"
#include "signing/signer.h"
#include "signing/store.h"
#include "signing/stores.h"

#include <stdio.h>

enum { ROUND_MS = 1500, BATCH = 5 };

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN_16 "FwoGZXIvYXdzEBYa"
#define TOKEN_128 TOKEN_16 TOKEN_16 TOKEN_16 TOKEN_16 TOKEN_16 TOKEN_16 \
	TOKEN_16 TOKEN_16
/* as long as those that instances get */
#define TOKEN TOKEN_128 TOKEN_128 TOKEN_128 TOKEN_128 TOKEN_128 TOKEN_128 \
	TOKEN_128

/* What each signs with, if it does. */
static const struct source_settings keys[] = {
    {"AKIDEXAMPLE", SECRET, NULL},
    {"AKIDEXAMPLE", SECRET, NULL},
    {"ASIAEXAMPLE", SECRET, TOKEN},
    {0},
};

static struct store samples[] = {
    {
	.name = "s3 virtual",
	.kind = &store_s3,
	.s3 = {NULL, "eu-central-1", "media", .path_style = false},
    },
    {
	.name = "s3 path",
	.kind = &store_s3,
	.s3 = {"https://minio.example.org:9000", "us-east-1", "media",
	    .path_style = true},
    },
    {
	.name = "s3 with a token",
	.kind = &store_s3,
	.s3 = {NULL, "eu-central-1", "media", .path_style = false},
    },
    {
	.name = "secure_link",
	.kind = &store_secure_link,
	.secure_link = {"https://media.example.org/artifacts", "secret"},
    },
};

/* Pages of BATCH artifacts, each of another job. */
static double
urls_a_second(struct store *store)
{
	const struct stores stores = {.list = store, .n = 1};
	struct crypto *crypto = crypto_new();
	struct signer *signer = signer_new(&stores, crypto);
	struct arena arena;
	struct scope scope = {.arena = &arena};
	struct window window;
	struct buf url = {0};
	int64_t start_ms = clock_mono_ms(), now_ms;
	long n = 0;
	char key[64];

	arena_init(&arena, 1024);
	do {
		char job[32];
		int job_size = snprintf(job, sizeof(job), "01J8ZQ%020ld", n);

		signer_begin(signer, (struct text){job, (size_t)job_size},
		    1776254400 + n / 100000);
		for (int i = 0; i < BATCH; i++, n++) {
			int size = snprintf(key, sizeof(key),
			    "tenants/2/jobs/%ld/pass-%d.png", n, i);

			url.size = 0;
			(void)signer_url(&url, &window, signer, &scope,
			    (struct text){0},
			    (struct text){key, (size_t)size});
		}
		now_ms = clock_mono_ms();
	} while (now_ms - start_ms < ROUND_MS);
	arena_release(&arena);
	buf_release(&url);
	signer_free(signer);
	crypto_free(crypto);
	return (double)n * 1000 / (double)(now_ms - start_ms);
}

static struct provider *
provider_of(const struct source_settings *key)
{
	const struct provider_settings settings = {
	    .name = "",
	    .chain = chain_of(CREDENTIALS_STATIC),
	    .source = *key,
	};
	char error[100];

	return key->access_key_id == NULL
	    ? NULL : provider_new(&settings, error, sizeof(error));
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		samples[i].ttl_s = 900;
		samples[i].window_s = 300;
		samples[i].provider = provider_of(&keys[i]);
		printf("%-16s %10.0f URLs/s a core\n", samples[i].name,
		    urls_a_second(&samples[i]));
		provider_free(samples[i].provider);
	}
	return 0;
}
