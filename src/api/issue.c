/* Making a ticket. */
#include "api/issue.h"

#include "adapters/crypto.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/response.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/scope.h"
#include "signing/ticket.h"

#include <string.h>

bool
issue_is_wanted(const struct exchange *x)
{
	return x->app->ticket_keys != NULL
	    && text_equal(x->route.params.ticket, TEXT("new"));
}

/* A ticket does not outlive its key. */
static int64_t
end_of(const struct exchange *x, int64_t now_s)
{
	int64_t end = now_s + x->app->config->ticket_ttl;
	int64_t key_end = clock_us_to_s(x->who.ends_at_us);

	return x->who.has_end && key_end < end ? key_end : end;
}

static void
print_ticket(struct buf *out, const struct exchange *x, int64_t now_s)
{
	const struct ticket_use use = {x->job.public_id, TICKET_SCOPE};
	struct ticket t = {
	    .data_set = (uint8_t)x->who.data_set,
	    .ends_at = end_of(x, now_s),
	};
	uint8_t random[TICKET_RANDOM_SIZE];
	char text[TICKET_SIZE + 1];

	memcpy(t.key_sha256, x->who.key_sha256, sizeof(t.key_sha256));
	crypto_random(x->app->crypto, random, sizeof(random));
	ticket_print(text, x->app->ticket_keys, &t, &use, random);
	buf_string(out, "{\"ticket\":");
	buf_json(out, text_of(text));
	buf_string(out, ",\"expires_at\":\"");
	clock_print_rfc3339(out, t.ends_at * CLOCK_US);
	buf_string(out, "\"}");
}

enum verdict
issue(struct response *res, struct scope *s, struct exchange *x)
{
	print_ticket(&res->body, x, clock_us_to_s(s->now_us));
	response_begin(res, 200);
	response_header(res, "Content-Type", "application/json");
	response_header(res, "Cache-Control", "no-store");
	return VERDICT_ANSWER;
}
