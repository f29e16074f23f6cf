/* Comparing. */
#include "ctl/clue.h"

#include "base/arena.h"
#include "credentials/partition.h"
#include "ctl/bucket.h"
#include "ctl/facts.h"
#include "ctl/found.h"

#include <stdio.h>
#include <string.h>

enum {
	SKEW_S = 5, /* what an answer may take on its way */
	SKEW_MAX_S = 300, /* no signature is good for long with more */
};

static const struct text absent = {0};

/* The text between two others. */
static struct text
between(struct text t, const char *begin, char end)
{
	const char *at = t.size == 0
	    ? NULL : memmem(t.data, t.size, begin, strlen(begin));
	struct text rest, inside;

	if (at == NULL)
		return absent;
	at += strlen(begin);
	rest = (struct text){at, t.size - (size_t)(at - t.data)};
	return text_cut(&inside, &rest, end) && rest.data != NULL
	    ? inside : absent;
}

/* By how much ours is off, if it is by more than that. */
static struct text
clock_words(const struct facts *f, int64_t most_s)
{
	int64_t ahead_s = f->reply->now_s - f->reply->date_s;
	int64_t off_s = ahead_s < 0 ? -ahead_s : ahead_s;
	char words[64];

	if (f->reply->date_s == -1 || off_s <= most_s)
		return absent;
	snprintf(words, sizeof(words), "%lld s %s the store's",
	    (long long)off_s, ahead_s < 0 ? "behind" : "ahead of");
	return text_of(arena_copy(f->arena, words, strlen(words)));
}

static struct text
clock_is_off(const struct facts *f)
{
	return clock_words(f, SKEW_S);
}

static struct text
clock_is_wrong(const struct facts *f)
{
	return clock_words(f, SKEW_MAX_S);
}

static struct text
other_region(const struct facts *f)
{
	const struct text told[] = {
	    f->reply->region,
	    facts_element(f, "Region"),
	    between(f->message, "expecting '", '\''),
	    f->seen_region,
	};

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (told[i].size > 0
		    && !text_equal_nocase(
			told[i], text_of(f->trial->store->s3_region)))
			return found_name(told[i]);
	return absent;
}

static struct text
has_endpoint(const struct facts *f)
{
	return found_when(f->trial->store->s3_endpoint != NULL);
}

/* Regions are in the names of Amazon's hosts, but for the global one's. */
static struct text
far_region(const struct facts *f)
{
	const struct config_store *store = f->trial->store;
	struct text domain, host = f->host, told = other_region(f);
	const char *endpoint = store->s3_endpoint;

	if (endpoint == NULL || told.size == 0)
		return absent;
	domain = text_of(partition_domain(store->s3_region));
	if (host.size <= domain.size
	    || memmem(endpoint, strlen(endpoint), told.data, told.size) != NULL)
		return absent;
	host.data += host.size - domain.size;
	host.size = domain.size;
	return text_equal_nocase(host, domain) ? told : absent;
}

static struct text
other_host(const struct facts *f)
{
	return text_equal_nocase(f->seen_host, f->host)
	    ? absent : found_name(f->seen_host);
}

static struct text
other_path(const struct facts *f)
{
	return found_when(f->seen_path.size > 0
	    && !text_equal(f->seen_path, f->path));
}

static struct text
same_host(const struct facts *f)
{
	return found_when(text_equal_nocase(f->seen_host, f->host));
}

static struct text
endpoint(const struct facts *f)
{
	struct text host = found_host(facts_element(f, "Endpoint"));

	(void)bucket_take_off(&host, f);
	return host;
}

/* The path and the query behind it are as secret as the URL was. */
static struct text
origin(const struct facts *f)
{
	struct text rest = f->reply->location, scheme, slash, host;

	if (!text_cut(&scheme, &rest, '/') || !text_cut(&slash, &rest, '/')
	    || slash.size > 0 || found_name(scheme).size < scheme.size)
		return absent;
	host = found_name(rest);
	return host.size == 0 ? absent : found_text((struct text){scheme.data,
	    (size_t)(host.data + host.size - scheme.data)});
}

static struct text
nothing(const struct facts *f)
{
	return found_when(f->reply->body.size == 0);
}

static struct text
no_page(const struct facts *f)
{
	struct text body = text_trim(f->reply->body, " \t\r\n\xef\xbb\xbf");

	return found_when(f->trial->store->store != STORE_S3
	    || !text_has_prefix(body, TEXT("<")));
}

static struct text
no_code(const struct facts *f)
{
	return found_when(f->code.size == 0);
}

static struct text
busy(const struct facts *f)
{
	return found_when(f->reply->status >= 500 && f->reply->status != 501);
}

/* Ids that are not for ever begin like this, at Amazon's STS. */
static struct text
no_token(const struct facts *f)
{
	const struct config_store *store = f->trial->store;

	return found_when(config_is_static(store)
	    && store->s3_session_token_file == NULL
	    && text_has_prefix(text_of(store->s3_access_key_id), TEXT("ASIA")));
}

static struct text
dots(const struct facts *f)
{
	struct text rest = f->trial->key, part;

	while (text_cut(&part, &rest, '/'))
		if (text_equal(part, TEXT(".")) || text_equal(part, TEXT("..")))
			return found_when(true);
	return absent;
}

static struct text
address_setting(const struct facts *f)
{
	const struct config_store *store = f->trial->store;

	if (store->store != STORE_S3)
		return TEXT("secure_link_base");
	return store->s3_endpoint != NULL ? TEXT("s3_endpoint")
					  : TEXT("s3_region");
}

static struct text (*const finders[N_CLUES])(const struct facts *) = {
    [CLUE_CLOCK] = clock_is_off,
    [CLUE_CLOCK_IS_WRONG] = clock_is_wrong,
    [CLUE_OTHER_REGION] = other_region,
    [CLUE_FAR_REGION] = far_region,
    [CLUE_HAS_ENDPOINT] = has_endpoint,
    [CLUE_OTHER_HOST] = other_host,
    [CLUE_OTHER_PATH] = other_path,
    [CLUE_SAME_HOST] = same_host,
    [CLUE_BUCKET_FROM_KEY] = bucket_from_key,
    [CLUE_BUCKET_FROM_HOST] = bucket_from_host,
    [CLUE_BUCKET_IS_HOST] = bucket_is_host,
    [CLUE_BUCKET_IN_KEY] = bucket_in_key,
    [CLUE_BUCKET_IN_ENDPOINT] = bucket_in_endpoint,
    [CLUE_IN_HOST] = bucket_in_host,
    [CLUE_ENDPOINT] = endpoint,
    [CLUE_ORIGIN] = origin,
    [CLUE_NOTHING] = nothing,
    [CLUE_NO_PAGE] = no_page,
    [CLUE_NO_CODE] = no_code,
    [CLUE_BUSY] = busy,
    [CLUE_NO_TOKEN] = no_token,
    [CLUE_DOTS] = dots,
    [CLUE_ADDRESS] = address_setting,
};

void
clues_read(struct clues *c, const struct facts *f)
{
	c->found[CLUE_NONE_NEEDED] = found_when(true);
	for (int i = CLUE_NONE_NEEDED + 1; i < N_CLUES; i++)
		c->found[i] = finders[i](f);
}
