/* Rounding the signing time down. */
#include "signing/window.h"

/* FNV-1a, 64 bits: spreads jobs over the window; no secret is involved. */
static uint64_t
hash_of(struct text t)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < t.size; i++)
		hash = (hash ^ (unsigned char)t.data[i])
		    * UINT64_C(1099511628211);
	return hash;
}

struct window
window_at(struct text job, int64_t now_s, int64_t ttl_s, int64_t window_s)
{
	int64_t phase, signed_at;

	if (window_s == 0)
		return (struct window){now_s, now_s + 1, now_s + ttl_s};
	phase = (int64_t)(hash_of(job) % (uint64_t)window_s);
	signed_at = (now_s - phase) / window_s * window_s + phase;
	return (struct window){
	    .signed_at = signed_at,
	    .rolls_at = signed_at + window_s,
	    .expires_at = signed_at + window_s + ttl_s,
	};
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct window
window_of_both(const struct window *a, const struct window *b)
{
	return (struct window){
	    .signed_at = earlier(a->signed_at, b->signed_at),
	    .rolls_at = earlier(a->rolls_at, b->rolls_at),
	    .expires_at = earlier(a->expires_at, b->expires_at),
	};
}
