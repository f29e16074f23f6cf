/* Values to parameters, and results to values. */
#include "adapters/db_values.h"

#include "base/clock.h"

#include <libpq-fe.h>

#include <assert.h>
#include <endian.h>
#include <string.h>

/* From PostgreSQL's pg_type.dat. */
static const unsigned int type_oids[] = {
    [DB_BOOL] = 16,
    [DB_INT4] = 23,
    [DB_INT8] = 20,
    [DB_TEXT] = 25,
    [DB_BYTEA] = 17,
    [DB_TEXT_ARRAY] = 1009,
    [DB_INT8_ARRAY] = 1016,
    [DB_BYTEA_ARRAY] = 1001,
};

static bool
is_array(enum db_type type)
{
	return type == DB_TEXT_ARRAY || type == DB_INT8_ARRAY
	    || type == DB_BYTEA_ARRAY;
}

static void
set_number(struct db_params *p, int i, enum db_type type, int64_t number)
{
	p->values[i] = (const char *)&p->numbers[i];
	switch (type) {
	case DB_BOOL:
		p->numbers[i].one = number != 0;
		p->lengths[i] = 1;
		break;
	case DB_INT4:
		p->numbers[i].four = htobe32((uint32_t)number);
		p->lengths[i] = 4;
		break;
	default:
		p->numbers[i].eight = htobe64((uint64_t)number);
		p->lengths[i] = 8;
		break;
	}
}

void
db_set_params(struct db_params *p, const struct db_statement *statement,
    const struct db_value *values)
{
	for (int i = 0; i < statement->n_params; i++) {
		enum db_type type = statement->types[i];

		p->types[i] = type_oids[type];
		p->formats[i] = !is_array(type);
		p->values[i] = NULL;
		p->lengths[i] = 0;
		if (type == DB_TEXT || type == DB_BYTEA || is_array(type)) {
			p->values[i] = values[i].text.data;
			p->lengths[i] = (int)values[i].text.size;
			/* of texts, libpq does not look at the length */
			assert(!is_array(type) || p->values[i] == NULL
			    || p->values[i][p->lengths[i]] == '\0');
		} else if (!values[i].is_null) {
			set_number(p, i, type, values[i].number);
		}
	}
}

/* --- rows --- */

bool
db_is_null(const struct db_rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row, column) == 1;
}

bool
db_bool(const struct db_rows *rows, int row, int column)
{
	return !db_is_null(rows, row, column)
	    && *PQgetvalue(rows->result, row, column) != 0;
}

int64_t
db_int64(const struct db_rows *rows, int row, int column)
{
	uint64_t raw;

	if (PQgetlength(rows->result, row, column) != (int)sizeof(raw))
		return 0;
	memcpy(&raw, PQgetvalue(rows->result, row, column), sizeof(raw));
	return (int64_t)be64toh(raw);
}

int64_t
db_time_us(const struct db_rows *rows, int row, int column)
{
	const int64_t from_2000 = INT64_C(946684800) * CLOCK_US;
	const int64_t least = INT64_C(-62135596800) * CLOCK_US;
	const int64_t most = INT64_C(253402300800) * CLOCK_US - 1;
	int64_t us = db_int64(rows, row, column);

	if (us > most - from_2000)
		return most;
	us += from_2000;
	return us < least ? least : us;
}

struct text
db_text(const struct db_rows *rows, int row, int column)
{
	if (db_is_null(rows, row, column))
		return (struct text){0};
	return (struct text){PQgetvalue(rows->result, row, column),
	    (size_t)PQgetlength(rows->result, row, column)};
}
