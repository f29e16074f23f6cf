/* The listening socket: inherited, or our own. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

struct config;

struct listener {
	int fd;            /* non-blocking */
	char *unlink_path; /* of our own Unix socket, else NULL */
	dev_t device;      /* of the file that we made there */
	ino_t inode;
};

/* An inherited one: LISTEN_FDS that is meant for us, else descriptor 0 if it
 * listens. False if there is none. */
bool listener_inherit(struct listener *l);

/* Opens what the setting "listen" says. On failure the log says why. */
bool listener_open(struct listener *l, const struct config *config);

/* Closes it, and removes our file unless another process has put its own
 * in the place. */
void listener_close(struct listener *l);

#endif
