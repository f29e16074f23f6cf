/* Finding and opening the listening socket. */
#include "server/listener.h"

#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- inherited --- */

static bool
is_listening(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0
	    && value != 0;
}

/* sd_listen_fds(3): the variables count only if they name this process. */
static bool
is_socket_activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	return pid != NULL && fds != NULL && atol(pid) == (long)getpid()
	    && atoi(fds) >= 1;
}

static bool
set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1
	    && fcntl(fd, F_SETFD, FD_CLOEXEC) != -1;
}

bool
listener_inherit(struct listener *l)
{
	enum { FIRST_ACTIVATED = 3 };
	int fd = is_socket_activated() ? FIRST_ACTIVATED : STDIN_FILENO;

	*l = (struct listener){.fd = fd};
	return is_listening(fd) && set_flags(fd);
}

/* --- a Unix socket --- */

static bool
fail(const char *what, const char *name)
{
	log_line(LEVEL_ERROR, "listen %s=\"%s\" reason=\"%s\"", what, name,
	    strerror(errno));
	return false;
}

static bool
set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		log_line(LEVEL_ERROR, "listen path=\"%s\" reason=\"longer than "
		    "%zu bytes\"", path, sizeof(address->sun_path) - 1);
		return false;
	}
	strcpy(address->sun_path, path);
	return true;
}

/* Does a process answer there? A file that nobody listens on is stale. */
static bool
is_in_use(const char *path)
{
	struct sockaddr_un address;
	int fd;
	bool used;

	if (!set_address(&address, path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	used = fd != -1
	    && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd != -1)
		close(fd);
	return used;
}

static bool
find_owner(uid_t *uid, gid_t *gid, const struct config *config)
{
	const struct passwd *user;
	const struct group *group;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (config->listen_owner != NULL) {
		user = getpwnam(config->listen_owner);
		if (user == NULL) {
			errno = ENOENT;
			return fail("listen_owner", config->listen_owner);
		}
		*uid = user->pw_uid;
	}
	if (config->listen_group != NULL) {
		group = getgrnam(config->listen_group);
		if (group == NULL) {
			errno = ENOENT;
			return fail("listen_group", config->listen_group);
		}
		*gid = group->gr_gid;
	}
	return true;
}

/* Mode and owner are right before the socket stands under its name. */
static bool
place_socket(struct listener *l, const char *made, const char *path,
    const struct config *config)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (!find_owner(&uid, &gid, config))
		return false;
	if (chmod(made, (mode_t)config->listen_mode) == -1)
		return fail("chmod", made);
	if ((uid != (uid_t)-1 || gid != (gid_t)-1)
	    && chown(made, uid, gid) == -1)
		return fail("chown", made);
	if (stat(made, &st) == -1 || rename(made, path) == -1)
		return fail("path", path);
	l->device = st.st_dev;
	l->inode = st.st_ino;
	l->unlink_path = memory_strdup(path);
	return true;
}

static bool
open_unix(struct listener *l, const struct config *config, const char *path)
{
	struct sockaddr_un address;
	char made[sizeof(address.sun_path) + 16];

	if (is_in_use(path)) {
		log_line(LEVEL_ERROR, "listen path=\"%s\" reason=\"another "
		    "process answers there; stop it first\"", path);
		return false;
	}
	snprintf(made, sizeof(made), "%s.%d", path, (int)getpid());
	if (!set_address(&address, made))
		return false;
	l->fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1
	    || bind(l->fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		return fail("path", made);
	if (listen(l->fd, (int)config->listen_backlog) == -1
	    || !place_socket(l, made, path, config)) {
		unlink(made);
		return false;
	}
	return true;
}

/* --- TCP --- */

static bool
is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6
	    && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool
bind_tcp(struct listener *l, const struct config *config,
    const struct addrinfo *a)
{
	int on = 1;

	if (!is_loopback(a->ai_addr) && config->listen_anywhere == 0) {
		log_line(LEVEL_ERROR, "listen address=\"%s\" reason=\"not "
		    "loopback: whoever reaches it passes the web server by; "
		    "use a Unix socket, or write listen_anywhere = yes\"",
		    config->listen);
		return false;
	}
	l->fd = socket(
	    a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1
	    || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))
		== -1
	    || bind(l->fd, a->ai_addr, a->ai_addrlen) == -1
	    || listen(l->fd, (int)config->listen_backlog) == -1)
		return fail("address", config->listen);
	return true;
}

/* host:port or [address]:port, numbers only. */
static bool
open_tcp(struct listener *l, const struct config *config)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *found = NULL;
	char host[256];
	const char *colon = strrchr(config->listen, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - config->listen);
	bool ok;

	if (n == 0 || n >= sizeof(host))
		goto bad;
	if (config->listen[0] == '[' && config->listen[n - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)n - 2,
		    config->listen + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)n, config->listen);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		goto bad;
	ok = bind_tcp(l, config, found);
	freeaddrinfo(found);
	return ok;
bad:
	log_line(LEVEL_ERROR, "listen address=\"%s\" reason=\"write "
	    "unix:/path, 127.0.0.1:port or [::1]:port\"", config->listen);
	return false;
}

bool
listener_open(struct listener *l, const struct config *config)
{
	static const char scheme[] = "unix:";
	size_t n = sizeof(scheme) - 1;
	bool ok;

	*l = (struct listener){.fd = -1};
	if (strncmp(config->listen, scheme, n) == 0)
		ok = open_unix(l, config, config->listen + n);
	else if (config->listen[0] == '/')
		ok = open_unix(l, config, config->listen);
	else
		ok = open_tcp(l, config);
	if (!ok)
		listener_close(l);
	return ok;
}

void
listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	if (l->unlink_path != NULL && stat(l->unlink_path, &st) == 0
	    && st.st_dev == l->device && st.st_ino == l->inode)
		unlink(l->unlink_path);
	free(l->unlink_path);
	l->unlink_path = NULL;
}
