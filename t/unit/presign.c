/* Prints presigned URLs for botocore.t. Each line of standard input has, with
 * tabs between: endpoint or "-", region, bucket, "path" or "virtual", access
 * key, secret, token or "-", the signing time, the life in seconds, the
 * content-disposition and the cache-control to answer with or "-", and the key
 * in hexadecimal. */
#include "signing/sigv4.h"

#include "adapters/crypto.h"
#include "credentials/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINT, REGION, BUCKET, STYLE, ACCESS_KEY, SECRET, TOKEN, SIGNED_AT,
	LIFE, DISPOSITION, CACHE, KEY, N_FIELDS };

/* False if the line has too few fields. */
static bool
split(char *fields[N_FIELDS], char *line)
{
	for (int i = 0; i < N_FIELDS; i++)
		if ((fields[i] = strsep(&line, "\t\n")) == NULL)
			return false;
	return true;
}

static size_t
decode_hex(char *s)
{
	size_t n = strlen(s) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = {s[2 * i], s[2 * i + 1], '\0'};

		s[i] = (char)strtol(digits, NULL, 16);
	}
	return n;
}

static const char *
given(const char *field)
{
	return strcmp(field, "-") == 0 ? NULL : field;
}

static bool
print_url(struct crypto *crypto, char *fields[N_FIELDS])
{
	const struct sigv4_settings settings = {
	    .endpoint = given(fields[ENDPOINT]),
	    .region = fields[REGION],
	    .bucket = fields[BUCKET],
	    .path_style = strcmp(fields[STYLE], "path") == 0,
	    .content_disposition = given(fields[DISPOSITION]),
	    .cache_control = given(fields[CACHE]),
	};
	const struct credentials credentials = {
	    fields[ACCESS_KEY],
	    fields[SECRET],
	    given(fields[TOKEN]),
	};
	struct buf url = {0};
	struct sigv4 *v;
	char error[300];

	if (sigv4_check(&settings, error, sizeof(error)) != NULL) {
		fprintf(stderr, "presign: %s\n", error);
		return false;
	}
	v = sigv4_new(&settings, crypto);
	sigv4_begin(v, &credentials, strtoll(fields[SIGNED_AT], NULL, 10),
	    strtoll(fields[LIFE], NULL, 10));
	sigv4_url(&url, v, (struct text){fields[KEY], decode_hex(fields[KEY])});
	printf("%.*s\n", (int)url.size, url.data);
	buf_release(&url);
	sigv4_free(v);
	return true;
}

int
main(void)
{
	struct crypto *crypto = crypto_new();
	char *fields[N_FIELDS], *line = NULL;
	size_t room = 0;
	bool fine = true;

	while (fine && getline(&line, &room, stdin) > 0)
		fine = split(fields, line) && print_url(crypto, fields);
	free(line);
	crypto_free(crypto);
	return fine ? 0 : 1;
}
