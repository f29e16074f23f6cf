/* Reading a page of the timeline, as a client that trusts nobody. */
#include "ctl/batch.h"

#include "adapters/doc.h"
#include "base/json.h"
#include "base/scope.h"

/* As the members stand, where they are not texts. */
struct raw_page {
	struct text events, latest_seq;
};

struct raw_event {
	struct text seq, artifacts;
	struct batch_event event;
};

#define IN_PAGE(member) offsetof(struct raw_page, member)
#define IN_EVENT(member) offsetof(struct raw_event, member)
#define IN_ARTIFACT(member) offsetof(struct batch_artifact, member)

static const struct doc_member page_members[] = {
    {TEXT("\"events\""), IN_PAGE(events), doc_as_it_stands},
    {TEXT("\"latest_seq\""), IN_PAGE(latest_seq), doc_as_it_stands},
    {.decode = NULL},
};

static const struct doc_member event_members[] = {
    {TEXT("\"seq\""), IN_EVENT(seq), doc_as_it_stands},
    {TEXT("\"event_type\""), IN_EVENT(event.type), doc_string},
    {TEXT("\"stage\""), IN_EVENT(event.stage), doc_string_or_null},
    {TEXT("\"message\""), IN_EVENT(event.message), doc_string},
    {TEXT("\"artifacts\""), IN_EVENT(artifacts), doc_as_it_stands},
    {TEXT("\"created_at\""), IN_EVENT(event.created_at), doc_string},
    {.decode = NULL},
};

static const struct doc_member artifact_members[] = {
    {TEXT("\"image_url\""), IN_ARTIFACT(url), doc_string_or_null},
    {TEXT("\"kind\""), IN_ARTIFACT(kind), doc_string_or_null},
    {TEXT("\"role\""), IN_ARTIFACT(role), doc_string_or_null},
    {TEXT("\"label\""), IN_ARTIFACT(label), doc_string_or_null},
    {.decode = NULL},
};

static bool
read_artifacts(struct batch_event *e, struct scope *s, struct text json)
{
	struct doc_elements elements;

	if (json.data == NULL)
		return true;
	if (!doc_elements(&elements, s, json))
		return false;
	e->n_artifacts = elements.n;
	e->artifacts =
	    arena_alloc(s->arena, elements.n * sizeof(*e->artifacts));
	for (size_t i = 0; i < elements.n; i++) {
		e->artifacts[i] = (struct batch_artifact){.label = {0}};
		if (!doc_members(&e->artifacts[i], artifact_members, s,
			elements.list[i]))
			return false;
	}
	return true;
}

static bool
read_event(struct batch_event *e, struct scope *s, struct text json)
{
	struct raw_event raw = {.event = {.json = json}};

	if (!doc_members(&raw, event_members, s, json)
	    || !text_int(&raw.event.seq, raw.seq) || raw.event.type.data == NULL
	    || !read_artifacts(&raw.event, s, raw.artifacts))
		return false;
	*e = raw.event;
	return true;
}

static bool
read_events(struct batch *out, struct scope *s, struct text json)
{
	struct doc_elements elements;

	if (json.data == NULL || !doc_elements(&elements, s, json))
		return false;
	out->n = elements.n;
	out->events = arena_alloc(s->arena, elements.n * sizeof(*out->events));
	for (size_t i = 0; i < elements.n; i++)
		if (!read_event(&out->events[i], s, elements.list[i]))
			return false;
	return true;
}

static bool
read_latest(struct mark *out, struct text json)
{
	*out = (struct mark){.given = !text_equal(json, TEXT("null"))};
	return !out->given || text_int(&out->seq, json);
}

static bool
read_page(struct batch *out, struct scope *s, struct text body)
{
	struct raw_page raw = {0};

	if (json_is_valid(body) && doc_members(&raw, page_members, s, body)
	    && read_events(out, s, raw.events)
	    && read_latest(&out->latest, raw.latest_seq))
		return true;
	scope_cause(s, "the answer is no page of a timeline");
	return false;
}

/* The numbers rise from the mark on, and latest_seq is the last of them; it
 * is the mark where there are none. */
static bool
follows(const struct batch *b, const struct mark *after)
{
	struct mark last = *after;

	for (size_t i = 0; i < b->n; i++) {
		if (last.given && b->events[i].seq <= last.seq)
			return false;
		last = (struct mark){true, b->events[i].seq};
	}
	return last.given == b->latest.given
	    && (!last.given || last.seq == b->latest.seq);
}

bool
batch_read(struct batch *out, struct scope *s, struct text body,
    const struct mark *after)
{
	*out = (struct batch){.n = 0};
	if (!read_page(out, s, body))
		return false;
	if (follows(out, after))
		return true;
	scope_cause(s, "the answer's events are not those after the last one");
	return false;
}
