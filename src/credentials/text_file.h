/* A file that a source reads each time it is asked: others may write it. */
#ifndef CREDENTIALS_TEXT_FILE_H
#define CREDENTIALS_TEXT_FILE_H

#include "base/text.h"

struct errand;

enum { TEXT_FILE_MAX = 256 * 1024 };

struct text_file {
	const char *path;
	struct text text;     /* in the scope's arena */
	bool others_may_read; /* ... or write: whoever is neither its user nor in
	                         its group */
	bool others_may_write;
};

/* False, and the scope knows, if it is not there, no plain file, over
 * TEXT_FILE_MAX or has a NUL. */
bool text_file_read(
    struct text_file *file, const struct errand *e, const char *path);

#endif
