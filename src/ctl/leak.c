/* Looking for queries, and for the values of our own. */
#include "ctl/leak.h"

#include <string.h>

enum { PIECE = 16 }; /* bytes of a secret that are too many */

/* --- anybody's query --- */

static const struct text ends[] = {
    TEXT("signature"), TEXT("md5"), TEXT("token"), TEXT("credential")};

static bool
is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The name that ends before a place in the words. */
static struct text
name_before(struct text words, size_t end)
{
	size_t begin = end;

	while (begin > 0 && is_of_name(words.data[begin - 1]))
		begin--;
	return (struct text){words.data + begin, end - begin};
}

static bool
is_signed_name(struct text name)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (name.size >= ends[i].size
		    && text_equal_nocase(ends[i], (struct text){
			name.data + name.size - ends[i].size, ends[i].size}))
			return true;
	return false;
}

/* Also in the query of another one, where '=' is %3D. */
static bool
has_query(struct text words)
{
	for (size_t i = 0; i < words.size; i++) {
		struct text rest = {words.data + i, words.size - i};

		if ((*rest.data == '=' || text_has_prefix(rest, TEXT("%3D"))
			|| text_has_prefix(rest, TEXT("%3d")))
		    && is_signed_name(name_before(words, i)))
			return true;
	}
	return false;
}

/* --- ours --- */

static bool
has_piece(struct text words, struct text secret)
{
	size_t size = secret.size < PIECE ? secret.size : PIECE;

	for (size_t i = 0; size > 0 && i + size <= words.size; i++)
		if (memmem(secret.data, secret.size, words.data + i, size)
		    != NULL)
			return true;
	return false;
}

static bool
has_value(struct text words, struct text value, struct arena *a)
{
	struct text decoded = value;

	return has_piece(words, value)
	    || (text_percent_decode(&decoded, a, value, false)
		&& has_piece(words, decoded));
}

bool
leak_is_in(struct text words, struct text url, struct arena *a)
{
	struct text query = url, path, value, name;

	if (has_query(words))
		return true;
	(void)text_cut(&path, &query, '?');
	while (text_cut(&value, &query, '&'))
		if (text_cut(&name, &value, '=')
		    && (text_equal(name, TEXT("X-Amz-Signature"))
			|| text_equal(name, TEXT("X-Amz-Security-Token"))
			|| text_equal(name, TEXT("md5")))
		    && has_value(words, value, a))
			return true;
	return false;
}
