/* Presigned URLs: the published example, places, and what is shared.
 * botocore.t has the comparison over hundreds of keys. */
#include "signing/sigv4.h"

#include "adapters/crypto.h"
#include "credentials/credentials.h"
#include "tap.h"

#include <string.h>

static struct crypto *crypto;

static const struct credentials example = {
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL};
static const struct credentials temporary = {
    "ASIAIOSFODNN7EXAMPLE", "another/secret+key=", "to+ken/=="};

static const struct sigv4_settings place = {
    .endpoint = "https://s3.amazonaws.com",
    .region = "us-east-1",
    .bucket = "examplebucket",
};

enum { DAY_2013 = 1369353600 }; /* 20130524T000000Z */

/* Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters
 * (AWS Signature Version 4)". */
static void
test_published_example(void)
{
	struct sigv4 *v = sigv4_new(&place, crypto);
	struct buf url = {0};

	sigv4_begin(v, &example, DAY_2013, 86400);
	sigv4_url(&url, v, TEXT("test.txt"));
	is_text(buf_as_text(&url),
	    TEXT("https://examplebucket.s3.amazonaws.com/test.txt"
		 "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
		 "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
		 "%2Fus-east-1%2Fs3%2Faws4_request"
		 "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
		 "&X-Amz-SignedHeaders=host"
		 "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835"
		 "f995330da4c265957d157751f604d404"),
	    "the published example");
	buf_release(&url);
	sigv4_free(v);
}

/* Where URLs point to. */
static void
test_places(void)
{
	static const struct {
		const char *endpoint, *region, *bucket;
		bool path_style;
		const char *url;
	} cases[] = {
	    {NULL, "eu-central-1", "b", false,
		"https://b.s3.eu-central-1.amazonaws.com/k?"},
	    {NULL, "eu-central-1", "b", true,
		"https://s3.eu-central-1.amazonaws.com/b/k?"},
	    {NULL, "cn-north-1", "b", false,
		"https://b.s3.cn-north-1.amazonaws.com.cn/k?"},
	    {NULL, "us-gov-west-1", "b", false,
		"https://b.s3.us-gov-west-1.amazonaws.com/k?"},
	    {NULL, "us-east-1", "b", false,
		"https://b.s3.us-east-1.amazonaws.com/k?"},
	    {NULL, "cn-northwest-1", "b", true,
		"https://s3.cn-northwest-1.amazonaws.com.cn/b/k?"},
	    {NULL, "us-gov-east-1", "b", true,
		"https://s3.us-gov-east-1.amazonaws.com/b/k?"},
	    {NULL, "us-iso-east-1", "b", false,
		"https://b.s3.us-iso-east-1.c2s.ic.gov/k?"},
	    {NULL, "us-isob-east-1", "b", false,
		"https://b.s3.us-isob-east-1.sc2s.sgov.gov/k?"},
	    {NULL, "us-isof-south-1", "b", false,
		"https://b.s3.us-isof-south-1.csp.hci.ic.gov/k?"},
	    {NULL, "eu-isoe-west-1", "b", false,
		"https://b.s3.eu-isoe-west-1.cloud.adc-e.uk/k?"},
	    {NULL, "eusc-de-east-1", "b", false,
		"https://b.s3.eusc-de-east-1.amazonaws.eu/k?"},
	    /* a dotted name fits no certificate */
	    {NULL, "eu-central-1", "a.b", false,
		"https://s3.eu-central-1.amazonaws.com/a.b/k?"},
	    {"https://media.example.org", "us-east-1", "a.b", false,
		"https://media.example.org/a.b/k?"},
	    {"http://media.example.org", "us-east-1", "a.b", false,
		"http://a.b.media.example.org/k?"},
	    /* what can be no label, or has none before it */
	    {NULL, "us-east-1", "Big", false,
		"https://s3.us-east-1.amazonaws.com/Big/k?"},
	    {"http://media.example.org", "us-east-1", "b_1", false,
		"http://media.example.org/b_1/k?"},
	    {"http://media.example.org", "us-east-1", "-b", false,
		"http://media.example.org/-b/k?"},
	    {"http://media.example.org", "us-east-1", "a..b", false,
		"http://media.example.org/a..b/k?"},
	    {"http://127.0.0.1:9000", "us-east-1", "b", false,
		"http://127.0.0.1:9000/b/k?"},
	    {"https://[::1]:9000", "us-east-1", "b", false,
		"https://[::1]:9000/b/k?"},
	    {"https://s3:9000", "us-east-1", "b", false,
		"https://b.s3:9000/k?"},
	    {"http://127.0.0.1:9000", "us-east-1", "b", true,
		"http://127.0.0.1:9000/b/k?"},
	    {"https://media.example.org", "us-east-1", "b", false,
		"https://b.media.example.org/k?"},
	    {"https://media.example.org/", "us-east-1", "b", false,
		"https://b.media.example.org/k?"},
	    {"https://media.example.org:443", "us-east-1", "b", true,
		"https://media.example.org/b/k?"},
	    {"https://media.example.org:80", "us-east-1", "b", true,
		"https://media.example.org:80/b/k?"},
	    {"http://media.example.org:80/", "us-east-1", "b", true,
		"http://media.example.org/b/k?"},
	    {"http://media.example.org:443", "us-east-1", "b", true,
		"http://media.example.org:443/b/k?"},
	    {"http://[::1]:9000", "us-east-1", "b", true,
		"http://[::1]:9000/b/k?"},
	    {"https://media.example.org:8443", "auto", "b_1", true,
		"https://media.example.org:8443/b_1/k?"},
	};
	struct buf url = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct sigv4_settings settings = {
		    .endpoint = cases[i].endpoint,
		    .region = cases[i].region,
		    .bucket = cases[i].bucket,
		    .path_style = cases[i].path_style,
		};
		struct sigv4 *v = sigv4_new(&settings, crypto);

		url.size = 0;
		sigv4_begin(v, &example, DAY_2013, 60);
		sigv4_url(&url, v, TEXT("k"));
		ok(text_has_prefix(
		       buf_as_text(&url), text_of(cases[i].url)),
		    "%s", cases[i].url);
		sigv4_free(v);
	}
	buf_release(&url);
}

static void
test_check(void)
{
	static const struct {
		const char *endpoint, *region, *bucket;
		const char *key; /* of the bad one */
	} cases[] = {
	    {NULL, "r", "b", NULL},
	    {"https://h", "r", "b", NULL},
	    {"https://h:8443/", "r", "b", NULL},
	    {"http://[::1]:9000", "r", "b", NULL},
	    {NULL, NULL, "b", "s3_region"},
	    {NULL, "r", NULL, "s3_bucket"},
	    {NULL, "r", "a/b", "s3_bucket"},
	    {"", "r", "b", "s3_endpoint"},
	    {"h", "r", "b", "s3_endpoint"},
	    {"ftp://h", "r", "b", "s3_endpoint"},
	    {"HTTPS://h", "r", "b", "s3_endpoint"},
	    {"https://", "r", "b", "s3_endpoint"},
	    {"https:///", "r", "b", "s3_endpoint"},
	    {"https://h/path", "r", "b", "s3_endpoint"},
	    {"https://h//", "r", "b", "s3_endpoint"},
	    {"https://u:p@h", "r", "b", "s3_endpoint"},
	    {"https://h?x", "r", "b", "s3_endpoint"},
	    {"https://h h", "r", "b", "s3_endpoint"},
	    {"https://h#x", "r", "b", "s3_endpoint"},
	    {"https://Media.example.org", "r", "b", "s3_endpoint"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct sigv4_settings settings = {
		    .endpoint = cases[i].endpoint,
		    .region = cases[i].region,
		    .bucket = cases[i].bucket,
		};
		char error[300] = "";
		const char *key =
		    sigv4_check(&settings, error, sizeof(error));

		is_str(key, cases[i].key, "endpoint %s, region %s, bucket %s",
		    cases[i].endpoint == NULL ? "-" : cases[i].endpoint,
		    cases[i].region == NULL ? "-" : cases[i].region,
		    cases[i].bucket == NULL ? "-" : cases[i].bucket);
		if (key != NULL)
			ok(text_has_prefix(text_of(error), text_of(key)),
			    "says: %s", error);
	}
}

static void
test_cache_control(void)
{
	static const struct {
		const char *value;
		bool good;
	} cases[] = {
	    {"public", true},
	    {"no-store", true},
	    {"max-age=0", true},
	    {"private, max-age=86400,immutable", true},
	    {"no-cache ,private", true},
	    {"public, max-age=2147483647", true},
	    {"max-age=2147483648", false},
	    {"max-age=99999999999999999999", false},
	    {"max-age=", false},
	    {"max-age=-1", false},
	    {"max-age=1.5", false},
	    {"max-age =1", false},
	    {"max-age=\"1\"", false},
	    {"", false},
	    {",", false},
	    {"public,", false},
	    {"public private", false},
	    {"Public", false},
	    {"s-maxage=1", false},
	    {"public\tprivate", false},
	    {"public, x=\"y\"", false},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct sigv4_settings settings = place;
		char error[300] = "";
		const char *key;

		settings.cache_control = cases[i].value;
		key = sigv4_check(&settings, error, sizeof(error));
		is_str(key, cases[i].good ? NULL : "s3_response_cache_control",
		    "cache-control '%s'", cases[i].value);
		if (key != NULL)
			ok(text_has_prefix(text_of(error), text_of(key))
			    && strstr(error, "max-age=SECONDS") != NULL,
			    "says: %s", error);
	}
}

static void
test_disposition(void)
{
	static const struct {
		const char *value;
		bool good;
	} cases[] = {
	    {"inline", true},
	    {"attachment", true},
	    {"", false},
	    {"Inline", false},
	    {"attachment ", false},
	    {"attachment; filename=\"x\"", false},
	    {"form-data", false},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct sigv4_settings settings = place;
		char error[300] = "";

		settings.content_disposition = cases[i].value;
		is_str(sigv4_check(&settings, error, sizeof(error)),
		    cases[i].good ? NULL : "s3_response_content_disposition",
		    "content-disposition '%s'", cases[i].value);
		ok(cases[i].good
		    || strstr(error, "must be inline or attachment") != NULL,
		    "says: %s", error);
	}
}

/* What the store is told to answer with is signed, in its place. */
static void
test_headers(void)
{
	static const struct {
		const char *disposition, *cache, *query;
	} cases[] = {
	    {NULL, NULL, "&X-Amz-SignedHeaders=host&X-Amz-Signature="},
	    {"inline", NULL, "&X-Amz-SignedHeaders=host"
		"&response-content-disposition=inline&X-Amz-Signature="},
	    {NULL, "public, max-age=60", "&X-Amz-SignedHeaders=host"
		"&response-cache-control=public%2C%20max-age%3D60"
		"&X-Amz-Signature="},
	    {"attachment", "no-store", "&X-Amz-SignedHeaders=host"
		"&response-cache-control=no-store"
		"&response-content-disposition=attachment&X-Amz-Signature="},
	};
	struct buf url = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct sigv4_settings settings = place;
		struct sigv4 *v;

		settings.content_disposition = cases[i].disposition;
		settings.cache_control = cases[i].cache;
		v = sigv4_new(&settings, crypto);
		url.size = 0;
		sigv4_begin(v, &example, DAY_2013, 60);
		sigv4_url(&url, v, TEXT("k"));
		buf_char(&url, '\0');
		ok(strstr(url.data, cases[i].query) != NULL, "%s",
		    cases[i].query);
		sigv4_free(v);
	}
	buf_release(&url);
}

/* One that has signed other things gives what a new one gives. */
static void
test_reuse(void)
{
	static const struct {
		const struct credentials *credentials;
		int64_t at;
		int64_t expires;
		const char *key;
	} steps[] = {
	    {&example, DAY_2013, 86400, "test.txt"},
	    {&example, DAY_2013 + 86399, 1, "a"},
	    {&temporary, DAY_2013 + 86399, 604800, "a long one/with a slash"},
	    {&temporary, DAY_2013 + 86400, 604800, ""},
	    {&example, DAY_2013 + 86400, 900, "\xc3\xbc"},
	    {&example, DAY_2013 - 1, 900, "\xc3\xbc"},
	    {&example, DAY_2013, 86400, "test.txt"},
	};
	struct sigv4 *old = sigv4_new(&place, crypto);
	struct buf got = {0}, want = {0};

	for (size_t i = 0; i < N_OF(steps); i++) {
		struct sigv4 *fresh = sigv4_new(&place, crypto);

		got.size = want.size = 0;
		sigv4_begin(
		    old, steps[i].credentials, steps[i].at, steps[i].expires);
		sigv4_url(&got, old, TEXT("another"));
		got.size = 0;
		sigv4_url(&got, old, text_of(steps[i].key));
		sigv4_begin(fresh, steps[i].credentials, steps[i].at,
		    steps[i].expires);
		sigv4_url(&want, fresh, text_of(steps[i].key));
		is_text(buf_as_text(&got), buf_as_text(&want), "step %zu", i);
		sigv4_free(fresh);
	}
	buf_release(&got);
	buf_release(&want);
	sigv4_free(old);
}

/* URLs are appended, also where the buffer has to move. */
static void
test_append(void)
{
	struct sigv4 *v = sigv4_new(&place, crypto);
	struct buf one = {0}, many = {0};
	bool same = true;

	sigv4_begin(v, &temporary, DAY_2013, 900);
	sigv4_url(&one, v, TEXT("a/b c"));
	for (int i = 0; i < 100; i++)
		sigv4_url(&many, v, TEXT("a/b c"));
	for (size_t i = 0; i < 100; i++)
		same = same && many.size == 100 * one.size
		    && memcmp(many.data + i * one.size, one.data, one.size)
			== 0;
	ok(same, "a hundred URLs in one buffer");
	buf_char(&one, '\0');
	ok(strstr(one.data, "&X-Amz-Security-Token=to%2Bken%2F%3D%3D&") != NULL,
	    "the token is encoded");
	buf_release(&one);
	buf_release(&many);
	sigv4_free(v);
}

int
main(void)
{
	crypto = crypto_new();
	test_published_example();
	test_places();
	test_check();
	test_cache_control();
	test_disposition();
	test_headers();
	test_reuse();
	test_append();
	crypto_free(crypto);
	return tap_done();
}
