/* Addresses of timelines. */
#include "ctl/address.h"

#include "base/buf.h"
#include "ctl/batch.h"
#include "tap.h"

#include <string.h>

#define ID "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static void
test_good(void)
{
	static const struct {
		const char *given, *job;
	} cases[] = {
	    {"https://api.example.org/v1/jobs/" ID "/events",
		"https://api.example.org/v1/jobs/" ID},
	    {"https://api.example.org/v1/jobs/" ID,
		"https://api.example.org/v1/jobs/" ID},
	    {"http://127.0.0.1:8080/v1/jobs/" ID "/events",
		"http://127.0.0.1:8080/v1/jobs/" ID},
	    {"HTTPS://h/a/b/v1/jobs/" ID "/events",
		"HTTPS://h/a/b/v1/jobs/" ID},
	    {"https://[::1]:8443/v1/jobs/" ID, "https://[::1]:8443/v1/jobs/" ID},
	    /* what the id is, is the server's to judge */
	    {"https://h/v1/jobs/x", "https://h/v1/jobs/x"},
	    {"https://h/v1/jobs/v1/jobs/x/events",
		"https://h/v1/jobs/v1/jobs/x"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text job = {0};

		is_str(address_parse(&job, text_of(cases[i].given)), NULL,
		    "%s", cases[i].given);
		is_text(job, text_of(cases[i].job), "the job's own");
	}
}

static void
test_bad(void)
{
	static const struct {
		const char *given, *word; /* that the complaint has */
	} cases[] = {
	    {"", "begins with"},
	    {"https://", "begins with"},
	    {"api.example.org/v1/jobs/" ID, "begins with"},
	    {"ftp://h/v1/jobs/" ID, "begins with"},
	    {"file:///v1/jobs/" ID, "begins with"},
	    {"https:/h/v1/jobs/" ID, "begins with"},
	    {"https:///v1/jobs/" ID, "the form"},
	    {"https://h", "the form"},
	    {"https://h/", "the form"},
	    {"https://h/v1/jobs", "the form"},
	    {"https://h/v1/jobs/", "the form"},
	    {"https://h/v1/jobs/events", "the form"},
	    {"https://h/v1/jobs//events", "the form"},
	    {"https://h/v1/jobs/" ID "/", "the form"},
	    {"https://h/v1/jobs/" ID "/events/", "the form"},
	    {"https://h/v1/jobs/" ID "/event", "the form"},
	    {"https://h/v2/jobs/" ID, "the form"},
	    {"https://h/v1/job/" ID, "the form"},
	    {"https://v1/jobs/" ID, "the form"},
	    {"https://h/v1/jobs/" ID "?since=5", "--since"},
	    {"https://h/v1/jobs/" ID "/events?since=5", "--since"},
	    {"https://h/v1/jobs/" ID "#x", "--since"},
	    {"https://me:word@h/v1/jobs/" ID, "password"},
	    {"https://me@h/v1/jobs/" ID, "password"},
	    {"https://h/v1/jobs/a b", "spaces"},
	    {"https://h/v1/jobs/" ID "\r\nX: y", "ASCII"},
	    {"https://h/v1/jobs/\xc3\xbc", "ASCII"},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct text job;
		const char *fault =
		    address_parse(&job, text_of(cases[i].given));

		ok(fault != NULL && strstr(fault, cases[i].word) != NULL,
		    "%s: %s", cases[i].given,
		    fault == NULL ? "taken" : fault);
	}
}

static void
is_question(const struct mark *after, const char *want)
{
	struct buf out = {0};

	address_print(&out, TEXT("https://h/v1/jobs/x"), after, 25);
	is_str(out.data, want, "the question, with its NUL");
	buf_release(&out);
}

int
main(void)
{
	test_good();
	test_bad();
	is_question(&(struct mark){false, 0},
	    "https://h/v1/jobs/x/events?wait=25");
	is_question(&(struct mark){true, 0},
	    "https://h/v1/jobs/x/events?since=0&wait=25");
	is_question(&(struct mark){true, INT64_MAX},
	    "https://h/v1/jobs/x/events?since=9223372036854775807&wait=25");
	is_question(&(struct mark){true, -5},
	    "https://h/v1/jobs/x/events?since=-5&wait=25");
	return tap_done();
}
