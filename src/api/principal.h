/* The principal: the tenant on whose behalf a request is made, known by an
 * API key. */
#ifndef API_PRINCIPAL_H
#define API_PRINCIPAL_H

#include "adapters/crypto.h"

struct app;
struct problem;
struct request;
struct route;
struct scope;

/* A key's prefix says which; each has a schema of its own. */
enum data_set { DATA_LIVE, DATA_TEST, N_DATA_SETS };

struct principal {
	enum data_set data_set;
	uint8_t key_sha256[CRYPTO_SHA256_SIZE];
	bool by_ticket; /* made with that key */
	int64_t tenant_id; /* from here on: set by timeline_take() */
	int64_t key_id;
	bool has_end;
	int64_t ends_at_us; /* the key's expiry, wall time */
};

/* Reads the key, and the body's HMAC where one is asked for; fails with
 * 401. key_in_query: some value of the query looks like a key. */
bool principal_read(struct principal *who, struct scope *s,
    const struct app *app, const struct request *req, bool key_in_query);

/* What tickets open, of the job that they are for. */
#define TICKET_SCOPE TEXT("events")

/* The same from the route's ticket, which stands for the key that it was
 * made with, whatever other credential there is. app has ticket keys. */
bool principal_read_ticket(struct principal *who, struct scope *s,
    const struct app *app, const struct request *req,
    const struct route *route);

/* What is told to somebody whose key the database does not know. */
const struct problem *principal_refusal(const struct principal *who);

#endif
