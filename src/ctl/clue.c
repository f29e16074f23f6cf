/* Comparing. Regions and hosts that the store names are cut to what such names
 * can be; the printing cleans them. */
#include "ctl/clue.h"

#include "base/arena.h"
#include "ctl/facts.h"

#include <stdio.h>
#include <string.h>

enum {
	NAME_MAX_SIZE = 253,
	SKEW_S = 5, /* what an answer may take on its way */
	SKEW_MAX_S = 300, /* no signature is good for long with more */
};

static const struct text absent = {0}, empty = {"", 0};

static struct text
when(bool condition)
{
	return condition ? empty : absent;
}

/* Cut; or absent, like an empty one. */
static struct text
cut(struct text t)
{
	if (t.size == 0)
		return absent;
	return t.size > NAME_MAX_SIZE ? (struct text){t.data, NAME_MAX_SIZE}
				      : t;
}

static bool
is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._:[]", c));
}

/* A region, or a host, without what may stand behind it. */
static struct text
name_of(struct text t)
{
	size_t n = 0;

	while (n < t.size && is_of_name(t.data[n]))
		n++;
	return cut((struct text){t.data, n});
}

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
			return name_of(told[i]);
	return absent;
}

static struct text
other_host(const struct facts *f)
{
	return text_equal_nocase(f->seen_host, f->host)
	    ? absent : name_of(f->seen_host);
}

static struct text
other_path(const struct facts *f)
{
	return when(f->seen_path.size > 0
	    && !text_equal(f->seen_path, f->path));
}

static struct text
same_host(const struct facts *f)
{
	return when(text_equal_nocase(f->seen_host, f->host));
}

/* What the store took for the bucket, if it is not ours. */
static struct text
other_bucket(const struct facts *f)
{
	struct text told = cut(facts_element(f, "BucketName"));

	return text_equal(told, text_of(f->trial->store->s3_bucket))
	    ? absent : told;
}

/* Some only name the key, which then lacks its first part. */
static struct text
bucket_from_key(const struct facts *f)
{
	struct text rest = f->trial->key, first, told = other_bucket(f);
	struct text key = facts_element(f, "Key");

	if (f->in_path || !text_cut(&first, &rest, '/') || first.size == 0)
		return absent;
	if (text_equal(told, first)
	    || (rest.size > 0 && text_equal(key, rest)))
		return cut(first);
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

static struct text
bucket_from_host(const struct facts *f)
{
	struct text told = other_bucket(f);

	return !f->in_path && is_host(f, told) ? told : absent;
}

static struct text
bucket_is_host(const struct facts *f)
{
	struct text told = other_bucket(f);

	return f->in_path && is_host(f, told) ? told : absent;
}

static struct text
bucket_in_key(const struct facts *f)
{
	struct text told = facts_element(f, "Key"), first;

	return when(f->in_path && told.size > f->trial->key.size
	    && text_cut(&first, &told, '/')
	    && text_equal(first, text_of(f->trial->store->s3_bucket))
	    && text_equal(told, f->trial->key));
}

static struct text
in_host(const struct facts *f)
{
	return when(f->trial->store->store == STORE_S3 && !f->in_path);
}

static struct text
endpoint(const struct facts *f)
{
	struct text told = facts_element(f, "Endpoint"), host = told, scheme;

	if (text_cut(&scheme, &host, '/') && text_cut(&scheme, &host, '/')
	    && scheme.size == 0)
		told = host;
	return name_of(told);
}

/* The path and the query behind it are as secret as the URL was. */
static struct text
origin(const struct facts *f)
{
	struct text rest = f->reply->location, scheme, slash, host;

	if (!text_cut(&scheme, &rest, '/') || !text_cut(&slash, &rest, '/')
	    || slash.size > 0 || name_of(scheme).size < scheme.size)
		return absent;
	host = name_of(rest);
	return host.size == 0 ? absent : cut((struct text){scheme.data,
	    (size_t)(host.data + host.size - scheme.data)});
}

static struct text
nothing(const struct facts *f)
{
	return when(f->reply->body.size == 0);
}

static struct text
no_page(const struct facts *f)
{
	struct text body = text_trim(f->reply->body, " \t\r\n\xef\xbb\xbf");

	return when(f->trial->store->store != STORE_S3
	    || !text_has_prefix(body, TEXT("<")));
}

static struct text
no_code(const struct facts *f)
{
	return when(f->code.size == 0);
}

static struct text
busy(const struct facts *f)
{
	return when(f->reply->status >= 500 && f->reply->status != 501);
}

/* Ids that are not for ever begin like this, at Amazon's STS. */
static struct text
no_token(const struct facts *f)
{
	const struct config_store *store = f->trial->store;

	return when(config_is_static(store)
	    && store->s3_session_token_file == NULL
	    && text_has_prefix(text_of(store->s3_access_key_id), TEXT("ASIA")));
}

static struct text
dots(const struct facts *f)
{
	struct text rest = f->trial->key, part;

	while (text_cut(&part, &rest, '/'))
		if (text_equal(part, TEXT(".")) || text_equal(part, TEXT("..")))
			return empty;
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
    [CLUE_OTHER_HOST] = other_host,
    [CLUE_OTHER_PATH] = other_path,
    [CLUE_SAME_HOST] = same_host,
    [CLUE_BUCKET_FROM_KEY] = bucket_from_key,
    [CLUE_BUCKET_FROM_HOST] = bucket_from_host,
    [CLUE_BUCKET_IS_HOST] = bucket_is_host,
    [CLUE_BUCKET_IN_KEY] = bucket_in_key,
    [CLUE_IN_HOST] = in_host,
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
	c->found[CLUE_NONE_NEEDED] = empty;
	for (int i = CLUE_NONE_NEEDED + 1; i < N_CLUES; i++)
		c->found[i] = finders[i](f);
}
