/* Sending without waiting. */
#include "server/outq.h"

#include <errno.h>
#include <sys/socket.h>

enum { PIECES_MAX = 1024 }; /* Linux's UIO_MAXIOV */

static bool
would_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* How much one call sent; -1: broken. */
static ssize_t
send_pieces(int fd, struct iovec *pieces, size_t n_pieces)
{
	struct msghdr message = {.msg_iov = pieces,
	    .msg_iovlen = n_pieces < PIECES_MAX ? n_pieces : PIECES_MAX};
	ssize_t n;

	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 && would_wait() ? 0 : n;
}

static void
queue_rest(struct outq *q, const struct iovec *pieces, size_t n_pieces,
    size_t sent)
{
	for (; n_pieces > 0; pieces++, n_pieces--) {
		if (sent < pieces->iov_len) {
			buf_bytes(&q->bytes,
			    (const char *)pieces->iov_base + sent,
			    pieces->iov_len - sent);
			sent = 0;
		} else {
			sent -= pieces->iov_len;
		}
	}
}

bool
outq_send(struct outq *q, int fd, struct iovec *pieces, size_t n_pieces)
{
	ssize_t n = outq_is_empty(q) ? send_pieces(fd, pieces, n_pieces) : 0;

	if (n == -1)
		return false;
	queue_rest(q, pieces, n_pieces, (size_t)n);
	return true;
}

bool
outq_flush(struct outq *q, int fd)
{
	ssize_t n;

	while (q->sent < q->bytes.size) {
		struct iovec rest = {
		    q->bytes.data + q->sent, q->bytes.size - q->sent};

		n = send_pieces(fd, &rest, 1);
		if (n == -1)
			return false;
		if (n == 0)
			return true;
		q->sent += (size_t)n;
	}
	outq_release(q);
	return true;
}

bool
outq_is_empty(const struct outq *q)
{
	return q->sent == q->bytes.size;
}

void
outq_release(struct outq *q)
{
	buf_release(&q->bytes);
	q->sent = 0;
}
