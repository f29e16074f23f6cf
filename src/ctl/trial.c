/* The request, as a client would make it. */
#include "ctl/trial.h"

#include "base/clock.h"
#include "base/scope.h"

enum {
	CONNECT_MS = 10000,
	SILENCE_S = 15,
	/* an error repeats a signed query, session token and all, a few times
	 * over; an object whose store knows no ranges is cut off here. Four
	 * times what libcurl hands over at once, so that some of it is there */
	BODY_MAX = 64 * 1024,
};

enum { DATE, AGE, REGION, LOCATION, N_WANTED };

static const char *const wanted[N_WANTED + 1] = {
    [DATE] = "Date",
    [AGE] = "Age",
    [REGION] = "x-amz-bucket-region",
    [LOCATION] = "Location",
};

/* An answer out of a cache is from then, and says how old it is (RFC 9111,
 * section 4.2.3). */
static int64_t
date_of(const struct fetch_answer *a)
{
	int64_t date_s = fetch_date_s(a->wanted[DATE]), age_s = 0;

	if (a->wanted[AGE].data != NULL
	    && (!text_int(&age_s, a->wanted[AGE]) || age_s < 0
		|| age_s > INT32_MAX))
		return -1;
	return date_s == -1 ? -1 : date_s + age_s;
}

static void
take_reply(struct reply *r, const struct scope *s,
    const struct fetch_answer *a, enum fetch_outcome outcome)
{
	/* a byte is what was asked for, whatever became of the rest */
	if (outcome == FETCH_ANSWERED || a->body.size > 0)
		r->status = a->status;
	r->body = a->body;
	r->region = a->wanted[REGION];
	r->location = a->wanted[LOCATION];
	r->date_s = date_of(a);
	r->now_s = clock_us_to_s(clock_wall_us());
	r->hurdle = a->hurdle;
	r->cause = text_of(s->cause);
}

void
trial_send(struct reply *r, struct scope *s, struct fetch *fetch,
    const struct trial *t, const char *ca_file)
{
	static const char *const headers[] = {"Range: bytes=0-0", NULL};
	struct fetch_answer answer;
	enum fetch_outcome outcome = fetch_send(&answer, s, fetch,
	    &(struct fetch_request){
		.url = t->url.data,
		.headers = headers,
		.wanted = wanted,
		.ca_file = ca_file,
		.connect_ms = CONNECT_MS,
		.silence_s = SILENCE_S,
		.max_body = BODY_MAX,
	    });

	*r = (struct reply){0};
	take_reply(r, s, &answer, outcome);
}
