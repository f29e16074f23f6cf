/* A program that is run for its output. */
#ifndef CREDENTIALS_CHILD_H
#define CREDENTIALS_CHILD_H

#include "base/text.h"

struct errand;

/* Splits a command at white space; quotes hold together what is between them,
 * and there is no shell. A list that ends with NULL, in the arena; NULL if a
 * quote is not closed or there is no word. */
char **child_split(const struct errand *e, struct text command);

/* Runs it with the environment less whatever may be secret, without input, and
 * without anything of ours open. Takes its standard output, at most so many
 * bytes, into the arena. False, and the scope knows, if it cannot be run, does
 * not end well, says too much or takes too long: then it is killed with all
 * that it has started. */
bool child_run(struct text *output, const struct errand *e,
    char *const argv[], size_t most);

#endif
