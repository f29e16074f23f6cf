/* Method and path to a route. */
#include "api/route.h"

#include "api/problem.h"
#include "api/request.h"
#include "base/scope.h"

#include <string.h>

static bool
take_method(struct route *route, struct scope *s, const struct request *req)
{
	static const struct text names[] = {
	    [METHOD_GET] = TEXT("GET"),
	    [METHOD_HEAD] = TEXT("HEAD"),
	    [METHOD_OPTIONS] = TEXT("OPTIONS"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_equal(names[i], req->method)) {
			route->method = (enum method)i;
			return true;
		}
	}
	return scope_fail(s, &problem_method);
}

/* Without base_path, where that stands in front of a slash. */
static struct text
strip_base(struct text path, const char *base_path)
{
	struct text base = text_of(base_path);

	if (base.size > 0 && base.data[base.size - 1] == '/')
		base.size--;
	if (base.size > 0 && text_has_prefix(path, base)
	    && path.size > base.size && path.data[base.size] == '/') {
		path.data += base.size;
		path.size -= base.size;
	}
	return path;
}

/* "{id}" in the pattern is the one segment that id is set to. */
static bool
match(struct text *id, struct text path, const char *pattern)
{
	const char *hole = strstr(pattern, "{id}");
	struct text before = {pattern, (size_t)(hole - pattern)};
	struct text after = text_of(hole + strlen("{id}"));

	if (path.size <= before.size + after.size
	    || !text_has_prefix(path, before)
	    || memcmp(path.data + path.size - after.size, after.data,
		   after.size) != 0)
		return false;
	id->data = path.data + before.size;
	id->size = path.size - before.size - after.size;
	return memchr(id->data, '/', id->size) == NULL;
}

static bool
take_path(struct route *route, struct text path, const char *base_path,
    const char *const *patterns, size_t n_patterns)
{
	struct text id;

	path = strip_base(path, base_path);
	for (size_t i = 0; i < n_patterns; i++) {
		if (!match(&id, path, patterns[i]))
			continue;
		route->pattern = i;
		route->has_id = ulid_parse(route->id, id);
		return true;
	}
	return false;
}

/* The path of REQUEST_URI, decoded once as a web server decodes PATH_INFO. */
static bool
path_of_uri(struct text *path, struct scope *s, struct text uri)
{
	struct text raw;

	return text_cut(&raw, &uri, '?')
	    && text_percent_decode(path, s->arena, raw, false);
}

bool
route_find(struct route *route, struct scope *s, const struct request *req,
    const char *base_path, const char *const *patterns, size_t n_patterns)
{
	struct text path;

	*route = (struct route){0};
	if (!take_method(route, s, req))
		return false;
	if (!take_path(
		route, req->path_info, base_path, patterns, n_patterns)
	    && !(path_of_uri(&path, s, req->request_uri)
		&& take_path(route, path, base_path, patterns, n_patterns)))
		return scope_fail(s, &problem_no_route);
	params_read(&route->params, s, req->query);
	return true;
}
