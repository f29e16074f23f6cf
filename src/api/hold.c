/* A request to a hold. */
#include "api/hold.h"

#include "adapters/crypto.h"
#include "api/app.h"
#include "api/cursor.h"
#include "api/job.h"
#include "api/places.h"
#include "api/prefer.h"
#include "api/request.h"
#include "base/config.h"
#include "base/scope.h"

#include <string.h>

static void
take_form(struct hold *h, const struct config *config,
    const struct request *req)
{
	if (config->sse_max > 0 && h->route.method == METHOD_GET)
		h->form = accept_form(req->accept);
}

/* The query wins over Prefer. */
static void
take_wait(struct hold *h, const struct config *config,
    const struct request *req)
{
	const struct param *wait = &h->route.params.of[PARAM_WAIT];

	if (wait->given)
		h->wait_s = wait->value;
	else
		h->preferred = prefer_wait(&h->wait_s, req->prefer);
	if (h->wait_s > config->wait_max)
		h->wait_s = config->wait_max;
}

/* The last event that an EventSource has seen wins over "since". */
static void
take_cursor(struct hold *h, const struct request *req)
{
	const struct param *since = &h->route.params.of[PARAM_SINCE];
	int64_t seen;

	h->has_cursor = since->given;
	h->cursor = since->value;
	if (h->form != FORM_JSON && req->last_event_id.data != NULL
	    && cursor_parse(&seen, req->last_event_id) == CURSOR_OK) {
		h->has_cursor = true;
		h->cursor = seen;
	}
}

void
hold_init(struct hold *h, const struct scope *s, const struct config *config,
    const struct request *req, const struct route *route)
{
	*h = (struct hold){.began_us = s->now_us, .route = *route};
	h->route.params.ticket = (struct text){0}; /* it has been read */
	memcpy(h->id, s->id, sizeof(h->id));
	take_form(h, config, req);
	take_wait(h, config, req);
	take_cursor(h, req);
}

void
hold_keep(
    struct hold *h, const struct principal *who, const struct job *job)
{
	h->who = *who;
	h->job_id = job->id;
	h->last_seq = job->has_last_seq ? job->last_seq : INT64_MIN;
}

bool
hold_is_ahead(const struct hold *h, const struct job *job)
{
	return h->has_cursor && job->has_last_seq && h->cursor > job->last_seq;
}

/* Clients that began together do not end together. */
static int64_t
shorten(int64_t ms, struct crypto *crypto)
{
	uint16_t random;

	crypto_random(crypto, &random, sizeof(random));
	return ms - ms * 15 / 100 * random / UINT16_MAX;
}

bool
hold_place(struct hold *h, const struct app *app,
    const struct principal *who, int64_t most_s)
{
	if (h->placed)
		return true;
	h->placed = places_take(app->places, who);
	if (h->lasts_ms == 0)
		h->lasts_ms = shorten(most_s * 1000, app->crypto);
	if (h->placed && h->stands) {
		places_leave(app->places, who);
		h->stands = false;
	}
	return h->placed;
}

bool
hold_stand(
    struct hold *h, const struct app *app, const struct principal *who)
{
	if (!h->stands)
		h->stands = h->more && places_stand(app->places, who);
	return h->stands && h->more;
}

void
hold_leave(const struct hold *h, struct places *places)
{
	if (h->placed)
		places_give_back(places, &h->who);
	if (h->stands)
		places_leave(places, &h->who);
}
