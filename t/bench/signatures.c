/* How many URLs one core signs in a second, per kind of store. */
#include "adapters/crypto.h"
#include "base/clock.h"
#include "signing/signer.h"

#include <stdio.h>

enum { ROUND_MS = 1500, BATCH = 5 };

static const struct signer_settings kinds[] = {
    {
	.kind = SIGNER_S3,
	.ttl_s = 900,
	.window_s = 300,
	.s3 = {NULL, "eu-central-1", "media", false},
	.credentials = {"AKIDEXAMPLE",
	    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL},
    },
    {
	.kind = SIGNER_SECURE_LINK,
	.ttl_s = 900,
	.window_s = 300,
	.secure_link = {"https://media.example.org/artifacts", "secret"},
    },
};

/* Pages of BATCH artifacts, each of another job. */
static double
urls_a_second(const struct signer_settings *settings)
{
	struct crypto *crypto = crypto_new();
	struct signer *signer = signer_new(settings, crypto);
	struct buf url = {0};
	int64_t start_ms = clock_mono_ms(), now_ms;
	long n = 0;
	char key[64];

	do {
		char job[32];
		int job_size = snprintf(job, sizeof(job), "01J8ZQ%020ld", n);

		signer_begin(signer, (struct text){job, (size_t)job_size},
		    1776254400 + n / 100000);
		for (int i = 0; i < BATCH; i++, n++) {
			int size = snprintf(key, sizeof(key),
			    "tenants/2/jobs/%ld/pass-%d.png", n, i);

			url.size = 0;
			signer_url(&url, signer,
			    (struct text){key, (size_t)size});
		}
		now_ms = clock_mono_ms();
	} while (now_ms - start_ms < ROUND_MS);
	buf_release(&url);
	signer_free(signer);
	crypto_free(crypto);
	return (double)n * 1000 / (double)(now_ms - start_ms);
}

int
main(void)
{
	printf("s3           %10.0f URLs/s a core\n", urls_a_second(&kinds[0]));
	printf("secure_link  %10.0f URLs/s a core\n", urls_a_second(&kinds[1]));
	return 0;
}
