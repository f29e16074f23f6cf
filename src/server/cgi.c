/* The path of a single request through the process. */
#include "server/cgi.h"

#include "adapters/crypto.h"
#include "adapters/db.h"
#include "api/again.h"
#include "api/app.h"
#include "api/exchange.h"
#include "api/frames.h"
#include "api/problem.h"
#include "api/record.h"
#include "api/stream.h"
#include "api/request.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/scope.h"
#include "server/gate.h"
#include "server/kit.h"
#include "server/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_FIRST = 64 * 1024, LOOK_MS = 500, SILENCE_MS = 15000 };

extern char **environ;

static bool
write_all(struct text t)
{
	ssize_t n;

	while (t.size > 0) {
		n = write(STDOUT_FILENO, t.data, t.size);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		t.data += n;
		t.size -= (size_t)n;
	}
	return true;
}

static bool
write_response(const struct response *res)
{
	return write_all(buf_as_text(&res->head))
	    && write_all(buf_as_text(&res->body));
}

/* Throws the body away, up to the gate's ceiling and the deadline. */
static bool
skip_body(const struct scope *s)
{
	const char *length = getenv("CONTENT_LENGTH");
	size_t left = length == NULL ? 0 : strtoul(length, NULL, 10), sum = 0;
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char waste[4096];
	ssize_t n;

	if (left > GATE_BODY_MAX)
		left = GATE_BODY_MAX;
	while (sum < left && poll(&p, 1, scope_left_ms(s)) > 0) {
		n = read(STDIN_FILENO, waste, sizeof(waste));
		if (n <= 0)
			break;
		sum += (size_t)n;
	}
	return sum > 0;
}

/* --- waiting, in the one process --- */

/* True when so much time has passed; false if nobody reads any more. */
static bool
pause_for(int ms)
{
	struct pollfd p = {.fd = STDOUT_FILENO};

	return poll(&p, 1, ms) == 0;
}

/* A look at the job. The database may be away for a while: only the last
 * look says so. */
static enum verdict
look(struct response *res, struct hold *h, const struct app *app,
    struct arena *a, bool is_last)
{
	struct again_span span = {
	    h->has_cursor, h->cursor, app->config->max_events,
	    h->form == FORM_JSON ? app->config->max_bytes : STREAM_BATCH};
	enum verdict verdict = VERDICT_HOLD;
	struct exchange x;
	struct scope s;

	response_reset(res);
	scope_init(&s, a, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	again_ask(&x, &s, app, h, &span);
	db_call(app->db, &x.timeline.call);
	if (again_take(&x, &s) || s.problem->status != 503 || is_last)
		verdict = again_answer(res, &s, h, &x, is_last);
	arena_reset(a);
	return verdict;
}

/* A stream that goes on at once: it has just got a piece, and there is more.
 * While the database is away it gets none. */
static bool
has_more(const struct hold *h, const struct response *res)
{
	return h->more && res->body.size > 0;
}

/* Looks until there is an answer; a stream's pieces go out as they come. */
static bool
wait_for_answer(struct response *res, struct hold *h, const struct app *app,
    struct arena *a, int64_t began_ms)
{
	int64_t ends_ms = began_ms + h->lasts_ms, now_ms = began_ms;
	int64_t wrote_ms = began_ms;
	enum verdict verdict = VERDICT_HOLD;

	while (verdict == VERDICT_HOLD) {
		if (!write_response(res)
		    || !pause_for(has_more(h, res) ? 0 : LOOK_MS))
			return false;
		now_ms = clock_mono_ms();
		verdict = look(res, h, app, a,
		    h->form == FORM_JSON && now_ms >= ends_ms);
		if (res->body.size > 0)
			wrote_ms = now_ms;
		if (verdict == VERDICT_ANSWER || h->form == FORM_JSON)
			continue;
		if (now_ms >= ends_ms) {
			frames_bye(&res->body, h, "rotate");
			record_end(h, "rotate");
			verdict = VERDICT_ANSWER;
		} else if (now_ms - wrote_ms > SILENCE_MS) {
			frames_silence(&res->body, h->form);
			wrote_ms = now_ms;
		}
	}
	return write_response(res);
}

/* --- one request --- */

static bool
serve(struct response *res, struct scope *s, const struct app *app,
    const struct request *req)
{
	int64_t began_ms = clock_mono_ms();
	enum verdict verdict = VERDICT_ANSWER;
	struct exchange x;
	struct hold h;

	if (serve_begin(&x, res, s, app, req)) {
		db_call(app->db, &x.timeline.call);
		verdict = serve_end(res, s, &x);
	}
	if (verdict == VERDICT_ANSWER)
		return write_response(res);
	h = x.hold;
	arena_reset(s->arena);
	if (wait_for_answer(res, &h, app, s->arena, began_ms))
		return true;
	record_end(&h, "gone");
	return false;
}

static bool
answer(const struct kit *kit, struct scope *s)
{
	struct app app;
	struct request req;
	struct response res = {0};
	bool ok = false;

	kit_open(&app, kit);
	if (request_read(&req, s, environ)) {
		req.has_body = skip_body(s);
		ok = serve(&res, s, &app, &req);
	} else {
		log_line(LEVEL_ERROR, "cgi cause=\"%s\"", s->cause);
	}
	arena_reset(s->arena);
	response_release(&res);
	kit_close(&app);
	return ok;
}

bool
cgi_run(const struct kit *kit)
{
	struct arena arena;
	struct scope s;
	bool ok;

	arena_init(&arena, ARENA_FIRST);
	scope_init(&s, &arena, clock_mono_ms() + WORKER_DEADLINE_MS,
	    clock_wall_us());
	ok = answer(kit, &s);
	arena_release(&arena);
	return ok;
}

bool
cgi_fail(void)
{
	struct arena arena;
	struct crypto *crypto = crypto_new();
	struct response res = {0};
	struct scope s;
	bool ok;

	arena_init(&arena, 1024);
	scope_init(&s, &arena, 0, clock_wall_us());
	serve_tag(&s, crypto);
	(void)scope_fail(&s, &problem_internal);
	response_problem(&res, &s, crypto, NULL, false);
	log_line(LEVEL_ERROR, "request id=%s status=500 code=%s "
	    "cause=\"the settings are of no use\"", s.id, s.problem->code);
	ok = write_response(&res);
	response_release(&res);
	crypto_free(crypto);
	arena_release(&arena);
	return ok;
}
