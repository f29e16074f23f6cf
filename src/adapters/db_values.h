/* Of the adapter alone: parameters as libpq wants them. */
#ifndef ADAPTERS_DB_VALUES_H
#define ADAPTERS_DB_VALUES_H

#include "adapters/db.h"

struct db_params {
	const char *values[DB_MAX_PARAMS];
	int lengths[DB_MAX_PARAMS];
	int formats[DB_MAX_PARAMS]; /* 1 is binary */
	unsigned int types[DB_MAX_PARAMS]; /* Oid */
	union {
		char one;
		uint32_t four;
		uint64_t eight;
	} numbers[DB_MAX_PARAMS];
};

/* p points into itself and into the values: it must not be copied. */
void db_set_params(struct db_params *p, const struct db_statement *statement,
    const struct db_value *values);

#endif
