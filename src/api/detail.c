/* A job's document. */
#include "api/detail.h"

#include "api/app.h"
#include "api/document.h"
#include "api/exchange.h"
#include "api/response.h"

enum verdict
detail(struct response *res, struct scope *s, struct exchange *x)
{
	if (!page_render_job(&x->page, &res->body, s, x->app->signer,
		&x->job, &x->events))
		return VERDICT_ANSWER;
	document_tag(x, res, x->job.closed);
	document_begin(res, s, x, x->job.closed);
	return VERDICT_ANSWER;
}
