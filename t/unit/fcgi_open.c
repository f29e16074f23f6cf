/* Parameters through libfcgi and back. */
#include "adapters/fcgi.h"

#include "base/buf.h"
#include "records.h"
#include "tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fcgi *fcgi;

static int
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* All variables, a line each, in their order, without the role that libfcgi
 * puts before them; "refused" if there are none to be had. */
static struct text
lines_of(struct buf *out, struct text parameters)
{
	char *const *variables =
	    fcgi_open(fcgi, parameters.data, parameters.size);

	out->size = 0;
	if (variables == NULL)
		return TEXT("refused");
	if (*variables != NULL
	    && strcmp(*variables, "FCGI_ROLE=RESPONDER") == 0)
		variables++;
	for (; *variables != NULL; variables++) {
		buf_string(out, *variables);
		buf_char(out, '\n');
	}
	fcgi_close(fcgi);
	return buf_as_text(out);
}

/* GET_VALUES and friends never come here: the gate keeps them out. */
static void
test_cases(void)
{
	static const struct {
		const char *what;
		struct text parameters, lines;
	} cases[] = {
	    {"none", TEXT(""), TEXT("")},
	    {"one", TEXT("\1\1ab"), TEXT("a=b\n")},
	    {"an empty value", TEXT("\1\0a"), TEXT("a=\n")},
	    {"an empty name", TEXT("\0\1b"), TEXT("=b\n")},
	    {"both empty", TEXT("\0\0"), TEXT("=\n")},
	    {"two", TEXT("\1\1ab\2\2cdef"), TEXT("a=b\ncd=ef\n")},
	    {"the same name twice", TEXT("\1\1ab\1\1ac"), TEXT("a=b\na=c\n")},
	    {"a long length", TEXT("\1\x80\0\0\1ab"), TEXT("a=b\n")},
	    {"a '=' in the value", TEXT("\1\3ab=c"), TEXT("a=b=c\n")},
	    {"any byte", TEXT("\1\3a\xff\x01\n"), TEXT("a=\xff\x01\n\n")},
	    {"cut at the first NUL", TEXT("\1\3ab\0c"), TEXT("a=b\n")},
	};
	struct buf out = {0};

	for (size_t i = 0; i < N_OF(cases); i++)
		is_text(lines_of(&out, cases[i].parameters), cases[i].lines,
		    "%s", cases[i].what);
	buf_release(&out);
}

/* Pairs of about the sizes that web servers send, that fill size exactly. */
static void
put_pairs(struct buf *out, struct buf *want, size_t size)
{
	struct dice dice = {size};
	char value[400];

	out->size = want->size = 0;
	memset(value, 'v', sizeof(value));
	while (out->size < size) {
		size_t left = size - out->size;
		size_t n = dice_roll(&dice, 120);
		char name[32];
		int n_name;

		if (n > left - 2 || left < 200)
			break;
		n_name = snprintf(name, sizeof(name), "HTTP_N%zu", out->size);
		put_pair(out, text_of(name), (struct text){value, n});
		buf_printf(want, "%.*s=%.*s\n", n_name, name, (int)n, value);
	}
	while (out->size < size) { /* the rest, an odd one first */
		bool odd = (size - out->size) % 2 != 0;

		put_pair(out, odd ? TEXT("o") : TEXT(""), TEXT(""));
		buf_string(want, odd ? "o=\n" : "=\n");
	}
}

static void
test_sizes(void)
{
	static const size_t sizes[] = {2, 3, 10, 500, 1500, 4095, 4096, 4097,
	    8179, 8192, 16384, 32768, 65479, 65480, 65488, 65495,
	    FCGI_PARAMETERS_MAX};
	struct buf parameters = {0}, want = {0}, got = {0};
	size_t n_right = 0;

	for (size_t i = 0; i < N_OF(sizes); i++) {
		put_pairs(&parameters, &want, sizes[i]);
		is_int((int64_t)parameters.size, (int64_t)sizes[i],
		    "%zu bytes of parameters", sizes[i]);
		ok(text_equal(lines_of(&got, buf_as_text(&parameters)),
		       buf_as_text(&want)),
		    "come back");
	}
	for (size_t size = 2; size < 3000; size++) {
		put_pairs(&parameters, &want, size);
		n_right += text_equal(
		    lines_of(&got, buf_as_text(&parameters)),
		    buf_as_text(&want));
	}
	is_int((int64_t)n_right, 2998, "every size up to 3,000, one after the "
	    "other");
	buf_release(&parameters);
	buf_release(&want);
	buf_release(&got);
}

/* One value of the largest size there is. */
static void
test_one_large(void)
{
	struct buf parameters = {0}, got = {0};
	char *value = malloc(FCGI_PARAMETERS_MAX);
	struct text lines;

	memset(value, 'x', FCGI_PARAMETERS_MAX);
	put_pair(&parameters, TEXT("A"),
	    (struct text){value, FCGI_PARAMETERS_MAX - 6});
	is_int((int64_t)parameters.size, FCGI_PARAMETERS_MAX,
	    "one large value");
	lines = lines_of(&got, buf_as_text(&parameters));
	is_int((int64_t)lines.size, FCGI_PARAMETERS_MAX - 6 + 3, "comes back");
	free(value);
	buf_release(&parameters);
	buf_release(&got);
}

/* What the gate would not have let through. */
static void
test_reuse_after_failure(void)
{
	static const struct {
		const char *what;
		struct text parameters;
	} cases[] = {
	    {"a cut value", TEXT("\1\4ab")},
	    {"a cut name", TEXT("\4\0ab")},
	    {"half a length", TEXT("\x80\0")},
	    {"lengths of 0x7FFFFFFF",
		TEXT("\xff\xff\xff\xff\xff\xff\xff\xff" "ab")},
	};
	struct buf got = {0}, large = {0};
	int before;

	(void)lines_of(&got, TEXT("\1\1ab"));
	before = count_descriptors();
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < N_OF(cases); i++) {
			is_text(lines_of(&got, cases[i].parameters),
			    TEXT("refused"), "%s", cases[i].what);
			is_text(lines_of(&got, TEXT("\1\1ab")), TEXT("a=b\n"),
			    "the next one is read");
		}
	for (int i = 0; i < FCGI_PARAMETERS_MAX + 1; i++)
		buf_char(&large, 0);
	is_text(lines_of(&got, buf_as_text(&large)), TEXT("refused"),
	    "one byte too many");
	is_text(lines_of(&got, TEXT("\1\1ab")), TEXT("a=b\n"),
	    "the next one is read");
	is_int(count_descriptors(), before, "no descriptor is left open");
	buf_release(&got);
	buf_release(&large);
}

static void
test_open_and_free(void)
{
	int before = count_descriptors();

	for (int i = 0; i < 50; i++) {
		struct fcgi *f = fcgi_new();

		if (i % 2 == 0 && fcgi_open(f, "\1\1ab", 4) != NULL)
			fcgi_close(f);
		fcgi_free(f);
	}
	fcgi_free(NULL);
	is_int(count_descriptors(), before, "freed with its descriptors");
}

int
main(void)
{
	alarm(60); /* libfcgi has no deadline */
	fcgi_init();
	fcgi = fcgi_new();
	test_cases();
	test_sizes();
	test_one_large();
	test_reuse_after_failure();
	fcgi_free(fcgi);
	test_open_and_free();
	return tap_done();
}
