/* Several stores at once: each with its windows, and what is left out. */
#include "signing/signer.h"

#include "adapters/crypto.h"
#include "base/config.h"
#include "base/scope.h"
#include "credentials/provider.h"
#include "signing/store.h"
#include "signing/stores.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOB TEXT("01ARZ3NDEKTSV4RRFFQ69G5FAV")

enum { NOW = 1776254400 };

static struct crypto *crypto;
static struct stores stores;

static const struct store samples[] = {
    {.name = "", .kind = &store_s3, .ttl_s = 900, .window_s = 300,
	.s3 = {"https://s3.example.org", "eu-west-1", "one", .path_style = true}},
    {.name = "disk", .kind = &store_secure_link, .ttl_s = 60, .window_s = 7,
	.secure_link = {"https://media.example.org/a", "s"}},
    {.name = "nowhere", .kind = &store_none, .ttl_s = 60},
    {.name = "other", .kind = &store_s3, .ttl_s = 3600, .window_s = 0,
	.s3 = {"https://r2.example.org", "auto", "two", .path_style = true}},
};

static struct provider *
provider_of(const char *id, const char *secret, const char *token)
{
	const struct provider_settings settings = {
	    .name = "",
	    .chain = chain_of(CREDENTIALS_STATIC),
	    .source = {id, secret, token},
	};
	char error[100];

	return provider_new(&settings, error, sizeof(error));
}

static void
make_stores(void)
{
	stores_init(&stores, N_OF(samples));
	memcpy(stores.list, samples, sizeof(samples));
	stores.list[0].provider = provider_of("AKID1", "secret1", NULL);
	stores.list[3].provider = provider_of("AKID2", "secret2", "token");
}

static struct arena arena;
static struct buf url;

static bool
sign(struct signer *s, struct window *window, struct text store,
    struct text key)
{
	bool has_url;

	struct scope scope = {.arena = &arena};

	url.size = 0;
	has_url = signer_url(&url, window, s, &scope, store, key) == SIGNED;
	buf_char(&url, '\0');
	return has_url;
}

/* --- the log --- */

static char log_path[64];
static int saved_stderr;

static void
log_begin(void)
{
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	if (saved_stderr == -1 || freopen(log_path, "w", stderr) == NULL)
		abort();
}

/* What was written to it since. */
static char *
log_end(void)
{
	static char text[4000];
	size_t size;
	FILE *f;

	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	f = fopen(log_path, "r");
	if (f == NULL)
		abort();
	size = fread(text, 1, sizeof(text) - 1, f);
	text[size] = '\0';
	fclose(f);
	(void)unlink(log_path);
	return text;
}

static void
test_stores(void)
{
	static const struct {
		struct text name;
		const char *begins, *holds; /* NULL: no URL */
	} cases[] = {
	    {{0}, "https://s3.example.org/one/k?", "AKID1%2F20260415%2Feu-west-1"},
	    {TEXT("disk"), "https://media.example.org/a/k?md5=", "&expires="},
	    {TEXT("other"), "https://r2.example.org/two/k?",
		"AKID2%2F20260415%2Fauto%2Fs3"},
	    {TEXT("nowhere"), NULL, NULL},
	    {TEXT("unknown"), NULL, NULL},
	    {TEXT("dis"), NULL, NULL},
	    {TEXT("disks"), NULL, NULL},
	    {TEXT("DISK"), NULL, NULL},
	    {TEXT(""), NULL, NULL}, /* no name that was given */
	};
	struct signer *s = signer_new(&stores, crypto);
	struct window window;

	signer_begin(s, JOB, NOW);
	for (size_t i = 0; i < N_OF(cases); i++) {
		bool has_url;

		log_begin();
		has_url = sign(s, &window, cases[i].name, TEXT("k"));
		(void)log_end();
		is_int(has_url, cases[i].begins != NULL, "'%.*s'",
		    (int)cases[i].name.size, cases[i].name.data);
		if (!has_url || cases[i].begins == NULL)
			continue;
		ok(text_has_prefix(text_of(url.data),
		       text_of(cases[i].begins)),
		    "%s", cases[i].begins);
		ok(strstr(url.data, cases[i].holds) != NULL, "%s",
		    cases[i].holds);
	}
	signer_free(s);
}

/* Each URL says what its store's settings promise, at any moment, whatever
 * was signed before. */
static void
test_windows(void)
{
	struct signer *s = signer_new(&stores, crypto);
	struct window first, disk, other, again;
	bool right = true, same = true;
	char end[40];

	for (int64_t now = NOW; now < NOW + 1000; now++) {
		signer_begin(s, JOB, now);
		(void)sign(s, &first, (struct text){0}, TEXT("k"));
		(void)sign(s, &disk, TEXT("disk"), TEXT("k"));
		snprintf(end, sizeof(end), "&expires=%lld",
		    (long long)disk.expires_at);
		right = right && strstr(url.data, end) != NULL
		    && first.expires_at == first.signed_at + 1200
		    && disk.expires_at == disk.signed_at + 67
		    && first.rolls_at > now && disk.rolls_at > now;
		(void)sign(s, &other, TEXT("other"), TEXT("k"));
		right = right && other.signed_at == now
		    && other.expires_at == now + 3600;
		(void)sign(s, &again, (struct text){0}, TEXT("other key"));
		same = same && memcmp(&again, &first, sizeof(again)) == 0;
	}
	ok(right, "each store has its own");
	ok(same, "and keeps it for the page");
	signer_free(s);
}

static void
test_both(void)
{
	const struct window a = {10, 20, 300}, b = {5, 40, 200};
	struct window both = window_of_both(&a, &b);

	is_int(both.rolls_at, 20, "the earlier roll-over");
	is_int(both.expires_at, 200, "the earlier end");
	is_int(both.signed_at, 5, "the earlier beginning");
	both = window_of_both(&b, &a);
	is_int(both.rolls_at, 20, "whichever comes first");
	is_int(both.expires_at, 200, "for the end too");
}

/* --- what the log is told --- */

static char *
logged(const struct text *names, const struct text *keys, size_t n,
    int64_t now_s)
{
	struct signer *s = signer_new(&stores, crypto);
	struct window window;

	log_begin();
	signer_begin(s, JOB, now_s);
	for (size_t i = 0; i < n; i++)
		(void)sign(s, &window, names[i], keys[i]);
	signer_free(s);
	return log_end();
}

static int
lines_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
test_log(void)
{
	static const struct text names[] = {TEXT("wrong"), TEXT("wrong"),
	    TEXT("worse\"\n"), TEXT("nowhere"), {0}};
	static const struct text keys[] = {
	    TEXT("larder"), TEXT("larder"), TEXT("larder"), TEXT("larder"),
	    TEXT("larder")};
	char *text;

	text = logged(names, keys, 5, NOW);
	is_int(lines_of(text), 2, "a line for each unknown name");
	ok(strstr(text, "store name=\"wrong\" reason=\"no section has that "
	    "name\" artifacts_left_out=1 job=01ARZ3NDEKTSV4RRFFQ69G5FAV "
	    "do=\"add [store NAME] to the settings\"") != NULL,
	    "which is named: %s", text);
	ok(strstr(text, "larder") == NULL, "the key is not");
	text = logged(names, keys, 5, NOW + 30);
	is_str(text, "", "then silence");
	text = logged(names, keys, 5, NOW + 60);
	ok(strstr(text, "name=\"wrong\"") != NULL
	    && strstr(text, "artifacts_left_out=4 ") != NULL
	    && strstr(text, "artifacts_left_out=2 ") != NULL,
	    "then how many there were: %s", text);
}

static void
test_dots(void)
{
	static const struct {
		struct text key;
		bool told;
	} cases[] = {
	    {TEXT("a.b/..c/d../.e/f.png"), false},
	    {TEXT("..."), false},
	    {TEXT("a/.../b"), false},
	    {TEXT("a//b"), false},
	    {TEXT("."), true},
	    {TEXT(".."), true},
	    {TEXT("./a"), true},
	    {TEXT("a/."), true},
	    {TEXT("a/../b"), true},
	    {TEXT("a/b/.."), true},
	    {TEXT("/./"), true},
	};
	static const struct text named[] = {TEXT("disk"), {0}, {0}};
	const struct text keys[] = {TEXT("../x"), TEXT("../x"), TEXT("./y")};
	int64_t now_s = NOW + 1000;
	char *text;

	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct text none = {0};

		text = logged(&none, &cases[i].key, 1, now_s += 60);
		is_int(lines_of(text), cases[i].told, "told of %.*s",
		    (int)cases[i].key.size, cases[i].key.data);
		ok(strstr(text, cases[i].told ? "store name=\"\" reason="
		    "\"browsers take /./ and /../ out" : "") != NULL,
		    "in words");
	}
	text = logged(named, keys, 3, now_s += 60);
	is_int(lines_of(text), 2, "once for each store: %s", text);
}

int
main(void)
{
	snprintf(log_path, sizeof(log_path), "signer.%d.log", (int)getpid());
	crypto = crypto_new();
	arena_init(&arena, 1024);
	make_stores();
	test_stores();
	test_windows();
	test_both();
	test_log();
	test_dots();
	stores_release(&stores);
	crypto_free(crypto);
	arena_release(&arena);
	buf_release(&url);
	return tap_done();
}
