/* jobtail(8): the command line, and in which of its ways the process runs. */
#include "adapters/fcgi.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include "server/cgi.h"
#include "server/check.h"
#include "server/identity.h"
#include "server/kit.h"
#include "server/listener.h"
#include "server/queue.h"
#include "server/reactor.h"
#include "server/worker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE. */
enum { EXIT_USAGE = 2 };

struct options {
	const char *config_path; /* NULL: look for it */
	int tests;               /* how often -t was given */
	bool print;
};

static void
print_usage(FILE *out)
{
	fputs("usage: jobtail [-c FILE]       answer requests\n"
	      "       jobtail [-c FILE] -t    check the settings\n"
	      "       jobtail [-c FILE] -tt   and ask database and credentials\n"
	      "       jobtail [-c FILE] -T    print the settings\n"
	      "       jobtail -V              print the version\n",
	    out);
}

static struct options
read_options(int argc, char **argv)
{
	struct options o = {0};
	int c;

	while ((c = getopt(argc, argv, "c:tTVh")) != -1) {
		switch (c) {
		case 'c': o.config_path = optarg; break;
		case 't': o.tests++; break;
		case 'T': o.print = true; break;
		case 'V': check_print_version(); exit(EXIT_SUCCESS);
		case 'h': print_usage(stdout); exit(EXIT_SUCCESS);
		default: print_usage(stderr); exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		print_usage(stderr);
		exit(EXIT_USAGE);
	}
	return o;
}

/* Tells the log why nothing can be served, and the client that asked for it
 * if there is one already. */
static bool
give_up(const char *why, const struct options *options)
{
	log_line(LEVEL_ERROR, "%s", why);
	if (options->tests == 0 && getenv("GATEWAY_INTERFACE") != NULL)
		(void)cgi_fail();
	return false;
}

static bool
load_config(struct config *config, const struct options *options)
{
	char *error = NULL;

	if (!config_load(config, options->config_path, &error)) {
		(void)give_up(error, options);
		free(error);
		return false;
	}
	log_open(config->log == 0 ? LOG_TO_STDERR : LOG_TO_SYSLOG,
	    (enum log_level)config->log_level);
	return true;
}

static bool
stop_workers(struct queue *queue, struct worker **workers, int64_t n)
{
	bool all = true;

	queue_stop(queue);
	for (int64_t i = 0; i < n; i++)
		all = worker_join(workers[i]) && all;
	return all;
}

/* Who waits has a descriptor; a part of them stays for those who do not, and no
 * more than half of that for streams without a place. */
static void
make_places(struct kit *kit)
{
	int64_t limit = identity_raise_limits();
	int64_t most = limit - (limit / 4 < 256 ? limit / 4 : 256);

	if (most < kit->config->max_waiters)
		log_line(LEVEL_NOTICE, "max_waiters=%lld lowered_to=%lld "
		    "reason=\"%lld descriptors\" do=\"raise LimitNOFILE or "
		    "ulimit -n\"", (long long)kit->config->max_waiters,
		    (long long)most, (long long)limit);
	kit_make_places(kit, most, (limit - most) / 2);
}

/* Serves until a signal says stop. */
static bool
run(struct listener *listener, const struct kit *kit)
{
	int64_t n = kit->config->workers;
	struct worker **workers = memory_new((size_t)n * sizeof(*workers));
	struct queue *queue = queue_new();
	struct reactor *reactor = reactor_new(listener, queue, kit);
	bool drained;

	stores_start(&kit->stores);
	for (int64_t i = 0; i < n; i++)
		workers[i] = worker_start(queue, kit);
	log_line(LEVEL_NOTICE, "start version=%s workers=%lld",
	    PACKAGE_VERSION, (long long)n);
	drained = reactor_run(reactor);
	if (!stop_workers(queue, workers, n)) {
		log_line(LEVEL_ERROR, "stop cause=\"a worker is stuck\"");
		_exit(EXIT_FAILURE);
	}
	/* not before: workers send on its connections */
	reactor_free(reactor);
	queue_free(queue);
	free(workers);
	log_line(LEVEL_NOTICE, "stopped");
	return drained;
}

static bool
serve_fastcgi(struct listener *listener, struct kit *kit)
{
	bool ok;

	make_places(kit);
	fcgi_init();
	ok = identity_take(kit->config) && run(listener, kit);
	listener_close(listener);
	return ok;
}

/* The order in which the ways to run are looked for; see jobtail(8). */
static bool
serve(struct kit *kit)
{
	struct listener listener;

	if (listener_inherit(&listener)) {
		reactor_block_signals();
		return serve_fastcgi(&listener, kit);
	}
	if (getenv("GATEWAY_INTERFACE") != NULL) {
		kit_make_places(kit, 1, 1);
		return cgi_run(kit);
	}
	/* whoever sees the socket may send one */
	reactor_block_signals();
	return listener_open(&listener, kit->config)
	    && serve_fastcgi(&listener, kit);
}

/* -t and -tt: what would be used, and whether it can be, as whom it will be. */
static bool
test(const struct kit *kit, int tests)
{
	bool ok;

	config_print(kit->config, stdout);
	puts("settings: ok");
	if (tests < 2)
		return true;
	if (!identity_take(kit->config))
		return false;
	ok = check_credentials(kit);
	return check_database(kit) && ok;
}

static bool
work(const struct config *config, const struct options *options)
{
	struct kit kit;
	char why[900];
	bool ok;

	if (options->print && options->tests == 0) {
		config_print(config, stdout);
		return true;
	}
	if (!kit_load(&kit, config, why, sizeof(why)))
		return give_up(why, options);
	ok = options->tests > 0 ? test(&kit, options->tests) : serve(&kit);
	kit_release(&kit);
	return ok;
}

int
main(int argc, char **argv)
{
	struct options options = read_options(argc, argv);
	struct config config;
	bool ok = false;

	/* whoever waits for a program must learn of its end */
	signal(SIGCHLD, SIG_DFL);
	/* the settings themselves may have a password */
	secret_set_dumpable(false);
	if (load_config(&config, &options)) {
		secret_set_dumpable(config.dumpable == 1);
		ok = work(&config, &options);
		config_release(&config);
	}
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
