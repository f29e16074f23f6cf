/* The files of AWS's tools: what one profile says in them (AWS SDKs and Tools
 * Reference Guide, "Shared config and credentials files"). */
#ifndef CREDENTIALS_AWS_FILES_H
#define CREDENTIALS_AWS_FILES_H

#include "base/text.h"

struct errand;

struct aws_profile {
	const char *name;
	bool is_named; /* by somebody; else it is the default one */
	bool is_there;
	/* absent: not in it. The credentials file wins over the other. */
	struct text access_key_id;
	struct text secret_access_key;
	struct text session_token;
	struct text process;
	struct text other;       /* the name of a way that we do not go */
	const char *open_secret;  /* the file that has the secret, if others may
	                             read or write it */
	const char *open_process; /* the same of the process, if they may write */
	const char *paths[2];     /* credentials, config; NULL: nobody knows */
};

/* Reads both files for the profile that the settings or the environment name.
 * A file that is not there says nothing. False, and the scope knows: one is
 * there and cannot be read. */
bool aws_profile_read(struct aws_profile *profile, const struct errand *e);

#endif
