/* Files of sections and keys, as AWS's tools write and read them (AWS SDKs
 * and Tools Reference Guide, "Shared config and credentials files"):
 *     [section]
 *     key = value
 * Lines that begin with '#' or ';' are comments; lines that begin with white
 * space belong to the value above them, and are passed over. What is no such
 * line is passed over too: others read these files as well. */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "base/text.h"

struct ini {
	struct text rest;
	struct text section; /* without white space around it; absent: none */
	struct text key;
	struct text value;   /* the same */
};

void ini_begin(struct ini *ini, struct text file);

/* The next key, with its value and the section that it is in. False: there is
 * none. */
bool ini_next(struct ini *ini);

#endif
