/* The loop that misses nothing: ask for what is behind the last event that
 * was printed. An answer is used whole or not at all, and the mark moves
 * when its events are out. */
#include "ctl/follow.h"

#include "adapters/fetch.h"
#include "base/clock.h"
#include "base/scope.h"
#include "ctl/address.h"
#include "ctl/backoff.h"
#include "ctl/bearer.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/poll.h"
#include "ctl/render.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct options {
	const char *url;
	const char *key_file; /* NULL: the environment's key */
	const char *ca_file;
	struct mark since;
	bool json;
};

struct follower {
	struct source source;
	struct mark mark;
	struct backoff backoff;
	struct arena arena;
	struct buf out;
	bool json;
	bool knows_ahead; /* has said so */
};

/* --- the loop --- */

static bool
print_events(struct follower *f, const struct batch *batch)
{
	f->out.size = 0;
	for (size_t i = 0; i < batch->n; i++) {
		if (f->json)
			render_json(&f->out, &batch->events[i]);
		else
			render_event(&f->out, &batch->events[i]);
	}
	if (!output_write(buf_as_text(&f->out)))
		return false;
	f->mark = batch->latest;
	return true;
}

/* How the job ended, as its last public event says, else its status. */
static int
end_of(const struct poll *p)
{
	const struct batch *b = &p->batch;
	struct text type = b->n > 0 ? b->events[b->n - 1].type : TEXT("");

	if (text_equal(type, TEXT("succeeded")))
		return EXIT_DONE;
	if (text_equal(type, TEXT("failed")))
		return EXIT_JOB_FAILED;
	if (!p->closed)
		return GO_ON;
	if (text_equal(p->job_status, TEXT("SUCCESS")))
		return EXIT_DONE;
	if (text_equal(p->job_status, TEXT("FAILURE")))
		return EXIT_JOB_FAILED;
	output_complain("the timeline is closed, and the server does not say "
			"how the job ended");
	return EXIT_REFUSED;
}

static int
take_answer(struct follower *f, const struct poll *p, int64_t took_ms)
{
	int status;

	backoff_reset(&f->backoff);
	if (!print_events(f, &p->batch))
		return EXIT_REFUSED;
	status = end_of(p);
	if (status != GO_ON)
		return status;
	if (p->ahead && !f->knows_ahead)
		output_complain("the job has no event %lld yet; those after it "
				"will be shown",
		    (long long)f->mark.seq);
	f->knows_ahead = p->ahead;
	if (p->batch.n == 0)
		output_wait_ms(backoff_idle_ms(p->interval_s, took_ms));
	return GO_ON;
}

static int
try_later(struct follower *f, const struct poll *p)
{
	uint32_t random = 0;
	int64_t wait_ms;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	wait_ms = backoff_fail_ms(&f->backoff, p->retry_after_s, random);
	output_complain("%.*s; asking again in %lld s", (int)p->why.size,
	    p->why.data, (long long)(wait_ms + 500) / 1000);
	output_wait_ms(wait_ms);
	return GO_ON;
}

static int
ask_once(struct follower *f)
{
	int64_t began_ms = clock_mono_ms();
	int status = EXIT_REFUSED;
	struct scope s;
	struct poll p;

	scope_init(&s, &f->arena, began_ms + POLL_DEADLINE_MS, clock_wall_us());
	switch (poll_ask(&p, &s, &f->source, &f->mark)) {
	case POLL_ANSWERED:
		status = take_answer(f, &p, clock_mono_ms() - began_ms);
		break;
	case POLL_INTERRUPTED: status = try_later(f, &p); break;
	case POLL_REFUSED:
		output_complain("%.*s", (int)p.why.size, p.why.data);
		break;
	case POLL_UNREAD: output_end();
	}
	poll_release(&p);
	arena_reset(&f->arena);
	return status;
}

static int
follow_source(const struct source *source, const struct options *o)
{
	struct follower f = {
	    .source = *source, .mark = o->since, .json = o->json};
	int status;

	arena_init(&f.arena, 64 * 1024);
	do
		status = ask_once(&f);
	while (status == GO_ON);
	arena_release(&f.arena);
	buf_release(&f.out);
	return status;
}

/* --- the command line --- */

static bool
read_since(struct mark *since, const char *value)
{
	since->given = text_int(&since->seq, text_of(value));
	if (!since->given)
		output_complain("--since takes the number of an event, such "
				"as 12, not '%s'",
		    value);
	return since->given;
}

/* GO_ON, or how it ends already. */
static int
read_options(
    struct options *o, const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"key-file", required_argument, NULL, 'k'},
	    {"since", required_argument, NULL, 's'},
	    {"cacert", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j': o->json = true; break;
		case 'k': o->key_file = optarg; break;
		case 's':
			if (!read_since(&o->since, optarg))
				return EXIT_USAGE;
			break;
		case 'c': o->ca_file = optarg; break;
		case 'h': return command_end(self, EXIT_DONE);
		default: return command_end(self, EXIT_USAGE);
		}
	}
	if (argc - optind != 1)
		return command_end(self, EXIT_USAGE);
	o->url = argv[optind];
	return GO_ON;
}

static int
follow_url(const struct options *o)
{
	struct source source = {.ca_file = o->ca_file};
	char *authorization, error[1024];
	const char *fault = address_parse(&source.job, text_of(o->url));
	int status;

	if (fault != NULL) {
		output_complain("%s", fault);
		return EXIT_REFUSED;
	}
	if (!bearer_read(&authorization, o->key_file, error, sizeof(error))) {
		output_complain("%s", error);
		return EXIT_REFUSED;
	}
	source.authorization = authorization;
	source.fetch = fetch_new();
	status = follow_source(&source, o);
	fetch_free(source.fetch);
	free(authorization);
	return status;
}

int
follow(const struct command *self, const char *config_path, int argc,
    char **argv)
{
	struct options o = {0};
	int status = read_options(&o, self, argc, argv);

	(void)config_path;
	return status == GO_ON ? follow_url(&o) : status;
}
