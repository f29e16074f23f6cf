/* An answer as records, read back. */
#include "adapters/fcgi.h"

#include "base/arena.h"
#include "base/buf.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum { FULL = 65528 };

struct reading {
	struct buf output;
	size_t n_records;
	size_t largest;
	bool complete; /* ended as it should, and nothing is behind the end */
	bool sound;    /* version, id, types, no padding */
};

static void
read_records(struct reading *r, struct text bytes, uint16_t id)
{
	bool output_ended = false;
	const uint8_t *p = (const uint8_t *)bytes.data;
	size_t left = bytes.size;

	*r = (struct reading){.sound = true};
	while (left >= FCGI_HEADER_SIZE && !r->complete) {
		size_t size = (size_t)(p[4] << 8 | p[5]);

		r->n_records++;
		r->sound = r->sound && p[0] == FCGI_VERSION
		    && (p[2] << 8 | p[3]) == id && p[6] == 0
		    && left >= FCGI_HEADER_SIZE + size;
		if (!r->sound)
			return;
		if (p[1] == FCGI_OUTPUT && size > 0 && !output_ended)
			buf_bytes(&r->output, p + FCGI_HEADER_SIZE, size);
		else if (p[1] == FCGI_OUTPUT && size == 0 && !output_ended)
			output_ended = true;
		else
			r->sound = p[1] == FCGI_END && output_ended && size == 8
			    && memcmp(p + FCGI_HEADER_SIZE, "\0\0\0\0\0", 5)
				== 0;
		r->complete = p[1] == FCGI_END;
		if (size > r->largest)
			r->largest = size;
		p += FCGI_HEADER_SIZE + size;
		left -= FCGI_HEADER_SIZE + size;
	}
	r->complete = r->complete && left == 0;
}

static char *
noise_new(size_t size, uint64_t seed)
{
	struct dice dice = {seed};
	char *noise = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		noise[i] = (char)dice_roll(&dice, 256);
	return noise;
}

static void
test_size(size_t head_size, size_t body_size, uint16_t id, bool end)
{
	char *head = noise_new(head_size, head_size);
	char *body = noise_new(body_size, body_size + 1);
	struct buf bytes = {0}, want = {0};
	struct reading r;
	struct iovec *pieces;
	struct arena a;
	size_t n;

	arena_init(&a, 256);
	n = fcgi_frame(&pieces, &a, id, (struct text){head, head_size},
	    (struct text){body, body_size}, end);
	for (size_t i = 0; i < n; i++)
		buf_bytes(&bytes, pieces[i].iov_base, pieces[i].iov_len);
	buf_bytes(&want, head, head_size);
	buf_bytes(&want, body, body_size);
	read_records(&r, buf_as_text(&bytes), id);
	ok(r.sound && r.complete == end, "head %zu, body %zu%s: sound records",
	    head_size, body_size, end ? "" : ", not the end");
	ok(text_equal(buf_as_text(&r.output), buf_as_text(&want)),
	    "the bytes come back");
	is_int((int64_t)r.n_records,
	    (int64_t)((want.size + FULL - 1) / FULL + (end ? 2 : 0)),
	    "no more records than needed");
	ok(r.largest <= FULL, "none is larger than 65,528 bytes");
	arena_release(&a);
	buf_release(&bytes);
	buf_release(&want);
	buf_release(&r.output);
	free(head);
	free(body);
}

int
main(void)
{
	static const size_t heads[] = {0, 1, 200, FULL - 1, FULL, FULL + 1};
	static const size_t bodies[] = {0, 1, 7, FULL - 201, FULL - 200,
	    FULL - 199, FULL - 1, FULL, FULL + 1, 2 * FULL - 200,
	    2 * FULL - 1, 2 * FULL, 2 * FULL + 1, 65535, 65536, 131072,
	    10 * FULL - 200, 10 * FULL - 199, 4 * 1024 * 1024 + 17};

	for (size_t i = 0; i < N_OF(heads); i++)
		for (size_t j = 0; j < N_OF(bodies); j++)
			for (int end = 0; end < 2; end++)
				test_size(heads[i], bodies[j],
				    (uint16_t)(1
					+ (i * 7919 + j * 3301) % 65535),
				    end);
	return tap_done();
}
