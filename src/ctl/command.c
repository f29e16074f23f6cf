/* The usage of a command. */
#include "ctl/command.h"

void
command_print_usage(FILE *out, const char *before, const struct command *c)
{
	fprintf(out, "%s jobtailctl %s%s %s\n", before,
	    c->has_settings ? "[-c FILE] " : "", c->name, c->usage);
}

int
command_end(const struct command *c, int status)
{
	command_print_usage(
	    status == EXIT_DONE ? stdout : stderr, "usage:", c);
	return status;
}
