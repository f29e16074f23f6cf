/* Files as AWS's tools write them, and as people do. */
#include "base/ini.h"

#include "base/buf.h"
#include "tap.h"

/* All headings as "section/|", all keys as "section/key=value|". */
static void
print_all(struct buf *out, const char *file)
{
	struct ini ini;

	out->size = 0;
	ini_begin(&ini, text_of(file));
	while (ini_next(&ini)) {
		buf_text(out, ini.section.data == NULL ? TEXT("-")
						       : ini.section);
		buf_char(out, '/');
		if (ini.key.data != NULL) {
			buf_text(out, ini.key);
			buf_char(out, '=');
			buf_text(out, ini.value);
		}
		buf_char(out, '|');
	}
}

int
main(void)
{
	static const struct {
		const char *file, *want;
	} cases[] = {
	    {"", ""},
	    {"[a]\nk = v\n", "a/|a/k=v|"},
	    {"[a]\nk = v", "a/|a/k=v|"},
	    {"\xef\xbb\xbf[a]\nk=v", "a/|a/k=v|"},
	    {"[a]\r\nk = v\r\n", "a/|a/k=v|"},
	    {"k = v\n[a]\n", "-/k=v|a/|"},
	    {"[ profile  b ] # why\nk = v\n", "profile  b/|profile  b/k=v|"},
	    {"[a]\n# k = v\n  ; k = v\n\nk = v # w\n", "a/|a/k=v # w|"},
	    {"[a]\ns3 =\n  max = 3\n\tmin = 1\nk = v\n",
		"a/|a/s3=|a/k=v|"},
	    {"[a]\n  k = v\n  l = w\n    m = x\n n = y\n",
		"a/|a/k=v|a/l=w|a/n=y|"},
	    {"[a]\ns3 =\n  [b]\nk = v\n", "a/|a/s3=|a/k=v|"},
	    {"[a]\n  [b]\nk = v\n", "a/|b/|b/k=v|"},
	    {"[a]\nk = v=w==\n", "a/|a/k=v=w==|"},
	    {"[a]\nno key here\nk = v\n", "a/|a/k=v|"},
	    {"[a\nk = v\n", "a/|a/k=v|"},
	    {"[]\nk = v\n", "/|/k=v|"},
	    {"[a]\n= v\n", "a/|a/=v|"},
	    {"[a]\nk = 1\n[b]\nk = 2\n[a]\nk = 3\n",
		"a/|a/k=1|b/|b/k=2|a/|a/k=3|"},
	};
	struct buf got = {0};

	for (size_t i = 0; i < N_OF(cases); i++) {
		print_all(&got, cases[i].file);
		is_text(got.size == 0 ? TEXT("") : buf_as_text(&got),
		    text_of(cases[i].want), "file %zu", i);
	}
	buf_release(&got);
	return tap_done();
}
