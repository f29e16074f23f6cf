/* Times, without a clock. */
#include "ctl/backoff.h"

#include <stdbool.h>
#include <stddef.h>

static int64_t
clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

int64_t
backoff_fail_ms(struct backoff *b, int64_t wish_s, uint32_t random)
{
	static const int64_t ceilings_ms[] = {2000, 4000, 8000, 16000, 30000};
	const int most = sizeof(ceilings_ms) / sizeof(ceilings_ms[0]) - 1;
	int64_t half = ceilings_ms[b->failures] / 2;

	if (b->failures < most)
		b->failures++;
	if (wish_s >= 0)
		return clamp(wish_s, 1, 3600) * 1000 + random % 1000;
	return half + random % (half + 1);
}

void
backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

int64_t
backoff_idle_ms(int64_t interval_s, int64_t took_ms)
{
	return clamp(clamp(interval_s, 1, 300) * 1000 - took_ms, 0, INT64_MAX);
}
