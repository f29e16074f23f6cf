/* A command of jobtailctl(1), and how it may end. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_JOB_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3, /* what trying again does not cure */
};

enum { GO_ON = -1 }; /* beside them: nothing has ended it yet */

struct command {
	const char *name;
	const char *usage; /* what stands behind the name */
	bool has_settings; /* of the responder: -c may stand before it */
	/* config_path is NULL if there was no -c */
	int (*run)(const struct command *self, const char *config_path,
	    int argc, char **argv);
};

/* A line; before is "usage:", or as wide. */
void command_print_usage(
    FILE *out, const char *before, const struct command *c);

/* The usage: on standard output if the status is EXIT_DONE, that is, when it
 * was asked for. Gives the status. */
int command_end(const struct command *c, int status);

#endif
