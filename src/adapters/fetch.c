/* A libcurl handle, and what its callbacks collect. */
#include "adapters/fetch.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/scope.h"

#include <curl/curl.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD_MAX = 256 * 1024,  /* bytes of all header lines */
	BODY_KEPT = 64 * 1024,  /* of the buffer, from one answer to the next */
};

struct fetch {
	CURL *curl;
	struct buf body;
	char error[CURL_ERROR_SIZE];
	/* the request that is under way */
	const struct fetch_request *request;
	struct fetch_answer *answer;
	struct scope *scope;
	size_t head_size;
	bool too_large;
};

struct fetch *
fetch_new(void)
{
	struct fetch *f = memory_new(sizeof(*f));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	f->curl = curl_easy_init();
	if (f->curl == NULL)
		abort();
	return f;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	curl_easy_cleanup(f->curl);
	curl_global_cleanup();
	buf_release(&f->body);
	free(f);
}

/* --- what libcurl calls; less than n stops it --- */

static size_t
take_body(char *data, size_t size, size_t n, void *fetch)
{
	struct fetch *f = fetch;

	(void)size;
	f->too_large = n > f->request->max_body - f->body.size;
	if (f->too_large)
		return 0;
	buf_bytes(&f->body, data, n);
	return n;
}

static void
take_wanted(struct fetch *f, struct text name, struct text value)
{
	const char *const *wanted = f->request->wanted;

	for (size_t i = 0; wanted != NULL && wanted[i] != NULL; i++) {
		assert(i < FETCH_WANTED_MAX);
		if (text_equal_nocase(text_of(wanted[i]), name))
			f->answer->wanted[i] = (struct text){
			    arena_copy(f->scope->arena, value.data, value.size),
			    value.size};
	}
}

static size_t
take_head(char *data, size_t size, size_t n, void *fetch)
{
	struct fetch *f = fetch;
	struct text line = {data, n}, name;

	(void)size;
	f->too_large = n > HEAD_MAX - f->head_size;
	if (f->too_large)
		return 0;
	f->head_size += n;
	/* those of a proxy and of a 100 have come before the answer's */
	if (text_has_prefix(line, TEXT("HTTP/")))
		memset(f->answer->wanted, 0, sizeof(f->answer->wanted));
	else if (text_cut(&name, &line, ':') && line.data != NULL)
		take_wanted(f, name, text_trim(line, " \t\r\n"));
	return n;
}

static int
watch(void *fetch, curl_off_t down, curl_off_t down_now, curl_off_t up,
    curl_off_t up_now)
{
	struct fetch *f = fetch;

	(void)down, (void)down_now, (void)up, (void)up_now;
	return !f->request->go_on(f->request->of);
}

/* --- a request --- */

static void
set_protocols(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(
	    c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void
set_limits(CURL *c, struct scope *s, const struct fetch_request *request)
{
	int left_ms = scope_left_ms(s);

	/* 0 would be libcurl's own idea of a limit */
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, left_ms > 0 ? left_ms : 1L);
	curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)request->silence_s);
	curl_easy_setopt(
	    c, CURLOPT_LOW_SPEED_LIMIT, request->silence_s > 0 ? 1L : 0L);
}

static void
set_callbacks(CURL *c, struct fetch *f)
{
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
	if (f->request->go_on != NULL) {
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch);
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	}
}

static void
set_options(struct fetch *f, struct curl_slist *headers)
{
	const struct fetch_request *request = f->request;
	CURL *c = f->curl;

	curl_easy_reset(c); /* connections stay */
	set_protocols(c);
	set_limits(c, f->scope, request);
	set_callbacks(c, f);
	curl_easy_setopt(c, CURLOPT_URL, request->url);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "jobtail/" PACKAGE_VERSION);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a name that nobody resolves takes no longer than the rest */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (request->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, request->ca_file);
	if (request->direct)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (request->body.data != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body.size);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, request->body.data);
	}
}

static struct curl_slist *
header_list(const char *const *headers)
{
	struct curl_slist *list = NULL, *longer;

	for (; headers != NULL && *headers != NULL; headers++) {
		longer = curl_slist_append(list, *headers);
		if (longer == NULL)
			abort();
		list = longer;
	}
	return list;
}

static enum fetch_outcome
outcome_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK: return FETCH_ANSWERED;
	case CURLE_ABORTED_BY_CALLBACK: return FETCH_STOPPED;
	case CURLE_URL_MALFORMAT: return FETCH_BAD_URL;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE: return FETCH_UNTRUSTED;
	default: return FETCH_INTERRUPTED;
	}
}

/* A name is looked at when the rest of the certificate was good. By then the
 * library of TLS has found no fault; OpenSSL's "unspecified" (1) is there until
 * somebody asks it. */
static enum fetch_hurdle
hurdle_of_cert(CURL *c)
{
	long fault = 0;

	curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &fault);
	return fault <= 1 ? FETCH_CERT_NAME : FETCH_CERT;
}

static enum fetch_hurdle
hurdle_of(CURL *c, CURLcode code)
{
	long proxy_status = 0;

	curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (code != CURLE_OK && proxy_status >= 300)
		return FETCH_PROXY;
	switch (code) {
	case CURLE_OK: return FETCH_NONE;
	case CURLE_COULDNT_RESOLVE_PROXY: return FETCH_PROXY;
	case CURLE_COULDNT_RESOLVE_HOST: return FETCH_NAME;
	case CURLE_COULDNT_CONNECT: return FETCH_CONNECT;
	case CURLE_OPERATION_TIMEDOUT: return FETCH_TIME;
	case CURLE_SSL_CONNECT_ERROR: return FETCH_TLS;
	case CURLE_PEER_FAILED_VERIFICATION: return hurdle_of_cert(c);
	case CURLE_SSL_CACERT_BADFILE: return FETCH_CERT;
	default: return FETCH_OTHER;
	}
}

static void
tell_cause(struct scope *s, const struct fetch *f, CURLcode code)
{
	if (code == CURLE_OK)
		return;
	if (f->too_large)
		scope_cause(s, "the answer is larger than it may be");
	else
		scope_cause(s, "%s",
		    f->error[0] != '\0' ? f->error : curl_easy_strerror(code));
}

enum fetch_outcome
fetch_send(struct fetch_answer *answer, struct scope *s, struct fetch *f,
    const struct fetch_request *request)
{
	struct curl_slist *headers = header_list(request->headers);
	long status = 0;
	CURLcode code;

	*answer = (struct fetch_answer){0};
	f->request = request;
	f->answer = answer;
	f->scope = s;
	f->head_size = 0;
	f->too_large = false;
	f->error[0] = '\0';
	buf_reset(&f->body, BODY_KEPT);
	set_options(f, headers);
	code = curl_easy_perform(f->curl);
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	answer->status = (int)status;
	answer->body = buf_as_text(&f->body);
	answer->hurdle = hurdle_of(f->curl, code);
	tell_cause(s, f, code);
	return outcome_of(code);
}

void
fetch_wipe(struct fetch *f)
{
	if (f->body.room > 0)
		explicit_bzero(f->body.data, f->body.room);
	f->body.size = 0;
}

int64_t
fetch_date_s(struct text value)
{
	char date[64];

	if (value.size == 0 || value.size >= sizeof(date))
		return -1;
	memcpy(date, value.data, value.size);
	date[value.size] = '\0';
	return curl_getdate(date, NULL);
}

int64_t
fetch_retry_after_s(struct text value, int64_t now_s)
{
	int64_t seconds;

	if (text_int(&seconds, value))
		return seconds < 0 ? -1 : seconds;
	seconds = fetch_date_s(value);
	if (seconds == -1)
		return -1;
	return seconds < now_s ? 0 : seconds - now_s;
}

const char *
fetch_version(void)
{
	return curl_version();
}
