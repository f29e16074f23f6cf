/* Variables to a request. */
#include "api/request.h"

#include "base/scope.h"

#include <string.h>

#define AT(member) offsetof(struct request, member)

/* Where a variable's value goes. */
static const struct variable {
	struct text name;
	size_t offset;
	bool lone; /* two of them are as good as none */
} known[] = {
    {TEXT("REQUEST_METHOD"), AT(method)},
    {TEXT("PATH_INFO"), AT(path_info)},
    {TEXT("REQUEST_URI"), AT(request_uri)},
    {TEXT("QUERY_STRING"), AT(query)},
    {TEXT("HTTP_AUTHORIZATION"), AT(authorization)},
    {TEXT("REDIRECT_HTTP_AUTHORIZATION"), AT(redirected_authorization)},
    {TEXT("HTTP_X_SHOPIFY_HMAC_SHA256"), AT(hmac)},
    {TEXT("HTTP_IF_NONE_MATCH"), AT(if_none_match)},
    {TEXT("HTTP_ACCEPT"), AT(accept)},
    {TEXT("HTTP_PREFER"), AT(prefer)},
    {TEXT("HTTP_LAST_EVENT_ID"), AT(last_event_id)},
    {TEXT("HTTP_ORIGIN"), AT(origin), .lone = true},
    {TEXT("HTTP_ACCESS_CONTROL_REQUEST_METHOD"), AT(requested_method)},
    {TEXT("SERVER_SOFTWARE"), AT(server)},
};

enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

static const struct variable *
find_variable(struct text name)
{
	for (size_t i = 0; i < N_KNOWN; i++)
		if (text_equal(known[i].name, name))
			return &known[i];
	return NULL;
}

/* An empty variable is one that the web server had no value for. */
static void
take_value(struct request *req, struct scope *s, const struct variable *v,
    struct text value)
{
	struct text *field =
	    (struct text *)(void *)((char *)req + v->offset);

	if (value.size == 0)
		return;
	if (field->data != NULL) {
		if (v->lone)
			*field = TEXT("");
		return;
	}
	*field = (struct text){
	    arena_copy(s->arena, value.data, value.size), value.size};
}

bool
request_read(struct request *req, struct scope *s, char *const *variables)
{
	*req = (struct request){0};
	for (; *variables != NULL; variables++) {
		struct text name, value = text_of(*variables);
		const struct variable *v;

		if (!text_cut(&name, &value, '='))
			continue;
		v = find_variable(name);
		if (v != NULL)
			take_value(req, s, v, value);
	}
	if (req->method.data == NULL)
		scope_cause(s, "no REQUEST_METHOD");
	return req->method.data != NULL;
}
