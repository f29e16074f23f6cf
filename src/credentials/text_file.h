/* A file that a source reads each time it is asked: others may write it. */
#ifndef CREDENTIALS_TEXT_FILE_H
#define CREDENTIALS_TEXT_FILE_H

#include "base/text.h"

struct errand;

enum { TEXT_FILE_MAX = 256 * 1024 };

/* Into the scope's arena. False, and the scope knows, if it is not there, no
 * plain file, over TEXT_FILE_MAX or has a NUL. */
bool text_file_read(
    struct text *out, const struct errand *e, const char *path);

/* Whether others than its user and group may read or write it. */
bool text_file_is_open(const char *path);

#endif
