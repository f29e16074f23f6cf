/* Sending without waiting, over a pair of sockets. */
#include "server/outq.h"

#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	int ours, theirs;
};

static struct pair
pair_new(int send_buffer)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		abort();
	if (setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &send_buffer,
		sizeof(send_buffer))
	    == -1)
		abort();
	return (struct pair){fds[0], fds[1]};
}

static void
pair_close(struct pair p)
{
	close(p.ours);
	if (p.theirs != -1)
		close(p.theirs);
}

/* What has arrived, up to room bytes. */
static size_t
take(struct buf *in, int fd, size_t room)
{
	char bytes[8192];
	ssize_t n = recv(fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
	    MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	buf_bytes(in, bytes, (size_t)n);
	return (size_t)n;
}

/* Pieces of random sizes, some of them empty, over all of data. */
static size_t
cut(struct iovec *pieces, size_t room, struct text data, struct dice *dice,
    size_t largest)
{
	size_t n = 0;

	while (data.size > 0 && n < room) {
		size_t size = dice_roll(dice, largest);

		if (size > data.size || n == room - 1)
			size = data.size;
		pieces[n++] = (struct iovec){
		    (void *)(uintptr_t)data.data, size};
		data.data += size;
		data.size -= size;
	}
	return n;
}

static void
test_small(void)
{
	struct iovec pieces[] = {
	    {(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cde"}, 3}};
	struct pair p = pair_new(65536);
	struct outq q = {0};
	struct buf in = {0};

	ok(outq_send(&q, p.ours, pieces, 3) && outq_is_empty(&q),
	    "small pieces go at once");
	(void)take(&in, p.theirs, 100);
	is_text(buf_as_text(&in), TEXT("abcde"), "in their order");
	ok(outq_flush(&q, p.ours), "nothing to flush");
	buf_release(&in);
	outq_release(&q);
	pair_close(p);
}

static void
test_slow_reader(size_t size, size_t largest, size_t gulp)
{
	enum { ROOM = 5000 };
	static struct iovec pieces[ROOM];
	struct dice dice = {size + largest};
	char *data = malloc(size);
	struct pair p = pair_new(4096);
	struct outq q = {0};
	struct buf in = {0};
	size_t n, turns = 0;

	for (size_t i = 0; i < size; i++)
		data[i] = (char)dice_roll(&dice, 256);
	n = cut(pieces, ROOM, (struct text){data, size}, &dice, largest);
	ok(outq_send(&q, p.ours, pieces, n) && !outq_is_empty(&q),
	    "%zu bytes in %zu pieces: the rest is queued", size, n);
	while (in.size < size && turns++ < 10000000) {
		if (take(&in, p.theirs, gulp) == 0
		    && (!outq_flush(&q, p.ours)))
			break;
	}
	ok(in.size == size && memcmp(in.data, data, size) == 0,
	    "all of them arrive");
	ok(outq_flush(&q, p.ours) && outq_is_empty(&q) && q.bytes.data == NULL,
	    "an empty queue holds no memory");
	is_int((int64_t)take(&in, p.theirs, 1), 0, "and nothing comes twice");
	buf_release(&in);
	outq_release(&q);
	pair_close(p);
	free(data);
}

/* What is sent while something is queued comes behind it, even when there is
 * room again: nothing overtakes. */
static void
test_behind(void)
{
	static char large[300000] = "large";
	struct iovec first = {large, sizeof(large)};
	struct iovec more[] = {
	    {(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cde"}, 3}};
	struct pair p = pair_new(4096);
	struct outq q = {0};
	struct buf in = {0};
	size_t queued, sent;

	ok(outq_send(&q, p.ours, &first, 1) && !outq_is_empty(&q),
	    "a large piece is queued");
	while (take(&in, p.theirs, SIZE_MAX) > 0)
		;
	queued = q.bytes.size;
	sent = q.sent;
	ok(outq_send(&q, p.ours, more, 3), "a small one behind it");
	is_int((int64_t)(q.bytes.size - queued), 5, "is queued whole");
	is_int((int64_t)q.sent, (int64_t)sent, "and nothing is sent");
	is_int((int64_t)take(&in, p.theirs, 1), 0, "though there was room");
	ok(outq_send(&q, p.ours, more, 0), "no pieces");
	is_int((int64_t)(q.bytes.size - queued), 5, "are nothing more");
	while (!outq_is_empty(&q) && outq_flush(&q, p.ours))
		while (take(&in, p.theirs, SIZE_MAX) > 0)
			;
	while (take(&in, p.theirs, SIZE_MAX) > 0)
		;
	ok(in.size == sizeof(large) + 5
		&& memcmp(in.data, large, sizeof(large)) == 0
		&& memcmp(in.data + sizeof(large), "abcde", 5) == 0,
	    "all arrive in their order");
	buf_release(&in);
	outq_release(&q);
	pair_close(p);
}

/* More pieces than one system call takes (1,024 on Linux). */
static void
test_many_pieces(void)
{
	enum { N = 3000 };
	static struct iovec pieces[N];
	static char letters[] = "abcdefghijklmnopqrstuvwxyz";
	struct pair p = pair_new(1 << 20);
	struct outq q = {0};
	struct buf in = {0};
	bool right = true;

	for (int i = 0; i < N; i++)
		pieces[i] = (struct iovec){&letters[i % 26], 1};
	ok(outq_send(&q, p.ours, pieces, N), "three thousand pieces");
	for (int turn = 0; turn < 100 && in.size < N; turn++)
		if (take(&in, p.theirs, SIZE_MAX) == 0)
			(void)outq_flush(&q, p.ours);
	for (size_t i = 0; i < in.size; i++)
		right = right && in.data[i] == letters[i % 26];
	ok(in.size == N && right, "arrive in their order");
	buf_release(&in);
	outq_release(&q);
	pair_close(p);
}

/* No signal ends the program when the peer is gone. */
static void
test_broken(void)
{
	struct iovec piece = {(char[]){"x"}, 1};
	struct pair p = pair_new(4096);
	struct outq q = {0};
	static char large[100000];
	struct iovec rest = {large, sizeof(large)};

	ok(outq_send(&q, p.ours, &rest, 1) && !outq_is_empty(&q), "queued");
	close(p.theirs);
	p.theirs = -1;
	ok(!outq_flush(&q, p.ours), "a flush to nobody fails");
	outq_release(&q);
	ok(!outq_send(&q, p.ours, &piece, 1), "as does a send");
	ok(outq_is_empty(&q), "nothing is queued for nobody");
	outq_release(&q);
	pair_close(p);
}

int
main(void)
{
	test_small();
	test_slow_reader(300000, 70000, 1000);
	test_slow_reader(1000000, 500, 8192);
	test_slow_reader(65536, 65536 / 2, 1);
	test_behind();
	test_many_pieces();
	test_broken();
	return tap_done();
}
