/* Frames, byte for byte. */
#include "api/frames.h"

#include "adapters/crypto.h"
#include "api/page.h"
#include "base/scope.h"
#include "naughty.h"
#include "tap.h"

static struct arena arena;
static struct scope scope;
static struct signer *signer;
static struct buf body;

static void
is_body(const char *want, const char *what)
{
	is_text(buf_as_text(&body), text_of(want), "%s", what);
	body.size = 0;
}

static void
test_frames(void)
{
	struct hold none = naughty_hold(FORM_SSE, false, 0);
	struct hold some = naughty_hold(FORM_SSE, true, INT64_MIN);

	frames_begin(&body, &none, 3210);
	is_body("retry: 3210\n\n", "a beginning");
	frames_begin(&body, &some, 4000);
	is_body("retry: 4000\n\nid: -9223372036854775808\n\n",
	    "with the point to resume at, which fires nothing");
	frames_silence(&body, FORM_SSE);
	is_body(":\n\n", "silence is a comment");
	frames_end(&body, &none, TEXT("FAILURE"));
	is_body("event: end\ndata: {\"public_id\":\"" NAUGHTY_ID "\","
		"\"latest_seq\":null,\"status\":\"FAILURE\"}\n\n",
	    "the end of an empty timeline");
	some.cursor = 12;
	frames_end(&body, &some, TEXT("S\n\"x"));
	is_body("event: end\ndata: {\"public_id\":\"" NAUGHTY_ID "\","
		"\"latest_seq\":12,\"status\":\"S\\n\\\"x\"}\n\n",
	    "the end, of any status");
	frames_bye(&body, &none, "drain");
	is_body("event: bye\ndata: {\"reason\":\"drain\","
		"\"latest_seq\":null}\n\n", "a bye");
	frames_bye(&body, &some, "rotate");
	is_body("event: bye\ndata: {\"reason\":\"rotate\","
		"\"latest_seq\":12}\n\n", "a bye with a number");
	frames_retry(&body, FORM_SSE, 15000);
	is_body("retry: 15000\n\n", "a longer time to the next try");
}

static void
test_lines(void)
{
	struct hold none = naughty_hold(FORM_NDJSON, false, 0);
	struct hold some = naughty_hold(FORM_NDJSON, true, 12);

	frames_begin(&body, &some, 3000);
	frames_retry(&body, FORM_NDJSON, 3000);
	is_body("", "lines begin without a preamble");
	frames_silence(&body, FORM_NDJSON);
	is_body("\n", "silence is an empty line");
	frames_end(&body, &some, TEXT("SUCCESS"));
	is_body("{\"latest_seq\":12,\"closed\":true}\n", "the end");
	frames_bye(&body, &some, "rotate");
	is_body("{\"latest_seq\":12,\"closed\":false}\n", "a bye");
	frames_end(&body, &none, TEXT("SUCCESS"));
	is_body("{\"latest_seq\":null,\"closed\":true}\n",
	    "the end of an empty timeline");
	frames_bye(&body, &none, "busy");
	is_body("{\"latest_seq\":null,\"closed\":false}\n", "an empty bye");
}

static void
test_events(void)
{
	struct job job = naughty_job(false);
	struct buf want = {0};
	struct page page;

	for (int form = FORM_SSE; form < N_FORMS; form++) {
		for (size_t i = 0; i < NAUGHTY_N; i++) {
			size_t lines = 0;

			body.size = want.size = 0;
			page_begin(
			    &page, &body, &scope, signer, &job);
			frames_event(
			    &page, (enum form)form, &naughty_events[i]);
			put_frame(&want, &scope, signer, (enum form)form, &naughty_events[i]);
			is_text(buf_as_text(&body), buf_as_text(&want),
			    "form %d: the element of the document", form);
			for (size_t j = 0; j < body.size; j++)
				lines += body.data[j] == '\n'
				    || body.data[j] == '\r';
			is_int((int64_t)lines, form == FORM_SSE ? 3 : 1,
			    "in so many lines, whatever is in it");
		}
	}
	buf_release(&want);
	body.size = 0;
}

int
main(void)
{
	struct crypto *crypto = crypto_new();

	signer = signer_new(&naughty_stores, crypto);
	arena_init(&arena, 4096);
	scope_init(&scope, &arena, 0, NAUGHTY_AT);
	test_frames();
	test_lines();
	test_events();
	buf_release(&body);
	arena_release(&arena);
	signer_free(signer);
	crypto_free(crypto);
	return tap_done();
}
