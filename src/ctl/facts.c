/* Reading a URL, and an error that tells what was signed. */
#include "ctl/facts.h"

#include "base/buf.h"
#include "base/scope.h"
#include "ctl/element.h"

static void
read_url(struct facts *f)
{
	struct buf in_path = {0};
	struct text rest = f->trial->url, scheme, slash;

	/* scheme:, nothing, host, path?query */
	(void)text_cut(&scheme, &rest, '/');
	(void)text_cut(&slash, &rest, '/');
	(void)text_cut(&f->host, &rest, '/');
	(void)text_cut(&f->path, &rest, '?');
	f->path.data--;
	f->path.size++;
	buf_char(&in_path, '/');
	buf_percent(&in_path, text_of(f->trial->store->s3_bucket), false);
	buf_char(&in_path, '/');
	buf_percent(&in_path, f->trial->key, true);
	f->in_path = text_equal(f->path, buf_as_text(&in_path));
	buf_release(&in_path);
}

/* The lines of the canonical request, and of the string that was signed:
 * method, path, query, headers; algorithm, time, day/region/s3/... */
static void
read_seen(struct facts *f)
{
	struct text request = facts_element(f, "CanonicalRequest");
	struct text to_sign = facts_element(f, "StringToSign");
	struct text line, day, region, host = TEXT("host:");

	for (int i = 0; text_cut(&line, &request, '\n'); i++) {
		if (i == 1)
			f->seen_path = line;
		if (text_has_prefix(line, host))
			f->seen_host = (struct text){
			    line.data + host.size, line.size - host.size};
	}
	for (int i = 0; i < 3 && text_cut(&line, &to_sign, '\n'); i++)
		if (i == 2 && text_cut(&day, &line, '/')
		    && text_cut(&region, &line, '/') && line.data != NULL)
			f->seen_region = region;
}

struct text
facts_element(const struct facts *f, const char *name)
{
	return element_find(f->arena, f->reply->body, name);
}

void
facts_read(struct facts *f, struct scope *s, const struct trial *t,
    const struct reply *r)
{
	*f = (struct facts){.trial = t, .reply = r, .arena = s->arena};
	read_url(f);
	if (t->store->store != STORE_S3)
		return;
	f->code = facts_element(f, "Code");
	f->message = facts_element(f, "Message");
	read_seen(f);
}
