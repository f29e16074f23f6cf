/* jobtailctl(1): the table of commands. */
#include "adapters/doc.h"
#include "adapters/fetch.h"
#include "ctl/command.h"
#include "ctl/follow.h"
#include "ctl/output.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
    {"follow",
	"[--json] [--since N] [--key-file FILE]\n"
	"                         [--cacert FILE] URL",
	follow},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "%s jobtailctl %s %s\n",
		    i == 0 ? "usage:" : "      ", commands[i].name,
		    commands[i].usage);
	fputs("       jobtailctl -V                 print the version\n"
	      "       jobtailctl -h                 print this\n",
	    out);
}

static void
print_version(void)
{
	printf("jobtailctl %s\njson-c %s\n%s\n", PACKAGE_VERSION, doc_version(),
	    fetch_version());
}

/* What getopt(3) calls the program in its complaints. */
static char title[] = "jobtailctl";

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!output_open())
		return EXIT_REFUSED;
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		print_version();
		return EXIT_DONE;
	}
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(word, commands[i].name) != 0)
			continue;
		argv[1] = title;
		return commands[i].run(&commands[i], argc - 1, argv + 1);
	}
	print_usage(stderr);
	return EXIT_USAGE;
}
