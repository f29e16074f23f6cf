/* Comparing what the store names with what it was asked. */
#include "ctl/bucket.h"

#include "ctl/facts.h"
#include "ctl/found.h"

static const struct text absent = {0};

/* What the store took for the bucket, if it is not ours. */
static struct text
other_bucket(const struct facts *f)
{
	struct text told = found_text(facts_element(f, "BucketName"));

	return text_equal(told, text_of(f->trial->store->s3_bucket))
	    ? absent : told;
}

/* Some only name the key, which then lacks its first part. */
struct text
bucket_from_key(const struct facts *f)
{
	struct text rest = f->trial->key, first, told = other_bucket(f);
	struct text key = facts_element(f, "Key");

	if (f->in_path || !text_cut(&first, &rest, '/') || first.size == 0)
		return absent;
	if (text_equal(told, first)
	    || (rest.size > 0 && text_equal(key, rest)))
		return found_text(first);
	return absent;
}

static bool
is_host(const struct facts *f, struct text t)
{
	struct text rest = f->host, name;

	(void)text_cut(&name, &rest, ':');
	return t.size > 0 && (text_equal_nocase(t, f->host)
	    || text_equal_nocase(t, name));
}

struct text
bucket_from_host(const struct facts *f)
{
	struct text told = other_bucket(f);

	return !f->in_path && is_host(f, told) ? told : absent;
}

struct text
bucket_is_host(const struct facts *f)
{
	struct text told = other_bucket(f);

	return f->in_path && is_host(f, told) ? told : absent;
}

struct text
bucket_in_key(const struct facts *f)
{
	struct text told = facts_element(f, "Key"), first;

	return found_when(f->in_path && told.size > f->trial->key.size
	    && text_cut(&first, &told, '/')
	    && text_equal(first, text_of(f->trial->store->s3_bucket))
	    && text_equal(told, f->trial->key));
}

bool
bucket_take_off(struct text *host, const struct facts *f)
{
	struct text name = text_of(f->trial->store->s3_bucket);

	if (host->size <= name.size + 1 || host->data[name.size] != '.'
	    || !text_has_prefix(*host, name))
		return false;
	host->data += name.size + 1;
	host->size -= name.size + 1;
	return true;
}

struct text
bucket_in_endpoint(const struct facts *f)
{
	struct text host = found_host(text_of(f->trial->store->s3_endpoint));
	struct text key = facts_element(f, "Key");

	return found_when(bucket_take_off(&host, f)
	    && !text_equal(key, f->trial->key));
}

struct text
bucket_in_host(const struct facts *f)
{
	return found_when(f->trial->store->s3_endpoint != NULL && !f->in_path);
}
