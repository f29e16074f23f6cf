/* Reading and making ULIDs. */
#include "api/ulid.h"

#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool
ulid_parse(char out[ULID_SIZE + 1], struct text t)
{
	if (t.size != ULID_SIZE || t.data[0] < '0' || t.data[0] > '7')
		return false;
	for (size_t i = 0; i < ULID_SIZE; i++) {
		char c = upper(t.data[i]);

		if (c == '\0' || strchr(alphabet, c) == NULL)
			return false;
		out[i] = c;
	}
	out[ULID_SIZE] = '\0';
	return true;
}

void
ulid_make(char out[ULID_SIZE + 1], int64_t wall_ms,
    const uint8_t random[ULID_RANDOM_SIZE])
{
	uint64_t high = 0, low = 0; /* 40 bits each */

	for (size_t i = 0; i < 5; i++) {
		high = high << 8 | random[i];
		low = low << 8 | random[i + 5];
	}
	for (int i = 9; i >= 0; i--, wall_ms >>= 5)
		out[i] = alphabet[wall_ms & 31];
	for (int i = 17; i >= 10; i--, high >>= 5)
		out[i] = alphabet[high & 31];
	for (int i = 25; i >= 18; i--, low >>= 5)
		out[i] = alphabet[low & 31];
	out[ULID_SIZE] = '\0';
}
