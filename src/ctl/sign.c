/* The responder's settings and signer, and one key after the other. */
#include "ctl/sign.h"

#include "adapters/crypto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/verdict.h"
#include "signing/signer.h"
#include "signing/store.h"
#include "signing/stores.h"

#include <getopt.h>
#include <stdlib.h>

struct options {
	const char *store; /* NULL: the default one */
	const char *ca_file;
	bool verify;
	char **keys;
	int n_keys;
};

struct press {
	const struct config_store *store;
	struct text name; /* of the store; absent: the default one */
	struct signer *signer;
	struct fetch *fetch; /* NULL: no URL is tried */
	const char *ca_file;
	struct buf url;
	struct arena arena;
	bool all_good;
};

enum { SIGN_DEADLINE_MS = 8000 }; /* to get credentials in */

/* --- a key --- */

/* There is no job whose id would say when its window begins. */
static bool
make_url(struct press *p, struct scope *s, struct text key)
{
	struct window window;

	p->url.size = 0;
	scope_init(s, &p->arena, clock_mono_ms() + SIGN_DEADLINE_MS,
	    clock_wall_us());
	signer_begin(p->signer, TEXT("-"), clock_us_to_s(s->now_us));
	return signer_url(&p->url, &window, p->signer, s, p->name, key)
	    == SIGNED;
}

static void
try_url(struct press *p, struct text key)
{
	struct trial trial = {p->store, key, buf_as_string(&p->url)};
	struct buf words = {0};
	struct reply reply;
	struct scope s;
	bool is_good;

	scope_init(&s, &p->arena, clock_mono_ms() + TRIAL_DEADLINE_MS,
	    clock_wall_us());
	trial_send(&reply, &s, p->fetch, &trial, p->ca_file);
	is_good = verdict_print(&words, &s, &trial, &reply);
	output_complain("%.*s: %.*s", (int)key.size, key.data,
	    (int)words.size, words.data);
	p->all_good = is_good && p->all_good;
	buf_release(&words);
	arena_reset(&p->arena);
}

/* False, told, if nothing more can be printed. */
static bool
sign_key(struct press *p, struct text key)
{
	struct scope s;

	if (!make_url(p, &s, key)) {
		output_complain("%.*s: there is no URL: %s", (int)key.size,
		    key.data, s.cause);
		p->all_good = false;
		return true;
	}
	buf_char(&p->url, '\n');
	if (!output_write(buf_as_text(&p->url)))
		return false;
	p->url.size--;
	if (p->fetch != NULL)
		try_url(p, key);
	return true;
}

static int
sign_keys(struct press *p, const struct options *o)
{
	bool ok = true;

	p->all_good = true;
	arena_init(&p->arena, 64 * 1024);
	for (int i = 0; ok && i < o->n_keys; i++)
		ok = sign_key(p, text_of(o->keys[i]));
	arena_release(&p->arena);
	buf_release(&p->url);
	return ok && p->all_good ? EXIT_DONE : EXIT_REFUSED;
}

/* --- the store --- */

static int
sign_with(struct press *p, const struct stores *stores,
    const struct options *o)
{
	struct crypto *crypto = crypto_new();
	int status;

	p->signer = signer_new(stores, crypto);
	p->fetch = o->verify ? fetch_new() : NULL;
	status = sign_keys(p, o);
	fetch_free(p->fetch);
	signer_free(p->signer);
	crypto_free(crypto);
	return status;
}

static int
sign_in(const struct stores *stores, const struct config *config,
    const struct options *o)
{
	struct press p = {.name = text_of(o->store), .ca_file = o->ca_file};
	const struct store *store = stores_find(stores, p.name);

	if (store == NULL) {
		output_complain("the settings have no [store %s]", o->store);
		return EXIT_REFUSED;
	}
	if (store->kind->url == NULL) {
		output_complain("%s%s%s has store = none, so it has no URLs",
		    o->store == NULL ? "the default store" : "[store ",
		    store->name, o->store == NULL ? "" : "]");
		return EXIT_REFUSED;
	}
	p.store = &config->stores[store - stores->list];
	return sign_with(&p, stores, o);
}

static int
sign_by(const struct config *config, const struct options *o)
{
	struct stores stores;
	char error[900];
	int status = EXIT_REFUSED;

	if (stores_load_all(&stores, config, error, sizeof(error)))
		status = sign_in(&stores, config, o);
	else
		output_complain("%s", error);
	stores_release(&stores);
	return status;
}

static int
sign_settings(const char *path, const struct options *o)
{
	struct config config;
	char *error = NULL;
	int status;

	/* there are secrets here too, perhaps in the settings themselves */
	secret_set_dumpable(false);
	if (!config_load(&config, path, &error)) {
		output_complain("%s", error);
		free(error);
		return EXIT_REFUSED;
	}
	log_open(LOG_TO_STDERR, LEVEL_WARN);
	secret_set_dumpable(config.dumpable == 1);
	status = sign_by(&config, o);
	config_release(&config);
	return status;
}

/* --- the command line --- */

static bool
has_empty_key(const struct options *o)
{
	for (int i = 0; i < o->n_keys; i++)
		if (o->keys[i][0] == '\0')
			return true;
	return false;
}

/* GO_ON, or how it ends already. */
static int
read_options(
    struct options *o, const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
	    {"store", required_argument, NULL, 's'},
	    {"verify", no_argument, NULL, 'v'},
	    {"cacert", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's': o->store = optarg; break;
		case 'v': o->verify = true; break;
		case 'c': o->ca_file = optarg; break;
		case 'h': return command_end(self, EXIT_DONE);
		default: return command_end(self, EXIT_USAGE);
		}
	}
	o->keys = argv + optind;
	o->n_keys = argc - optind;
	if (o->n_keys == 0 || has_empty_key(o)
	    || (o->ca_file != NULL && !o->verify))
		return command_end(self, EXIT_USAGE);
	return GO_ON;
}

int
sign(const struct command *self, const char *config_path, int argc,
    char **argv)
{
	struct options o = {0};
	int status = read_options(&o, self, argc, argv);

	return status == GO_ON ? sign_settings(config_path, &o) : status;
}
