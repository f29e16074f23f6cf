/* What one thread answers requests with. */
#ifndef API_APP_H
#define API_APP_H

struct config;
struct cors;
struct crypto;
struct crypto_hmac;
struct db;
struct places;
struct seldom;
struct signer;
struct ticket_keys;

struct app {
	const struct config *config;
	struct db *db;
	struct crypto *crypto;
	struct crypto_hmac *body_hmac; /* NULL: hmac_secret_file is not set */
	struct signer *signer;
	struct places *places;         /* NULL: nobody may wait */
	struct seldom *patrols;        /* what failed of them */
	struct ticket_keys *ticket_keys; /* NULL: there are no tickets */
	const struct cors *cors;         /* NULL: CORS is off */
};

#endif
