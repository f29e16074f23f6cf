/* Whom the process runs as, and how many descriptors it may have. */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

struct config;

/* Takes on "user" and "group" when started as root; without them it says
 * so. On failure the log says why. */
bool identity_take(const struct config *config);

/* Raises the limit of descriptors as far as allowed, and gives it. */
int64_t identity_raise_limits(void);

#endif
