/* Digests and codes against the vectors that their papers give. */
#include "adapters/crypto.h"

#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct crypto *crypto;

static void
is_hex(const uint8_t *bytes, size_t size, const char *want, const char *what)
{
	char hex[2 * CRYPTO_SHA256_SIZE];

	text_print_hex(hex, bytes, size);
	is_text((struct text){hex, 2 * size}, text_of(want), "%s", what);
}

/* FIPS 180-4's examples (NIST's "SHA-256" sheet). */
static void
test_sha256(void)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb924"
		 "27ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039"
		"a33ce45964ff2167f6ecedd419db06c1"},
	};
	uint8_t digest[CRYPTO_SHA256_SIZE];

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text whole = text_of(cases[i].in);

		crypto_sha256(digest, crypto, &whole, 1);
		is_hex(digest, sizeof(digest), cases[i].want, cases[i].in);
		for (size_t at = 0; at <= whole.size; at++) {
			const struct text parts[] = {{whole.data, at}, {0},
			    {whole.data + at, whole.size - at}};

			crypto_sha256(digest, crypto, parts, 3);
		}
		is_hex(digest, sizeof(digest), cases[i].want, "in parts");
	}
	crypto_sha256(digest, crypto, NULL, 0);
	is_hex(digest, sizeof(digest), cases[0].want, "no parts");
}

static void
test_million(void)
{
	char *a = malloc(1000000);
	struct text whole = {a, 1000000};
	uint8_t digest[CRYPTO_SHA256_SIZE];

	memset(a, 'a', 1000000);
	crypto_sha256(digest, crypto, &whole, 1);
	is_hex(digest, sizeof(digest),
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0", "a million times a");
	free(a);
}

/* RFC 1321, appendix A.5. */
static void
test_md5(void)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
	    {"", "d41d8cd98f00b204e9800998ecf8427e"},
	    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
	    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
	};
	uint8_t digest[CRYPTO_MD5_SIZE];

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text in = text_of(cases[i].in);

		crypto_md5(digest, crypto, &in, 1);
		is_hex(digest, sizeof(digest), cases[i].want, cases[i].in);
	}
}

/* RFC 4231, section 4. Its fifth case is of a truncated code. */
static void
test_hmac(void)
{
	static char aa[131], x0c[20], xcd[50], xdd[50], x0b[20];
	static char counted[25];
	const struct {
		struct text key, data;
		const char *want;
	} cases[] = {
	    {{x0b, 20}, TEXT("Hi There"),
		"b0344c61d8db38535ca8afceaf0bf12b"
		"881dc200c9833da726e9376c2e32cff7"},
	    {TEXT("Jefe"), TEXT("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c7"
		"5a003f089d2739839dec58b964ec3843"},
	    {{aa, 20}, {xdd, 50},
		"773ea91e36800e46854db8ebd09181a7"
		"2959098b3ef8c122d9635514ced565fe"},
	    {{counted, 25}, {xcd, 50},
		"82558a389a443c0ea4cc819899f2083a"
		"85f0faa3e578f8077a2e3ff46729665b"},
	    {{x0c, 20}, TEXT("Test With Truncation"),
		"a3b6167473100ee06e0c796c2955552b"},
	    {{aa, 131},
		TEXT("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f"
		"8e0bc6213728c5140546040f0ee37f54"},
	    {{aa, 131},
		TEXT("This is a test using a larger than block-size key and a "
		     "larger than block-size data. The key needs to be hashed "
		     "before being used by the HMAC algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944"
		"bfdc63644f0713938a7f51535c3a35e2"},
	};
	struct crypto_hmac *h = crypto_hmac_new(crypto);
	uint8_t mac[CRYPTO_SHA256_SIZE];
	char what[32];

	memset(aa, 0xaa, sizeof(aa));
	memset(x0b, 0x0b, sizeof(x0b));
	memset(x0c, 0x0c, sizeof(x0c));
	memset(xcd, 0xcd, sizeof(xcd));
	memset(xdd, 0xdd, sizeof(xdd));
	for (int i = 0; i < 25; i++)
		counted[i] = (char)(i + 1);
	for (size_t i = 0; i < N_OF(cases); i++) {
		crypto_hmac_set_key(h, cases[i].key);
		for (int again = 0; again < 2; again++) {
			crypto_hmac_sha256(mac, h, cases[i].data);
			snprintf(what, sizeof(what), "case %zu, time %d", i + 1,
			    again + 1);
			is_hex(mac, strlen(cases[i].want) / 2, cases[i].want,
			    what);
		}
	}
	crypto_hmac_set_key(h, TEXT(""));
	crypto_hmac_sha256(mac, h, TEXT(""));
	is_hex(mac, sizeof(mac),
	    "b613679a0814d9ec772f95d778c35fc5"
	    "ff1697c493715653c6c712144292c5ad", "nothing under no key");
	crypto_hmac_free(h);
}

/* Two keys of one crypto do not disturb each other, nor digests between. */
static void
test_interleaved(void)
{
	struct crypto_hmac *a = crypto_hmac_new(crypto);
	struct crypto_hmac *b = crypto_hmac_new(crypto);
	const struct text other = TEXT("x");
	uint8_t first[CRYPTO_SHA256_SIZE], again[CRYPTO_SHA256_SIZE];

	crypto_hmac_set_key(a, TEXT("a"));
	crypto_hmac_sha256(first, a, TEXT("data"));
	crypto_hmac_set_key(b, TEXT("b"));
	crypto_hmac_sha256(again, b, TEXT("data"));
	ok(memcmp(first, again, sizeof(first)) != 0, "another key");
	crypto_sha256(again, crypto, &other, 1);
	crypto_hmac_sha256(again, a, TEXT("data"));
	ok(memcmp(first, again, sizeof(first)) == 0, "the first key again");
	crypto_hmac_free(a);
	crypto_hmac_free(b);
}

/* RFC 4648, section 10. */
static void
test_base64(void)
{
	static const struct {
		struct text in;
		const char *want, *url;
	} cases[] = {
	    {TEXT(""), "", ""}, {TEXT("f"), "Zg==", "Zg"},
	    {TEXT("fo"), "Zm8=", "Zm8"}, {TEXT("foo"), "Zm9v", "Zm9v"},
	    {TEXT("foob"), "Zm9vYg==", "Zm9vYg"},
	    {TEXT("fooba"), "Zm9vYmE=", "Zm9vYmE"},
	    {TEXT("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
	    {TEXT("\xfb\xff\xbf\0"), "+/+/AA==", "-_-_AA"},
	};
	char out[20];

	for (size_t i = 0; i < N_OF(cases); i++) {
		memset(out, 'x', sizeof(out));
		crypto_base64(out, (const uint8_t *)cases[i].in.data,
		    cases[i].in.size);
		is_str(out, cases[i].want, "%s", cases[i].want);
		memset(out, 'x', sizeof(out));
		crypto_base64url(out, (const uint8_t *)cases[i].in.data,
		    cases[i].in.size);
		is_str(out, cases[i].url, "for URLs");
	}
}

static void
test_is_equal(void)
{
	ok(crypto_is_equal(TEXT("abc"), TEXT("abc")), "equal");
	ok(!crypto_is_equal(TEXT("abc"), TEXT("abd")), "the last differs");
	ok(!crypto_is_equal(TEXT("abc"), TEXT("xbc")), "the first differs");
	ok(!crypto_is_equal(TEXT("abc"), TEXT("abcd")), "one is longer");
	ok(!crypto_is_equal(TEXT("a\0b"), TEXT("a\0c")), "behind a NUL");
	ok(crypto_is_equal(TEXT(""), TEXT("")), "both empty");
}

static void
test_random(void)
{
	enum { N = 2000, SIZE = 10 };
	static uint8_t drawn[N][SIZE];
	uint8_t large[1024];
	size_t seen[256] = {0}, n_values = 0;
	bool distinct = true;

	for (int i = 0; i < N; i++)
		crypto_random(crypto, drawn[i], SIZE);
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < i; j++)
			distinct = distinct
			    && memcmp(drawn[i], drawn[j], SIZE) != 0;
		for (int k = 0; k < SIZE; k++)
			n_values += seen[drawn[i][k]]++ == 0;
	}
	ok(distinct, "two thousand draws, all different");
	is_int((int64_t)n_values, 256, "every byte occurs");
	crypto_random(crypto, large, sizeof(large));
	crypto_random(crypto, large, 0);
	ok(true, "as much as the pool holds, and none");
}

int
main(void)
{
	crypto = crypto_new();
	test_sha256();
	test_million();
	test_md5();
	test_hmac();
	test_interleaved();
	test_base64();
	test_is_equal();
	test_random();
	ok(crypto_version()[0] != '\0', "%s", crypto_version());
	crypto_free(crypto);
	crypto_free(NULL);
	crypto_hmac_free(NULL);
	return tap_done();
}
