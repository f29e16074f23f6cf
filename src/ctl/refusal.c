/* Errors in the envelope of the API, and those that others have made. */
#include "ctl/refusal.h"

#include "adapters/doc.h"
#include "base/json.h"
#include "base/scope.h"

enum { WORDS_MAX = 500 };

/* What to do about a status that does not change by itself. */
static const struct advice {
	int status;
	const char *text;
} advices[] = {
    {401, "check the key in JOBTAIL_API_KEY or --key-file"},
    {403, "the key needs the capability jobs:read"},
    {404,
	"check the address; the job must be one of the key's own, and a key "
	"that begins with sk_test_ sees test jobs alone"},
    {407, "the proxy that the environment names wants a login"},
    {422, "check --since"},
};

bool
refusal_is_final(int status)
{
	/* below 300 it is somebody's who does not know the API */
	return status >= 300 && status < 500 && status != 408 && status != 425
	    && status != 429;
}

struct envelope {
	struct text error, code, message, request_id;
};

static const struct doc_member envelope_members[] = {
    {TEXT("\"error\""), offsetof(struct envelope, error), doc_as_it_stands},
    {.decode = NULL},
};

static const struct doc_member error_members[] = {
    {TEXT("\"code\""), offsetof(struct envelope, code), doc_string},
    {TEXT("\"message\""), offsetof(struct envelope, message), doc_string},
    {TEXT("\"request_id\""), offsetof(struct envelope, request_id), doc_string},
    {.decode = NULL},
};

static bool
read_envelope(struct envelope *e, struct scope *s, struct text body)
{
	*e = (struct envelope){.error = {0}};
	return json_is_valid(body) && doc_members(e, envelope_members, s, body)
	    && e->error.data != NULL
	    && doc_members(e, error_members, s, e->error)
	    && e->code.data != NULL && e->message.data != NULL;
}

/* Strangers' words have a ceiling. */
static void
put_short(struct buf *out, struct text t)
{
	if (t.size > WORDS_MAX)
		t.size = WORDS_MAX;
	buf_text(out, t);
}

static void
print_advice(struct buf *out, int status, struct text location)
{
	const char *text = "check the address";

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].status == status)
			text = advices[i].text;
	if (status < 400)
		text = "the key is not sent elsewhere by itself: give the "
		       "address that it leads to";
	buf_printf(out, "; %s", text);
	if (status < 400 && location.data != NULL) {
		buf_string(out, ", ");
		put_short(out, location);
	}
}

static void
print_envelope(struct buf *out, const struct envelope *e)
{
	buf_char(out, ' ');
	put_short(out, e->code);
	buf_string(out, ": ");
	put_short(out, e->message);
	if (e->request_id.data == NULL)
		return;
	buf_string(out, " (request ");
	put_short(out, e->request_id);
	buf_char(out, ')');
}

void
refusal_print(struct buf *out, struct scope *s, int status, struct text body,
    struct text location)
{
	struct envelope e;

	buf_printf(out, "the server answered %d", status);
	if (read_envelope(&e, s, body))
		print_envelope(out, &e);
	if (refusal_is_final(status))
		print_advice(out, status, location);
}
