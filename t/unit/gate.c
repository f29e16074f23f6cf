/* The gate: which bytes are a request, wherever they are cut. */
#include "server/gate.h"

#include "records.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

enum { ID = 1, OTHER_ID = 2, GET_VALUES = 9, DATA = 8, UNKNOWN = 11 };

/* Feeds pieces of up to step bytes, each in memory of its own, so that a
 * sanitizer sees who reads on. */
static enum gate_verdict
feed(struct gate *g, struct text bytes, size_t step, size_t *used)
{
	enum gate_verdict verdict = GATE_MORE;

	*used = 0;
	while (verdict == GATE_MORE && *used < bytes.size) {
		size_t left = bytes.size - *used;
		size_t n = left < step ? left : step;
		uint8_t *piece = malloc(n);
		size_t n_used;

		memcpy(piece, bytes.data + *used, n);
		verdict = gate_feed(g, piece, n, &n_used);
		free(piece);
		*used += n_used;
		if (verdict == GATE_MORE && n_used != n)
			abort();
	}
	return verdict;
}

static enum gate_verdict
verdict_on(struct text bytes)
{
	struct gate g = {0};
	size_t used;
	enum gate_verdict verdict;

	gate_reset(&g);
	verdict = feed(&g, bytes, SIZE_MAX, &used);
	gate_reset(&g);
	return verdict;
}

static void
put_sample(struct buf *out, struct buf *parameters)
{
	parameters->size = out->size = 0;
	put_pair(parameters, TEXT("REQUEST_METHOD"), TEXT("GET"));
	put_pair(parameters, TEXT("EMPTY"), TEXT(""));
	put_pair(parameters, TEXT("QUERY_STRING"), TEXT("since=5&limit=7"));
	put_request(out, ID, buf_as_text(parameters), TEXT("a=b"));
}

static void
test_one(void)
{
	struct buf bytes = {0}, parameters = {0};
	struct gate g = {0};
	size_t used;

	gate_reset(&g);
	ok(!gate_has_begun(&g), "nothing has come");
	put_sample(&bytes, &parameters);
	is_int(feed(&g, buf_as_text(&bytes), SIZE_MAX, &used), GATE_READY,
	    "a request");
	is_int((int64_t)used, (int64_t)bytes.size, "to its last byte");
	is_int(g.id, ID, "its id");
	ok(g.keep, "the connection is kept");
	is_int((int64_t)g.body_size, 3, "its body's size");
	is_text(buf_as_text(&g.parameters), buf_as_text(&parameters),
	    "its parameters");
	gate_reset(&g);
	ok(!gate_has_begun(&g) && g.parameters.data == NULL,
	    "a reset forgets all of it");
	buf_release(&bytes);
	buf_release(&parameters);
}

/* What stands in BEGIN_REQUEST. */
static void
test_begin(void)
{
	static const struct {
		uint16_t id;
		uint8_t flags;
		bool keep;
	} cases[] = {{1, 0, false}, {1, 1, true}, {65535, 0xff, true},
	    {256, 0xfe, false}};
	struct buf bytes = {0};
	size_t used;

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct gate g = {0};

		gate_reset(&g);
		bytes.size = 0;
		put_begin(&bytes, cases[i].id, FCGI_ROLE_RESPONDER,
		    cases[i].flags);
		put_record(&bytes, FCGI_PARAMETERS, cases[i].id, TEXT(""), 0);
		put_record(&bytes, FCGI_INPUT, cases[i].id, TEXT(""), 0);
		is_int(feed(&g, buf_as_text(&bytes), SIZE_MAX, &used),
		    GATE_READY, "no parameters and no body");
		is_int(g.id, cases[i].id, "id %u", cases[i].id);
		is_int(g.keep, cases[i].keep, "flags %02x", cases[i].flags);
		gate_reset(&g);
	}
	buf_release(&bytes);
}

static void
test_split(void)
{
	struct buf bytes = {0}, parameters = {0};
	size_t used, n_right = 0;

	put_sample(&bytes, &parameters);
	for (size_t at = 1; at < bytes.size; at++) {
		struct gate g = {0};
		struct text first = {bytes.data, at};
		struct text second = {bytes.data + at, bytes.size - at};

		gate_reset(&g);
		n_right += feed(&g, first, SIZE_MAX, &used) == GATE_MORE
		    && gate_has_begun(&g)
		    && feed(&g, second, SIZE_MAX, &used) == GATE_READY
		    && used == second.size && g.body_size == 3
		    && text_equal(buf_as_text(&g.parameters),
			buf_as_text(&parameters));
		gate_reset(&g);
	}
	is_int((int64_t)n_right, (int64_t)bytes.size - 1,
	    "cut in two at every byte");
	n_right = 0;
	for (size_t step = 1; step <= bytes.size; step++) {
		struct gate g = {0};

		gate_reset(&g);
		n_right += feed(&g, buf_as_text(&bytes), step, &used)
			== GATE_READY
		    && used == bytes.size
		    && text_equal(buf_as_text(&g.parameters),
			buf_as_text(&parameters));
		gate_reset(&g);
	}
	is_int((int64_t)n_right, (int64_t)bytes.size,
	    "in pieces of every size, from single bytes");
	buf_release(&bytes);
	buf_release(&parameters);
}

/* Every byte of the parameters in a record of its own. */
static void
test_tiny_records(void)
{
	struct buf bytes = {0}, parameters = {0}, sample = {0};
	struct gate g = {0};
	size_t used;

	put_sample(&sample, &parameters);
	put_begin(&bytes, ID, FCGI_ROLE_RESPONDER, 0);
	for (size_t i = 0; i < parameters.size; i++)
		put_record(&bytes, FCGI_PARAMETERS, ID,
		    (struct text){parameters.data + i, 1}, (uint8_t)i);
	put_record(&bytes, FCGI_PARAMETERS, ID, TEXT(""), 9);
	for (int i = 0; i < 100; i++)
		put_record(&bytes, FCGI_INPUT, ID, TEXT("x"), 3);
	put_record(&bytes, FCGI_INPUT, ID, TEXT(""), 0);
	gate_reset(&g);
	is_int(feed(&g, buf_as_text(&bytes), SIZE_MAX, &used), GATE_READY,
	    "records of one byte");
	is_text(buf_as_text(&g.parameters), buf_as_text(&parameters),
	    "the parameters are put together");
	is_int((int64_t)g.body_size, 100, "the body is counted");
	gate_reset(&g);
	buf_release(&bytes);
	buf_release(&parameters);
	buf_release(&sample);
}

static void
test_padding(void)
{
	struct buf bytes = {0};
	struct text pairs = TEXT("\1\1ab");
	size_t used, n_right = 0;

	for (int i = 0; i < 256; i++) {
		uint8_t padding = (uint8_t)i;
		struct gate g = {0};

		bytes.size = 0;
		put_record(&bytes, FCGI_BEGIN, ID, TEXT("\0\1\0\0\0\0\0\0"),
		    padding);
		put_record(&bytes, FCGI_PARAMETERS, ID, pairs, padding);
		put_record(&bytes, FCGI_PARAMETERS, ID, TEXT(""), padding);
		put_record(&bytes, FCGI_INPUT, ID, TEXT("body"), padding);
		put_record(&bytes, FCGI_INPUT, ID, TEXT(""), padding);
		for (size_t step = 1; step < 400; step += 7) {
			gate_reset(&g);
			n_right += feed(&g, buf_as_text(&bytes), step, &used)
				== GATE_READY
			    && used == bytes.size && g.body_size == 4
			    && text_equal(buf_as_text(&g.parameters), pairs);
		}
		gate_reset(&g);
	}
	is_int((int64_t)n_right, 256 * 57, "padding of 0 to 255 bytes");
	buf_release(&bytes);
}

static void
test_two(void)
{
	struct buf bytes = {0}, parameters = {0}, both = {0};
	struct gate g = {0};
	size_t first, second;

	put_sample(&bytes, &parameters);
	buf_text(&both, buf_as_text(&bytes));
	put_request(&both, OTHER_ID, TEXT("\1\0x"), TEXT(""));
	gate_reset(&g);
	is_int(feed(&g, buf_as_text(&both), SIZE_MAX, &first), GATE_READY,
	    "two requests: the first");
	is_int((int64_t)first, (int64_t)bytes.size, "it ends at its end");
	gate_reset(&g);
	is_int(feed(&g,
		   (struct text){both.data + first, both.size - first},
		   SIZE_MAX, &second),
	    GATE_READY, "the second");
	is_int(g.id, OTHER_ID, "it has an id of its own");
	is_text(buf_as_text(&g.parameters), TEXT("\1\0x"), "and parameters");
	is_int((int64_t)(first + second), (int64_t)both.size, "and its end");
	gate_reset(&g);
	buf_release(&bytes);
	buf_release(&parameters);
	buf_release(&both);
}

/* --- what is refused --- */

/* A good request but for one byte. */
static void
test_bad_headers(void)
{
	/* offsets: BEGIN at 0 (16 bytes), PARAMS at 16, its end at 28, STDIN
	 * at 36, its end at 45 */
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		const char *why;
	} cases[] = {
	    {"BEGIN: version 0", 0, 0, "its version is not 1"},
	    {"BEGIN: version 2", 0, 2, "its version is not 1"},
	    {"BEGIN: type 0", 1, 0, "a record is out of its order"},
	    {"BEGIN: ABORT", 1, FCGI_ABORT, "it was aborted"},
	    {"BEGIN: PARAMS", 1, FCGI_PARAMETERS,
		"a record is out of its order"},
	    {"BEGIN: STDIN", 1, FCGI_INPUT, "a record is out of its order"},
	    {"BEGIN: GET_VALUES", 1, GET_VALUES,
		"a record is out of its order"},
	    {"BEGIN: unknown type", 1, UNKNOWN,
		"a record is out of its order"},
	    {"BEGIN: id 0", 3, 0, "a record has a wrong request id"},
	    {"BEGIN: length 7", 5, 7, "its first record has a wrong length"},
	    {"BEGIN: length 9", 5, 9, "its first record has a wrong length"},
	    {"BEGIN: length 264", 4, 1, "its first record has a wrong length"},
	    {"role Authorizer", 9, 2, "its role is not Responder"},
	    {"role Filter", 9, 3, "its role is not Responder"},
	    {"role 0", 9, 0, "its role is not Responder"},
	    {"role 257", 8, 1, "its role is not Responder"},
	    {"PARAMS: version 0", 16, 0, "its version is not 1"},
	    {"PARAMS: BEGIN", 17, FCGI_BEGIN, "a record is out of its order"},
	    {"PARAMS: ABORT", 17, FCGI_ABORT, "it was aborted"},
	    {"PARAMS: STDIN", 17, FCGI_INPUT, "a record is out of its order"},
	    {"PARAMS: DATA", 17, DATA, "a record is out of its order"},
	    {"PARAMS: GET_VALUES", 17, GET_VALUES,
		"a record is out of its order"},
	    {"PARAMS: END_REQUEST", 17, FCGI_END,
		"a record is out of its order"},
	    {"PARAMS: id 0", 19, 0, "a record has a wrong request id"},
	    {"PARAMS: another id", 19, 2, "a record has a wrong request id"},
	    {"PARAMS: id 257", 18, 1, "a record has a wrong request id"},
	    {"the end of PARAMS: another id", 31, 2,
		"a record has a wrong request id"},
	    {"STDIN: PARAMS", 37, FCGI_PARAMETERS,
		"a record is out of its order"},
	    {"STDIN: BEGIN", 37, FCGI_BEGIN, "a record is out of its order"},
	    {"STDIN: ABORT", 37, FCGI_ABORT, "it was aborted"},
	    {"STDIN: DATA", 37, DATA, "a record is out of its order"},
	    {"STDIN: another id", 39, 7, "a record has a wrong request id"},
	    {"the end of STDIN: version 3", 45, 3, "its version is not 1"},
	    {"the end of STDIN: ABORT", 46, FCGI_ABORT, "it was aborted"},
	};
	struct buf bytes = {0};
	size_t used;

	put_request(&bytes, ID, TEXT("\1\1ab"), TEXT("x"));
	is_int(verdict_on(buf_as_text(&bytes)), GATE_READY, "a good request");
	is_int((int64_t)bytes.size, 53, "of 53 bytes");
	for (size_t i = 0; i < N_OF(cases); i++) {
		for (size_t step = 1; step < 100; step += 60) {
			struct gate g = {0};
			char saved = bytes.data[cases[i].at];

			gate_reset(&g);
			bytes.data[cases[i].at] = (char)cases[i].value;
			is_int(feed(&g, buf_as_text(&bytes), step, &used),
			    GATE_REJECT, "%s", cases[i].what);
			is_str(g.why, cases[i].why, "why");
			bytes.data[cases[i].at] = saved;
			gate_reset(&g);
		}
	}
	buf_release(&bytes);
}

/* Four names in a GET_VALUES record smash libfcgi's stack. */
static void
test_get_values_first(void)
{
	struct buf values = {0}, bytes = {0};

	for (int i = 0; i < 4; i++)
		put_pair(&values, TEXT("FCGI_MAX_CONNS"), TEXT(""));
	for (uint16_t id = 0; id < 2; id++) {
		bytes.size = 0;
		put_record(&bytes, GET_VALUES, id, buf_as_text(&values), 0);
		put_request(&bytes, ID, TEXT("\1\1ab"), TEXT(""));
		is_int(verdict_on(buf_as_text(&bytes)), GATE_REJECT,
		    "GET_VALUES of id %u", id);
	}
	buf_release(&values);
	buf_release(&bytes);
}

static void
test_pairs(void)
{
	static const struct {
		const char *what;
		struct text pairs;
		enum gate_verdict verdict;
	} cases[] = {
	    {"none", TEXT(""), GATE_READY},
	    {"empty name and value", TEXT("\0\0"), GATE_READY},
	    {"short", TEXT("\1\1ab"), GATE_READY},
	    {"a name alone", TEXT("\1\0a"), GATE_READY},
	    {"a value alone", TEXT("\0\1a"), GATE_READY},
	    {"a long length for a short name", TEXT("\x80\0\0\1\1ab"),
		GATE_READY},
	    {"both long", TEXT("\x80\0\0\1\x80\0\0\1ab"), GATE_READY},
	    {"half a pair", TEXT("\1"), GATE_REJECT},
	    {"no value's length", TEXT("\x80\0\0\1"), GATE_REJECT},
	    {"a cut long length", TEXT("\x80\0\0"), GATE_REJECT},
	    {"a cut second length", TEXT("\1\x80\0\0"), GATE_REJECT},
	    {"no name", TEXT("\1\0"), GATE_REJECT},
	    {"a cut name", TEXT("\5\0abcd"), GATE_REJECT},
	    {"no value", TEXT("\1\1a"), GATE_REJECT},
	    {"a cut value", TEXT("\1\4abcd"), GATE_REJECT},
	    {"one byte too many", TEXT("\1\1abc"), GATE_REJECT},
	    {"the second is cut", TEXT("\1\1ab\1\1c"), GATE_REJECT},
	    {"two lengths of 0x7FFFFFFE",
		TEXT("\xff\xff\xff\xfe\xff\xff\xff\xfe" "ab"), GATE_REJECT},
	    {"two lengths of 0x7FFFFFFF",
		TEXT("\xff\xff\xff\xff\xff\xff\xff\xff" "ab"), GATE_REJECT},
	    {"lengths that add up to 2^32",
		TEXT("\xff\xff\xff\xff\xff\xff\xff\xff"), GATE_REJECT},
	    {"a huge value", TEXT("\1\xff\xff\xff\xff" "a"), GATE_REJECT},
	    {"a huge name", TEXT("\xff\xff\xff\xff\1" "a"), GATE_REJECT},
	    {"lengths that wrap to fit",
		TEXT("\x80\0\0\2\xff\xff\xff\xff" "abc"), GATE_REJECT},
	};
	struct buf bytes = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		bytes.size = 0;
		put_request(&bytes, ID, cases[i].pairs, TEXT(""));
		is_int(verdict_on(buf_as_text(&bytes)), cases[i].verdict,
		    "pairs: %s", cases[i].what);
	}
	buf_release(&bytes);
}

/* One pair that makes the parameters so large, in records of up to step. */
static enum gate_verdict
verdict_on_parameters(size_t size, size_t step, size_t *n_taken)
{
	struct buf pair = {0}, bytes = {0};
	char *value = calloc(1, size);
	struct gate g = {0};
	enum gate_verdict verdict;
	size_t used;

	put_pair(&pair, TEXT("X"), (struct text){value, size - 6});
	put_begin(&bytes, ID, FCGI_ROLE_RESPONDER, 0);
	for (size_t at = 0; at < pair.size; at += step)
		put_record(&bytes, FCGI_PARAMETERS, ID,
		    (struct text){pair.data + at,
			pair.size - at < step ? pair.size - at : step},
		    0);
	put_record(&bytes, FCGI_PARAMETERS, ID, TEXT(""), 0);
	put_record(&bytes, FCGI_INPUT, ID, TEXT(""), 0);
	gate_reset(&g);
	verdict = feed(&g, buf_as_text(&bytes), 4096, &used);
	*n_taken = g.parameters.size;
	gate_reset(&g);
	free(value);
	buf_release(&pair);
	buf_release(&bytes);
	return verdict;
}

static void
test_ceilings(void)
{
	static const struct {
		size_t size, step;
		enum gate_verdict verdict;
	} parameters[] = {
	    {FCGI_PARAMETERS_MAX, 65535, GATE_READY},
	    {FCGI_PARAMETERS_MAX, 8192, GATE_READY},
	    {FCGI_PARAMETERS_MAX, 32748, GATE_READY},
	    {FCGI_PARAMETERS_MAX + 1, 65535, GATE_REJECT},
	    {FCGI_PARAMETERS_MAX + 1, FCGI_PARAMETERS_MAX, GATE_REJECT},
	    {FCGI_PARAMETERS_MAX + 1, 8192, GATE_REJECT},
	    {65535, 65535, GATE_REJECT},
	    {200000, 65535, GATE_REJECT},
	};
	static const struct {
		size_t size;
		enum gate_verdict verdict;
	} bodies[] = {
	    {0, GATE_READY}, {1, GATE_READY}, {65535, GATE_READY},
	    {65536, GATE_READY}, {GATE_BODY_MAX - 1, GATE_READY},
	    {GATE_BODY_MAX, GATE_READY}, {GATE_BODY_MAX + 1, GATE_REJECT},
	    {GATE_BODY_MAX + 65536, GATE_REJECT},
	};
	static char body[65535];
	struct buf bytes = {0};

	for (size_t i = 0; i < N_OF(parameters); i++) {
		size_t n_taken;

		is_int(verdict_on_parameters(parameters[i].size,
			   parameters[i].step, &n_taken),
		    parameters[i].verdict,
		    "%zu bytes of parameters in records of %zu",
		    parameters[i].size, parameters[i].step);
		ok(n_taken <= FCGI_PARAMETERS_MAX, "%zu were kept", n_taken);
	}
	for (size_t i = 0; i < N_OF(bodies); i++) {
		bytes.size = 0;
		put_begin(&bytes, ID, FCGI_ROLE_RESPONDER, 0);
		put_record(&bytes, FCGI_PARAMETERS, ID, TEXT(""), 0);
		for (size_t left = bodies[i].size; left > 0;) {
			size_t n = left < sizeof(body) ? left : sizeof(body);

			put_record(&bytes, FCGI_INPUT, ID,
			    (struct text){body, n}, 0);
			left -= n;
		}
		put_record(&bytes, FCGI_INPUT, ID, TEXT(""), 0);
		is_int(verdict_on(buf_as_text(&bytes)), bodies[i].verdict,
		    "a body of %zu bytes", bodies[i].size);
	}
	buf_release(&bytes);
}

/* The peer aborts after any byte: it is never taken for a request. The last
 * two bytes of a request, padding and reserved, may be any. */
static void
test_abort(void)
{
	struct buf bytes = {0}, parameters = {0}, cut = {0};
	size_t n_ready = 0, n_rejected = 0;

	put_sample(&bytes, &parameters);
	for (size_t at = 0; at < bytes.size - 2; at++) {
		enum gate_verdict verdict;

		cut.size = 0;
		buf_bytes(&cut, bytes.data, at);
		put_record(&cut, FCGI_ABORT, ID, TEXT(""), 0);
		verdict = verdict_on(buf_as_text(&cut));
		n_rejected += verdict == GATE_REJECT;
		buf_bytes(&cut, bytes.data + at, bytes.size - at);
		verdict = verdict_on(buf_as_text(&cut));
		n_ready += verdict == GATE_READY;
	}
	is_int((int64_t)n_ready, 0, "ABORT at every byte");
	ok(n_rejected >= 5, "between records it is refused at once (%zu)",
	    n_rejected);
	buf_release(&bytes);
	buf_release(&parameters);
	buf_release(&cut);
}

static void
test_random(void)
{
	struct buf bytes = {0}, parameters = {0};
	struct dice dice = {17};
	uint8_t noise[300];
	size_t used, n_ready = 0, n_rejected = 0;

	for (int round = 0; round < 20000; round++) {
		struct gate g = {0};
		size_t n = dice_roll(&dice, sizeof(noise));

		for (size_t i = 0; i < n; i++)
			noise[i] = (uint8_t)dice_roll(
			    &dice, dice_roll(&dice, 2) == 0 ? 6 : 256);
		gate_reset(&g);
		n_ready += feed(&g, (struct text){(char *)noise, n},
			       1 + dice_roll(&dice, 50), &used)
		    == GATE_READY;
		gate_reset(&g);
	}
	is_int((int64_t)n_ready, 0, "noise is no request");
	for (int round = 0; round < 50000; round++) {
		struct gate g = {0};

		put_sample(&bytes, &parameters);
		for (uint64_t i = 1 + dice_roll(&dice, 4); i > 0; i--)
			bytes.data[dice_roll(&dice, bytes.size)] =
			    (char)dice_roll(&dice, 256);
		gate_reset(&g);
		n_rejected += feed(&g, buf_as_text(&bytes),
				  1 + dice_roll(&dice, 200), &used)
		    == GATE_REJECT;
		gate_reset(&g);
	}
	ok(n_rejected > 10000, "a request with errors (%zu refused)",
	    n_rejected);
	buf_release(&bytes);
	buf_release(&parameters);
}

int
main(void)
{
	test_one();
	test_begin();
	test_split();
	test_tiny_records();
	test_padding();
	test_two();
	test_bad_headers();
	test_get_values_first();
	test_pairs();
	test_ceilings();
	test_abort();
	test_random();
	return tap_done();
}
