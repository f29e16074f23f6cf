/* Origins: which may be set, which are let in, and what they are told. */
#include "api/cors.h"

#include "api/request.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define VARY "Vary: Origin\r\n"
#define EXPOSED \
	"Access-Control-Expose-Headers: ETag, Link, Retry-After, " \
	"X-Request-Id, X-Poll-Interval, Preference-Applied, " \
	"WWW-Authenticate, Jobtail-Up-To-Date, Jobtail-Closed, " \
	"Jobtail-Job-Status, Jobtail-Last-Event-Age, Jobtail-Cursor, " \
	"Jobtail-Wait, Jobtail-Artifacts-Expire\r\n"
#define ALLOWED \
	"Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n" \
	"Access-Control-Allow-Headers: Authorization, Accept, " \
	"If-None-Match, Last-Event-ID, Prefer, X-Shopify-Hmac-Sha256, " \
	"Cache-Control\r\n" \
	"Access-Control-Max-Age: 600\r\n"
#define LINES(origin) \
	"Access-Control-Allow-Origin: " origin "\r\n" EXPOSED VARY
#define PREFLIGHT(origin) \
	"Access-Control-Allow-Origin: " origin "\r\n" ALLOWED VARY

static char error[400];

static const char *
lines(const char *origins, const struct request *req)
{
	static char copy[1024];
	struct cors *c = cors_new(origins, error, sizeof(error));

	if (c == NULL)
		return "refused";
	snprintf(copy, sizeof(copy), "%s", cors_lines(c, req));
	cors_free(c);
	return copy;
}

static const char *
lines_for(const char *origins, const char *origin)
{
	struct request req = {
	    .method = TEXT("GET"), .origin = text_of(origin)};

	return lines(origins, &req);
}

/* --- what may be set --- */

static void
test_settings(void)
{
	static const char *const fine[] = {
	    "https://app.example.org", "http://localhost:3000", "http://h",
	    "https://a.example.org:8443", "http://127.0.0.1:5173",
	    "http://[::1]:5173", "http://[2001:db8::1]", "https://h:80",
	    "http://h:443", "http://h:1", "http://h:65535",
	    "https://xn--bcher-kva.example.org", "https://a_b.example.org",
	    "capacitor://localhost", "chrome-extension://abcdefghijklmnop",
	    "a+b.c-1://h",
	};
	static const char *const bad[] = {
	    "*", "null", "https://*.example.org", "https://*", "app.example.org",
	    "//app.example.org", "https:app.example.org",
	    "https:/app.example.org", "https://", "://h", "https://:8443",
	    "https://app.example.org/", "https://app.example.org/a",
	    "https://app.example.org?", "https://app.example.org#",
	    "https://APP.example.org", "HTTPS://app.example.org",
	    "https://u@app.example.org", "https://u:p@app.example.org",
	    "https://app.example.org:", "https://app.example.org:443",
	    "http://app.example.org:80", "https://app.example.org:0",
	    "https://app.example.org:08443", "https://app.example.org:65536",
	    "https://app.example.org:123456", "https://app.example.org:84x",
	    "https://app.example.org:1:2", "https://app.example.org.",
	    "https://.example.org", "https://app.example.org\\", "https://[::1",
	    "https://::1", "https://[]", "https://[g]", "https://[::1]x",
	    "https://\xc3\xbcx.example.org", "https://a%2eexample.org",
	    "1http://h", "-://h", "https://h\r", "https://h;http://i",
	    "\"https://h\"", "file://", "about:blank", "data:,x",
	    "https://a.example.org https://", ",", " , ,, ",
	};

	for (size_t i = 0; i < N_OF(fine); i++) {
		char want[1024];

		snprintf(want, sizeof(want), LINES("%s"), fine[i]);
		is_str(lines_for(fine[i], fine[i]), want, "%s", fine[i]);
	}
	for (size_t i = 0; i < N_OF(bad); i++) {
		error[0] = '\0';
		is_str(lines_for(bad[i], "https://h"), "refused", "not %s",
		    bad[i]);
		ok(error[0] != '\0', "says: %s", error);
	}
}

static void
test_words(void)
{
	static const char wanted[] = " is no origin; write it as browsers "
	    "send it, such as https://app.example.org or "
	    "http://localhost:3000: lower case, no path, no port that is the "
	    "scheme's own, and neither * nor null";
	char want[400];

	(void)lines_for("https://h, https://i/ https://j", "");
	snprintf(want, sizeof(want), "'https://i/'%s", wanted);
	is_str(error, want, "the one that is wrong is named");
	(void)lines_for(",", "");
	is_str(error, "there is no origin in it; leave the line out", "none");
}

static void
test_number(void)
{
	char list[1000] = "";
	size_t n = 0;

	for (int i = 1; i <= 32; i++)
		n += (size_t)sprintf(list + n, "https://h%d%s", i,
		    i % 3 == 0 ? " " : i % 3 == 1 ? "," : " ,\t");
	for (int i = 1; i <= 32; i++) {
		char origin[20], want[1024];

		snprintf(origin, sizeof(origin), "https://h%d", i);
		snprintf(want, sizeof(want), LINES("%s"), origin);
		is_str(lines_for(list, origin), want, "%s of 32", origin);
	}
	is_str(lines_for(list, "https://h"), VARY, "and no other");
	strcat(list, ",https://h33");
	is_str(lines_for(list, "https://h1"), "refused", "33 are too many");
	is_str(error, "more than 32 origins; leave out what is no longer in "
	    "use", "says so");
}

/* --- who is let in --- */

/* Apart from hosts that are no example's. */
#define HTTPS "https:" "//"

static void
test_hostile(void)
{
	static const char list[] =
	    "https://app.example.org,http://localhost:3000";
	static const char *const hostile[] = {
	    "null", "*", "", " ", "https://", "https://example.org",
	    HTTPS "app.example.or", "ttps://app.example.org",
	    "https://app.example.org.", "https://app.example.org/",
	    "https://app.example.org/a", "https://app.example.org:443",
	    "https://app.example.org:8443", "https://app.example.org.evil.example",
	    HTTPS "app.example.orgevil", "https://evil.app.example.org",
	    "https://evilapp.example.org", "https://app.example.org@evil.example",
	    "https://u@app.example.org", "https://APP.EXAMPLE.ORG",
	    "https://App.example.org", "HTTPS://app.example.org",
	    "http://app.example.org", HTTPS "app-example.org",
	    HTTPS "appxexample.org", "https://app.example.org%00",
	    "https://app.example.org\t", " https://app.example.org",
	    "https://app.example.org ", "https://app.example.org,",
	    "https://app.example.org https://evil.example",
	    "https://app.example.org,http://localhost:3000",
	    "https://evil.example, https://app.example.org",
	    "https://app.example.org\r\nX: y", "\"https://app.example.org\"",
	    "https://app\xef\xbc\x8e.example.org", "http://localhost",
	    "http://localhost:30000", "http://localhost:300",
	    "http://127.0.0.1:3000", "http://[::1]:3000", "file://",
	};

	is_str(lines_for(list, "https://app.example.org"),
	    LINES("https://app.example.org"), "the one that is let in");
	is_str(lines_for(list, "http://localhost:3000"),
	    LINES("http://localhost:3000"), "and the other one");
	is_str(lines_for(list, NULL), VARY, "no origin");
	for (size_t i = 0; i < N_OF(hostile); i++)
		is_str(lines_for(list, hostile[i]), VARY, "not <%s>",
		    hostile[i]);
}

static void
test_nul(void)
{
	struct request req = {
	    .method = TEXT("GET"), .origin = TEXT("https://h\0.evil.example")};

	is_str(lines("https://h", &req), VARY, "a NUL ends no origin");
	req.origin = TEXT("https://h\0");
	is_str(lines("https://h", &req), VARY, "nor is it a part of one");
}

/* --- which lines --- */

static void
test_preflight(void)
{
	static const struct {
		const char *method, *origin, *requested, *want;
	} cases[] = {
	    {"OPTIONS", "https://h", "GET", PREFLIGHT("https://h")},
	    {"OPTIONS", "https://h", "DELETE", PREFLIGHT("https://h")},
	    {"OPTIONS", "https://i", "GET", VARY},
	    {"OPTIONS", "null", "GET", VARY},
	    {"OPTIONS", NULL, "GET", VARY},
	    {"OPTIONS", "https://h", NULL, LINES("https://h")},
	    {"GET", "https://h", "GET", LINES("https://h")},
	    {"HEAD", "https://h", NULL, LINES("https://h")},
	    {"POST", "https://h", NULL, LINES("https://h")},
	    {"options", "https://h", "GET", LINES("https://h")},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct request req = {
		    .method = text_of(cases[i].method),
		    .origin = text_of(cases[i].origin),
		    .requested_method = text_of(cases[i].requested),
		};

		is_str(lines("https://h", &req), cases[i].want, "%s %s %s",
		    cases[i].method,
		    cases[i].origin == NULL ? "-" : cases[i].origin,
		    cases[i].requested == NULL ? "-" : cases[i].requested);
		ok(cors_lines(NULL, &req) == NULL, "nothing when it is off");
	}
}

int
main(void)
{
	test_settings();
	test_words();
	test_number();
	test_hostile();
	test_nul();
	test_preflight();
	cors_free(NULL);
	return tap_done();
}
