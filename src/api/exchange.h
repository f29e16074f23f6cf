/* An exchange: everything that a request has grown into on its way down. */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "api/events.h"
#include "api/hold.h"
#include "api/job.h"
#include "api/page.h"
#include "api/principal.h"
#include "api/request.h"
#include "api/route.h"
#include "api/timeline.h"

struct exchange {
	const struct app *app;
	const struct request *req;
	const char *resource;     /* its name */
	struct route route;
	struct principal who;
	struct timeline timeline;
	struct job job;
	struct events events;
	struct page page;
	char etag[ETAG_SIZE + 1]; /* of the document */
	struct hold hold;
	bool is_last_look;        /* it has been held long enough */
};

#endif
