/* Looking at an address. libcurl checks host and port. */
#include "ctl/address.h"

#include "base/buf.h"
#include "ctl/batch.h"

#include <string.h>

#define FORM "https://HOST/v1/jobs/ID/events"

/* Printable ASCII, as addresses are. */
static bool
is_plain(struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		if (t.data[i] <= ' ' || t.data[i] > '~')
			return false;
	return true;
}

static bool
has(struct text t, char c)
{
	return memchr(t.data, c, t.size) != NULL;
}

static bool
skip_scheme(struct text *rest)
{
	static const struct text schemes[] = {
	    TEXT("https://"), TEXT("http://")};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct text begin = {rest->data, schemes[i].size};

		if (rest->size > begin.size
		    && text_equal_nocase(begin, schemes[i])) {
			rest->data += begin.size;
			rest->size -= begin.size;
			return true;
		}
	}
	return false;
}

/* Cuts the last segment off a path. */
static bool
cut_segment(struct text *segment, struct text *path)
{
	size_t size = path->size;

	while (size > 0 && path->data[size - 1] != '/')
		size--;
	if (size == 0)
		return false;
	*segment = (struct text){path->data + size, path->size - size};
	path->size = size - 1;
	return true;
}

static bool
is_job(struct text path)
{
	struct text id, jobs, version;

	return cut_segment(&id, &path) && cut_segment(&jobs, &path)
	    && cut_segment(&version, &path) && id.size > 0
	    && text_equal(jobs, TEXT("jobs")) && text_equal(version, TEXT("v1"))
	    && path.size > 0 && path.data[0] != '/';
}

const char *
address_parse(struct text *job, struct text given)
{
	struct text rest = given, path, host, last;

	if (!is_plain(given))
		return "an address is printable ASCII without spaces";
	if (!skip_scheme(&rest))
		return "an address begins with https:// or http://";
	if (has(rest, '?') || has(rest, '#'))
		return "give the address without what begins with ? or #; "
		       "--since N stands for ?since=N";
	path = rest;
	(void)text_cut(&host, &rest, '/');
	if (has(host, '@'))
		return "an address with a user or a password is seen by "
		       "everybody on this machine; the key is all that is "
		       "needed";
	*job = given;
	if (cut_segment(&last, &path) && text_equal(last, TEXT("events")))
		job->size -= last.size + 1;
	path = (struct text){
	    host.data, job->size - (size_t)(host.data - job->data)};
	return is_job(path) ? NULL : "the address must have the form " FORM;
}

void
address_print(
    struct buf *out, struct text job, const struct mark *after, int wait_s)
{
	buf_text(out, job);
	buf_string(out, "/events?");
	if (after->given) {
		buf_string(out, "since=");
		buf_int(out, after->seq);
		buf_char(out, '&');
	}
	buf_printf(out, "wait=%d", wait_s);
	buf_char(out, '\0');
}
