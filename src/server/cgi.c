/* The path of a single request through the process. */
#include "server/cgi.h"

#include "adapters/crypto.h"
#include "api/problem.h"
#include "api/request.h"
#include "api/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "server/gate.h"
#include "server/kit.h"
#include "server/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_FIRST = 64 * 1024 };

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
		serve(&res, s, &app, &req);
		ok = write_response(&res);
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
