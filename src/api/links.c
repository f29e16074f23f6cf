/* Artifacts to links. */
#include "api/links.h"

#include "adapters/doc.h"
#include "api/problem.h"
#include "base/buf.h"
#include "base/scope.h"
#include "signing/signer.h"

static void
add(struct links *links, struct scope *s, const struct buf *url,
    const struct window *window, const struct doc_artifact *artifact)
{
	links->window = links->n == 0
	    ? *window : window_of_both(&links->window, window);
	links->list[links->n++] = (struct link){
	    .url = {arena_copy(s->arena, url->data, url->size), url->size},
	    .kind = artifact->kind,
	    .role = artifact->role,
	    .label = artifact->label,
	    .meta = artifact->meta,
	};
}

/* No link if the store gives no URL. */
static bool
sign_one(struct links *links, struct scope *s, struct signer *signer,
    struct buf *url, const struct doc_artifact *artifact)
{
	struct window window;

	url->size = 0;
	switch (signer_url(
	    url, &window, signer, s, artifact->store, artifact->key)) {
	case SIGNED: add(links, s, url, &window, artifact); break;
	case SIGNED_NOT: break;
	case SIGNED_LATER: return scope_fail(s, &problem_unavailable);
	}
	return true;
}

bool
links_sign(struct links *links, struct scope *s, struct signer *signer,
    struct text artifacts)
{
	struct doc_artifacts found;
	struct buf url = {0};
	bool ok = true;

	*links = (struct links){0};
	if (artifacts.data == NULL || !doc_artifacts(&found, s, artifacts))
		return true;
	links->list = arena_alloc(s->arena, found.n * sizeof(struct link));
	for (size_t i = 0; ok && i < found.n; i++)
		ok = sign_one(links, s, signer, &url, &found.list[i]);
	buf_release(&url);
	return ok;
}
