/* jobtailctl(1): the table of commands. */
#include "adapters/crypto.h"
#include "adapters/doc.h"
#include "adapters/fetch.h"
#include "ctl/command.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/sign.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
    {"follow",
	"[--json] [--since N] [--key-file FILE]\n"
	"                         [--cacert FILE] URL",
	false, follow},
    {"sign",
	"[--store NAME] [--verify]\n"
	"                                 [--cacert FILE] [--] KEY...",
	true, sign},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		command_print_usage(
		    out, i == 0 ? "usage:" : "      ", &commands[i]);
	fputs("       jobtailctl -V                 print the version\n"
	      "       jobtailctl -h                 print this\n",
	    out);
}

static void
print_version(void)
{
	printf("jobtailctl %s\njson-c %s\n%s\n%s\n", PACKAGE_VERSION,
	    doc_version(), fetch_version(), crypto_version());
}

/* What getopt(3) calls the program in its complaints. */
static char title[] = "jobtailctl";

static int
run(const struct command *command, const char *config_path, int argc,
    char **argv)
{
	if (config_path != NULL && !command->has_settings) {
		output_complain(
		    "%s takes no settings; leave -c out", command->name);
		return EXIT_USAGE;
	}
	argv[0] = title;
	return command->run(command, config_path, argc, argv);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "", *config_path = NULL;

	if (!output_open())
		return EXIT_REFUSED;
	/* whoever waits for a program must learn of its end */
	signal(SIGCHLD, SIG_DFL);
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		print_version();
		return EXIT_DONE;
	}
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(word, "-c") == 0 && argc > 3) {
		config_path = argv[2];
		word = argv[3];
		argc -= 2;
		argv += 2;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return run(
			    &commands[i], config_path, argc - 1, argv + 1);
	print_usage(stderr);
	return EXIT_USAGE;
}
