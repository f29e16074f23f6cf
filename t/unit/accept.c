/* Accept to a form. */
#include "api/accept.h"

#include "base/buf.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define JSON "application/json"
#define SSE "text/event-stream"
#define NDJSON "application/x-ndjson"

static const struct {
	const char *accept;
	enum form form;
} cases[] = {
    /* absent, empty, of something else: JSON is sent anyway */
    {NULL, FORM_JSON},
    {"", FORM_JSON},
    {" ", FORM_JSON},
    {",", FORM_JSON},
    {"text/html", FORM_JSON},
    {"image/*", FORM_JSON},
    {JSON ";q=0", FORM_JSON},
    {"*/*;q=0", FORM_JSON},
    {JSON ";q=0, " SSE ";q=0, " NDJSON ";q=0", FORM_JSON},
    /* by name */
    {JSON, FORM_JSON},
    {SSE, FORM_SSE},
    {NDJSON, FORM_NDJSON},
    {"text/html, " SSE, FORM_SSE},
    {SSE ", text/html", FORM_SSE},
    {" \t" SSE "\t ", FORM_SSE},
    {",, " SSE " ,,", FORM_SSE},
    {SSE ";q=0.001", FORM_SSE},
    {SSE ";q=0", FORM_JSON},
    {SSE ";q=0.000", FORM_JSON},
    /* case */
    {"Text/Event-Stream", FORM_SSE},
    {"TEXT/EVENT-STREAM;Q=0.4, APPLICATION/JSON;Q=0.3", FORM_SSE},
    {"Application/X-NDJSON", FORM_NDJSON},
    {"TEXT/*", FORM_SSE},
    /* a stream has to be wanted more than JSON */
    {SSE ", " JSON, FORM_JSON},
    {JSON ", " SSE, FORM_JSON},
    {NDJSON ", " JSON, FORM_JSON},
    {SSE ";q=0.5, " JSON ";q=0.5", FORM_JSON},
    {SSE ";q=0.5, " JSON ";q=0.50", FORM_JSON},
    {SSE ";q=0.501, " JSON ";q=0.5", FORM_SSE},
    {SSE ";q=0.499, " JSON ";q=0.5", FORM_JSON},
    {SSE ", " JSON ";q=0.999", FORM_SSE},
    {JSON ";q=0.1," SSE ";q=0.2", FORM_SSE},
    {SSE ";q=1, " JSON ";q=1.000", FORM_JSON},
    {SSE ";q=0.1, " JSON ";q=0", FORM_SSE},
    {NDJSON ";q=0.1, " JSON ";q=0", FORM_NDJSON},
    /* of the streams, the one that is wanted most */
    {SSE ", " NDJSON, FORM_SSE},
    {NDJSON ", " SSE, FORM_SSE},
    {SSE ";q=0.8, " NDJSON ";q=0.9", FORM_NDJSON},
    {SSE ";q=0.9, " NDJSON ";q=0.8", FORM_SSE},
    {SSE ";q=0.8, " NDJSON ";q=0.9, " JSON, FORM_JSON},
    {SSE ";q=0.8, " NDJSON ";q=0.9, " JSON ";q=0.85", FORM_NDJSON},
    {SSE ";q=0.8, " NDJSON ";q=0.6, " JSON ";q=0.7", FORM_SSE},
    /* wildcards */
    {"*/*", FORM_JSON},
    {"application/*", FORM_JSON},
    {"text/*", FORM_SSE},
    {"text/*, */*", FORM_JSON},
    {"text/*, */*;q=0.5", FORM_SSE},
    {"text/*;q=0.5, application/*;q=0.4", FORM_SSE},
    {"text/*;q=0.4, application/*;q=0.5", FORM_JSON},
    {"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
	FORM_JSON},
    {"*/" SSE, FORM_JSON},
    {"*", FORM_JSON},
    {"text/event-*", FORM_JSON},
    /* the most specific range decides (RFC 9110, section 12.5.1) */
    {SSE ", */*", FORM_JSON},
    {SSE ", */*;q=0.9", FORM_SSE},
    {"*/*;q=0.9, " SSE, FORM_SSE},
    {"*/*, " JSON ";q=0.5", FORM_SSE},
    {"*/*, " JSON ";q=0.5, text/*;q=0.4", FORM_NDJSON},
    {"*/*, " SSE ";q=0", FORM_JSON},
    {"text/*, " SSE ";q=0", FORM_JSON},
    {SSE ";q=0, text/*", FORM_JSON},
    {SSE ", text/*;q=0, */*;q=0.1", FORM_SSE},
    {"application/*;q=0.2, " JSON ";q=0, " SSE ";q=0.1", FORM_NDJSON},
    {"application/*, " JSON ";q=0.3, " SSE ";q=0.4, " NDJSON ";q=0",
	FORM_SSE},
    {"*/*;q=0.1, application/*;q=0.2, text/*;q=0.3", FORM_SSE},
    /* parameters beside the weight */
    {SSE ";charset=utf-8", FORM_SSE},
    {SSE "; charset=utf-8; q=0", FORM_JSON},
    {SSE " ; charset=utf-8 ; q = 0.3 , " JSON " ; q = 0.2", FORM_SSE},
    {SSE ";q=0.3;x=1, " JSON ";q=0.4;y=\"z\"", FORM_JSON},
    {SSE ";quality=0", FORM_SSE},
    {SSE ";x=\"q=0\"", FORM_SSE},
    {SSE ";x=\";q=0\"", FORM_SSE},
    {SSE ";x=\"a\\\";q=0\";q=0.1", FORM_SSE},
    {"text/html;x=\"a, " SSE ", b\"", FORM_JSON},
    {"text/html;x=\"a, " JSON ", b\", " SSE, FORM_SSE},
    {"text/html;x=\"a, " SSE, FORM_JSON},
    {SSE ";;q=0.3;, " JSON ";q=0.2", FORM_SSE},
    /* what is no weight is none at all */
    {SSE ";q=", FORM_JSON},
    {SSE ";q", FORM_JSON},
    {SSE ";q=x", FORM_JSON},
    {SSE ";q=2", FORM_JSON},
    {SSE ";q=1.1", FORM_JSON},
    {SSE ";q=1.001", FORM_JSON},
    {SSE ";q=-0.5", FORM_JSON},
    {SSE ";q=+0.5", FORM_JSON},
    {SSE ";q=.5", FORM_JSON},
    {SSE ";q=0,5", FORM_JSON},
    {SSE ";q=05", FORM_JSON},
    {SSE ";q=0.5.5", FORM_JSON},
    {SSE ";q=0.1234", FORM_JSON},
    {SSE ";q=0x1", FORM_JSON},
    {SSE ";q=1e0", FORM_JSON},
    {SSE ";q=\"0.5\"", FORM_JSON},
    {SSE ";q=99999999999999999999", FORM_JSON},
    {SSE ";q=0.5, " JSON ";q=x", FORM_SSE},
    /* ... but a point may have nothing behind it */
    {SSE ";q=1.", FORM_SSE},
    {SSE ";q=0.", FORM_JSON},
    {SSE ";q=1.000", FORM_SSE},
    /* no names of ours */
    {SSE "x", FORM_JSON},
    {"x" SSE, FORM_JSON},
    {"text/event-strea", FORM_JSON},
    {"text /event-stream", FORM_JSON},
    {"text", FORM_JSON},
    {"/", FORM_JSON},
    {";q=1", FORM_JSON},
    {"application/ndjson", FORM_JSON},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < N_OF(cases); i++)
		is_int((int)accept_form(text_of(cases[i].accept)),
		    cases[i].form, "%s",
		    cases[i].accept == NULL ? "absent" : cases[i].accept);
}

/* Every pair of weights, to the thousandth. */
static void
test_weights(void)
{
	static const int weights[] = {
	    0, 1, 9, 10, 99, 100, 101, 499, 500, 501, 998, 999, 1000};
	char accept[100];

	for (size_t i = 0; i < N_OF(weights); i++) {
		for (size_t j = 0; j < N_OF(weights); j++) {
			int sse = weights[i], json = weights[j];

			snprintf(accept, sizeof(accept),
			    SSE ";q=%d.%03d, " JSON ";q=%d.%03d", sse / 1000,
			    sse % 1000, json / 1000, json % 1000);
			is_int((int)accept_form(text_of(accept)),
			    sse > json ? FORM_SSE : FORM_JSON, "%s", accept);
		}
	}
}

/* Any bytes at all, and as many as a web server lets through. */
static void
test_bytes(void)
{
	static const char *const pieces[] = {SSE, JSON, "*/*", ",", ";", "=",
	    "q", "0", "1", ".", " ", "\"", "\\", "\xff", "\t", "text/*"};
	struct dice dice = {1};
	struct buf b = {0};
	bool fine = true;

	for (int i = 0; i < 20000; i++) {
		b.size = 0;
		for (uint64_t n = dice_roll(&dice, 20); n > 0; n--)
			buf_string(&b, pieces[dice_roll(
			    &dice, N_OF(pieces))]);
		fine = fine && accept_form(buf_as_text(&b)) < N_FORMS;
	}
	ok(fine, "garbage gets some form");
	b.size = 0;
	while (b.size < 65000)
		buf_string(&b, SSE ";q=0.1, ");
	buf_string(&b, JSON ";q=0.2");
	is_int((int)accept_form(buf_as_text(&b)), FORM_JSON,
	    "the last of thousands counts");
	buf_release(&b);
}

int
main(void)
{
	test_cases();
	test_weights();
	test_bytes();
	return tap_done();
}
