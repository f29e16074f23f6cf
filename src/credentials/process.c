/* A program that prints credentials (AWS SDKs and Tools Reference Guide,
 * "Process credential provider"). */
#include "credentials/source.h"

#include "base/scope.h"
#include "credentials/answer.h"
#include "credentials/aws_files.h"
#include "credentials/child.h"

enum { OUTPUT_MAX = 64 * 1024 };

/* The settings' command, or the profile's. */
static enum found
find_command(struct text *command, const struct errand *e)
{
	struct aws_profile p;

	*command = text_of(e->settings->process);
	if (command->data != NULL)
		return FOUND;
	if (!aws_profile_read(&p, e))
		return FOUND_FAULT;
	*command = p.process;
	if (command->data == NULL)
		return source_nothing(e, "neither s3_credential_process nor "
		    "the profile '%.60s' names a program", p.name);
	if (p.open_process != NULL)
		return source_fault(e, "others may write %s, which names the "
		    "program; chmod o-w it", p.open_process);
	return FOUND;
}

static enum found
get(struct credentials **out, const struct errand *e)
{
	struct text command, output;
	struct answer answer;
	enum found found = find_command(&command, e);
	char **argv;

	if (found != FOUND)
		return found;
	argv = child_split(e, command);
	if (argv == NULL)
		return source_fault(
		    e, "the program's command line has an open quote");
	if (!child_run(&output, e, argv, OUTPUT_MAX)
	    || !answer_read(&answer, e, output, NULL))
		return FOUND_FAULT;
	if (!text_equal(answer.version, TEXT("1")))
		return source_fault(e, "the answer's Version is not 1");
	*out = answer_take(&answer, e, false);
	return *out != NULL ? FOUND : FOUND_FAULT;
}

const struct source source_process = {
    "credential_process", get, .is_slow = true};
