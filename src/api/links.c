/* Artifacts to links. */
#include "api/links.h"

#include "adapters/doc.h"
#include "base/buf.h"
#include "base/scope.h"
#include "signing/signer.h"

/* False if the store has no URLs. */
static bool
sign_one(struct link *link, struct scope *s, struct signer *signer,
    struct buf *url, const struct doc_artifact *artifact)
{
	url->size = 0;
	if (!signer_url(url, signer, artifact->key))
		return false;
	*link = (struct link){
	    .url = {arena_copy(s->arena, url->data, url->size), url->size},
	    .kind = artifact->kind,
	    .role = artifact->role,
	    .label = artifact->label,
	    .meta = artifact->meta,
	};
	return true;
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
		if (sign_one(&links->list[links->n], s, signer, &url,
			&found.list[i]))
			links->n++;
	buf_release(&url);
}
