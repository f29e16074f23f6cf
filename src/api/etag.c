/* Making and comparing tags. */
#include "api/etag.h"

#include "adapters/crypto.h"

void
etag_make(char out[ETAG_SIZE + 1], struct crypto *crypto, struct text body,
    bool closed)
{
	const struct text parts[] = {
	    closed ? TEXT("closed\n") : TEXT("open\n"), body};
	uint8_t digest[CRYPTO_SHA256_SIZE];

	crypto_sha256(digest, crypto, parts, 2);
	text_print_hex(out + 1, digest, (ETAG_SIZE - 2) / 2);
	out[0] = out[ETAG_SIZE - 1] = '"';
	out[ETAG_SIZE] = '\0';
}

/* Inside the quotes: ours, alone or with "-gzip", "-br" and the like. */
static bool
is_ours(struct text tag, const char *etag)
{
	struct text ours = {etag + 1, ETAG_SIZE - 2};

	return text_has_prefix(tag, ours)
	    && (tag.size == ours.size || tag.data[ours.size] == '-');
}

/* The next tag's inside; whatever else stands in the list is passed over. */
static bool
next_tag(struct text *tag, struct text *list)
{
	struct text before;

	return text_cut(&before, list, '"') && text_cut(tag, list, '"')
	    && list->data != NULL;
}

bool
etag_matches(struct text if_none_match, const char *etag)
{
	struct text tag;

	if (text_equal(text_trim(if_none_match, " \t"), TEXT("*")))
		return true;
	while (next_tag(&tag, &if_none_match))
		if (is_ours(tag, etag))
			return true;
	return false;
}
