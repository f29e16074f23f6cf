/* A command of jobtailctl(1), and how it may end. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_JOB_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3, /* what trying again does not cure */
};

struct command {
	const char *name;
	const char *usage; /* what stands behind the name */
	int (*run)(const struct command *self, int argc, char **argv);
};

#endif
