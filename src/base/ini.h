/* Files of sections and keys, as AWS's tools write and read them (AWS SDKs
 * and Tools Reference Guide, "Shared config and credentials files"):
 *     [section]
 *     key = value
 * Lines that begin with '#' or ';' are comments; lines that are indented deeper
 * than the key above them belong to its value, and are passed over. What is no
 * such line is passed over too: others read these files as well. */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "base/text.h"

struct ini {
	struct text rest;
	size_t indent;       /* of the last key */
	struct text section; /* without white space around it; absent: none */
	struct text key;     /* absent: this is the section's heading */
	struct text value;   /* without white space around it */
};

void ini_begin(struct ini *ini, struct text file);

/* The next heading, or the next key with its value. False: there is none. */
bool ini_next(struct ini *ini);

#endif
