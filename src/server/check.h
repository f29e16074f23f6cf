/* What -t, -tt, -T and -V say. */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include <stdbool.h>

struct kit;

/* The program, and the libraries it runs with. */
void check_print_version(void);

/* Prints, for each store with credentials, what its sources have. False: one
 * has none. */
bool check_credentials(const struct kit *kit);

/* Calls the database once per data set and says what came of it; false if
 * the live one cannot be used. */
bool check_database(const struct kit *kit);

#endif
