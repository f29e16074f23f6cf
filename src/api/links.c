/* Artifacts to links. */
#include "api/links.h"

#include "adapters/doc.h"
#include "base/buf.h"
#include "base/scope.h"
#include "signing/signer.h"

/* No link if the store gives no URL. */
static void
sign_one(struct links *links, struct scope *s, struct signer *signer,
    struct buf *url, const struct doc_artifact *artifact)
{
	struct window window;

	url->size = 0;
	if (!signer_url(
		url, &window, signer, artifact->store, artifact->key))
		return;
	links->window = links->n == 0
	    ? window : window_of_both(&links->window, &window);
	links->list[links->n++] = (struct link){
	    .url = {arena_copy(s->arena, url->data, url->size), url->size},
	    .kind = artifact->kind,
	    .role = artifact->role,
	    .label = artifact->label,
	    .meta = artifact->meta,
	};
}

void
links_sign(struct links *links, struct scope *s, struct signer *signer,
    struct text artifacts)
{
	struct doc_artifacts found;
	struct buf url = {0};

	*links = (struct links){0};
	if (artifacts.data == NULL || !doc_artifacts(&found, s, artifacts))
		return;
	links->list = arena_alloc(s->arena, found.n * sizeof(struct link));
	for (size_t i = 0; i < found.n; i++)
		sign_one(links, s, signer, &url, &found.list[i]);
	buf_release(&url);
}
