/* json-c decodes the strings. It must not touch numbers and what objects hold,
 * because it saturates integers beyond 64 bits and bounds the depth, so the
 * values' extents are found here and are handed on as they stand. */
#include "adapters/doc.h"

#include "base/scope.h"

#include <json-c/json.h>

#include <assert.h>
#include <string.h>

/* What is still to be read. */
struct cursor {
	const char *p;
	const char *end;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Behind the white space between things. */
static bool
is_at_end(struct cursor *c)
{
	while (c->p < c->end && is_space(*c->p))
		c->p++;
	return c->p == c->end;
}

static bool
skip_char(struct cursor *c, char wanted)
{
	if (is_at_end(c) || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* Behind the closing quote of a string whose opening quote is at p. */
static const char *
string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* Behind the bracket that closes the one at p. */
static const char *
nest_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = string_end(p, end);
			if (p == NULL)
				return NULL;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

static const char *
scalar_end(const char *p, const char *end)
{
	while (p < end && strchr(",}] \n\r\t", *p) == NULL)
		p++;
	return p;
}

/* The extent of the value that comes next. */
static bool
take_value(struct text *value, struct cursor *c)
{
	const char *end;

	if (is_at_end(c))
		return false;
	if (*c->p == '"')
		end = string_end(c->p, c->end);
	else if (*c->p == '{' || *c->p == '[')
		end = nest_end(c->p, c->end);
	else
		end = scalar_end(c->p, c->end);
	if (end == NULL || end > c->end || end == c->p)
		return false;
	*value = (struct text){c->p, (size_t)(end - c->p)};
	c->p = end;
	return true;
}

static void
release_json(void *object)
{
	json_object_put(object);
}

static bool
decode_escapes(struct text *out, struct scope *s, struct text json)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *object;

	json_tokener_set_flags(
	    tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tok, json.data, (int)json.size);
	json_tokener_free(tok);
	if (object == NULL)
		return false;
	arena_defer(s->arena, release_json, object);
	if (!json_object_is_type(object, json_type_string))
		return false;
	*out = (struct text){json_object_get_string(object),
	    (size_t)json_object_get_string_len(object)};
	return true;
}

bool
doc_string(struct text *out, struct scope *s, struct text json)
{
	if (json.size < 2 || json.data[0] != '"')
		return false;
	if (memchr(json.data, '\\', json.size) != NULL)
		return decode_escapes(out, s, json);
	*out = (struct text){json.data + 1, json.size - 2};
	return true;
}

bool
doc_string_or_null(struct text *out, struct scope *s, struct text json)
{
	return text_equal(json, TEXT("null")) || doc_string(out, s, json);
}

bool
doc_as_it_stands(struct text *out, struct scope *s, struct text json)
{
	(void)s;
	*out = json;
	return true;
}

/* seen has a bit for each that was there before. */
static bool
take_member(void *out, uint64_t *seen, const struct doc_member *members,
    struct scope *s, struct text name, struct text value)
{
	for (uint64_t bit = 1; members->decode != NULL; members++, bit <<= 1) {
		assert(bit != 0);
		if (!text_equal(members->name, name))
			continue;
		if ((*seen & bit) != 0)
			return false;
		*seen |= bit;
		return members->decode((struct text *)(void *)((char *)out
					   + members->offset), s, value);
	}
	return true;
}

bool
doc_members(void *out, const struct doc_member *members, struct scope *s,
    struct text json)
{
	struct cursor c = {json.data, json.data + json.size};
	struct text name, value;
	uint64_t seen = 0;

	if (!skip_char(&c, '{'))
		return false;
	if (skip_char(&c, '}'))
		return is_at_end(&c);
	do {
		if (!take_value(&name, &c) || !skip_char(&c, ':')
		    || !take_value(&value, &c)
		    || !take_member(out, &seen, members, s, name, value))
			return false;
	} while (skip_char(&c, ','));
	return skip_char(&c, '}') && is_at_end(&c);
}

static void
add_element(
    struct doc_elements *out, struct scope *s, size_t *room, struct text json)
{
	struct text *list;

	if (out->n == *room) {
		*room = *room == 0 ? 8 : *room * 2;
		list = arena_alloc(s->arena, *room * sizeof(*list));
		if (out->n > 0)
			memcpy(list, out->list, out->n * sizeof(*list));
		out->list = list;
	}
	out->list[out->n++] = json;
}

bool
doc_elements(struct doc_elements *out, struct scope *s, struct text json)
{
	struct cursor c = {json.data, json.data + json.size};
	struct text element;
	size_t room = 0;

	*out = (struct doc_elements){0};
	if (!skip_char(&c, '['))
		return false;
	if (skip_char(&c, ']'))
		return is_at_end(&c);
	do {
		if (!take_value(&element, &c))
			return false;
		add_element(out, s, &room, element);
	} while (skip_char(&c, ','));
	return skip_char(&c, ']') && is_at_end(&c);
}

/* --- artifacts --- */

static bool
object_or_null(struct text *out, struct scope *s, struct text json)
{
	(void)s;
	if (json.data[0] == '{')
		*out = json;
	return json.data[0] == '{' || text_equal(json, TEXT("null"));
}

static const struct doc_member members[] = {
    {TEXT("\"key\""), offsetof(struct doc_artifact, key), doc_string},
    {TEXT("\"kind\""), offsetof(struct doc_artifact, kind), doc_string},
    {TEXT("\"role\""), offsetof(struct doc_artifact, role), doc_string},
    {TEXT("\"label\""), offsetof(struct doc_artifact, label),
	doc_string_or_null},
    {TEXT("\"meta\""), offsetof(struct doc_artifact, meta), object_or_null},
    {TEXT("\"store\""), offsetof(struct doc_artifact, store),
	doc_string_or_null},
    {.decode = NULL},
};

static bool
read_artifact(struct doc_artifact *a, struct scope *s, struct text json)
{
	*a = (struct doc_artifact){.meta = TEXT("{}")};
	return doc_members(a, members, s, json) && a->key.size > 0
	    && a->kind.data != NULL && a->role.data != NULL;
}

bool
doc_artifacts(struct doc_artifacts *out, struct scope *s, struct text json)
{
	struct doc_elements elements;

	*out = (struct doc_artifacts){0};
	if (json.size == 0)
		return true;
	if (!doc_elements(&elements, s, json)) {
		scope_cause(s, "artifacts are not an array");
		return false;
	}
	out->list = arena_alloc(s->arena, elements.n * sizeof(*out->list));
	for (size_t i = 0; i < elements.n; i++) {
		if (read_artifact(&out->list[out->n], s, elements.list[i]))
			out->n++;
		else
			scope_cause(s, "an artifact was left out: not "
				       "{key, kind, role, label, meta, store}");
	}
	return true;
}

const char *
doc_version(void)
{
	return json_c_version();
}
