/* nginx's secure_link; the digests were made with openssl:
 * printf '2147483647/s/link127.0.0.1 secret' | openssl md5 -binary |
 *     openssl base64 | tr +/ -_ | tr -d =    (the example in nginx's manual) */
#include "signing/secure_link.h"

#include "adapters/crypto.h"
#include "tap.h"

#include <string.h>

static void
test_urls(struct crypto *crypto)
{
	static const struct {
		const char *base, *secret, *key;
		int64_t expires_at;
		const char *url;
	} cases[] = {
	    {"https://h", "secret", "s/link127.0.0.1", 2147483647,
		"https://h/s/link127.0.0.1?md5=_e4Nc3iduzkWRm01TBBNYw"
		"&expires=2147483647"},
	    {"https://h/", "secret", "s/link127.0.0.1", 2147483647,
		"https://h/s/link127.0.0.1?md5=_e4Nc3iduzkWRm01TBBNYw"
		"&expires=2147483647"},
	    {"https://h:8443/s", "secret", "link127.0.0.1", 2147483647,
		"https://h:8443/s/link127.0.0.1?md5=_e4Nc3iduzkWRm01TBBNYw"
		"&expires=2147483647"},
	    /* nginx hashes the decoded path */
	    {"http://media.example.org/files", "s3cr3t", "a b/\xc3\xbc?.png",
		1700000000,
		"http://media.example.org/files/a%20b/%C3%BC%3F.png"
		"?md5=URPwjJAPqrv8D61u_I5d-g&expires=1700000000"},
	    {"https://h", "x", "k", 1,
		"https://h/k?md5=3gvsNDkuQ9q7xN0U9Vt0fw&expires=1"},
	    {"https://h", "x", "k", 1700000007,
		"https://h/k?md5=mVisbbZLAxcQL-XTdW3ZXg&expires=1700000007"},
	    {"https://h", "x", "k", 1700000011,
		"https://h/k?md5=_TFu8fuZSvQzpBD2PEG-NA&expires=1700000011"},
	};
	struct buf url = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct secure_link_settings settings = {
		    cases[i].base, cases[i].secret};
		struct secure_link *l = secure_link_new(&settings, crypto);

		url.size = 0;
		secure_link_begin(l, 5);
		secure_link_url(&url, l, TEXT("another"));
		url.size = 0;
		secure_link_begin(l, cases[i].expires_at);
		secure_link_url(&url, l, text_of(cases[i].key));
		is_text(buf_as_text(&url), text_of(cases[i].url), "%s",
		    cases[i].url);
		secure_link_free(l);
	}
	buf_release(&url);
}

static void
test_check(void)
{
	static const struct {
		const char *base;
		bool fine;
	} cases[] = {
	    {"https://h", true}, {"https://h/", true},
	    {"http://h:81/a/b", true},
	    {"https://[::1]:8443/a", true},
	    {NULL, false}, {"", false}, {"h", false}, {"/a", false},
	    {"https://", false}, {"https:///a", false}, {"://h", false},
	    {"https://h/a?b", false}, {"https://h/a#b", false},
	    {"https://h/%41", false}, {"https://h/a b", false},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct secure_link_settings settings = {cases[i].base, "x"};
		char error[300] = "";
		bool fine = secure_link_check(&settings, error, sizeof(error));

		is_int(fine, cases[i].fine, "base %s",
		    cases[i].base == NULL ? "-" : cases[i].base);
		ok(fine == (error[0] == '\0'), "says: %s", error);
	}
}

int
main(void)
{
	struct crypto *crypto = crypto_new();

	test_urls(crypto);
	test_check();
	crypto_free(crypto);
	return tap_done();
}
