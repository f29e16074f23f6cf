/* The table of the setting's words. */
#include "credentials/chain.h"

#include "base/config.h"
#include "base/scope.h"

enum { MOST = 8 }; /* with the NULL behind the last one */

static const struct source *const choices[][MOST] = {
    [CREDENTIALS_STATIC] = {&source_static},
    [CREDENTIALS_ENV] = {&source_env},
    [CREDENTIALS_PROFILE] = {&source_profile},
    [CREDENTIALS_PROCESS] = {&source_process},
    [CREDENTIALS_CONTAINER] = {&source_container},
    [CREDENTIALS_IMDS] = {&source_imds},
    [CREDENTIALS_WEB_IDENTITY] = {&source_web_identity},
    /* the order of AWS's SDKs */
    [CREDENTIALS_AUTO] = {&source_static, &source_env, &source_web_identity,
	&source_profile, &source_process, &source_container, &source_imds},
};

struct chain
chain_of(int64_t choice)
{
	return (struct chain){choices[choice]};
}

bool
chain_fetches(const struct chain *chain)
{
	for (size_t i = 0; chain->sources[i] != NULL; i++)
		if (chain->sources[i]->fetches)
			return true;
	return false;
}

struct chain_step
chain_get(struct credentials **out, const struct chain *chain,
    const struct errand *e,
    void (*tell)(void *to, const struct chain_step *step), void *to)
{
	struct chain_step step = {NULL, FOUND_NOTHING, e->scope->cause, NULL};

	for (size_t i = 0; chain->sources[i] != NULL
	     && step.found == FOUND_NOTHING; i++) {
		if (e->only_quick && chain->sources[i]->is_slow)
			return (struct chain_step){
			    chain->sources[i], FOUND_LATER, "", NULL};
		e->scope->cause[0] = '\0';
		step.source = chain->sources[i];
		step.found = step.source->get(out, e);
		if (step.found == FOUND)
			step.credentials = *out;
		if (tell != NULL)
			tell(to, &step);
	}
	return step;
}
