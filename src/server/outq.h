/* The bytes of an answer that a connection's peer has not taken yet. */
#ifndef SERVER_OUTQ_H
#define SERVER_OUTQ_H

#include "base/buf.h"

#include <sys/uio.h>

struct outq {
	struct buf bytes;
	size_t sent; /* of them */
};

/* Sends the pieces without waiting and queues what the peer did not take;
 * behind what is queued already, all of them. False: the connection is
 * broken. */
bool outq_send(
    struct outq *q, int fd, struct iovec *pieces, size_t n_pieces);

/* Sends more of what is queued. False: the connection is broken. */
bool outq_flush(struct outq *q, int fd);

bool outq_is_empty(const struct outq *q);
void outq_release(struct outq *q);

#endif
