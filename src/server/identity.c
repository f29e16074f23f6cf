/* Giving root up. */
#include "server/identity.h"

#include "base/config.h"
#include "base/log.h"
#include "base/secret.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool
no_such(const char *what, const char *name)
{
	log_line(LEVEL_ERROR, "%s=\"%s\" reason=\"there is none\"", what,
	    name);
	return false;
}

static bool
find(const struct passwd **user, gid_t *gid, const struct config *config)
{
	const struct group *group;

	*user = getpwnam(config->user);
	if (*user == NULL)
		return no_such("user", config->user);
	*gid = (*user)->pw_gid;
	if (config->group == NULL)
		return true;
	group = getgrnam(config->group);
	if (group == NULL)
		return no_such("group", config->group);
	*gid = group->gr_gid;
	return true;
}

bool
identity_take(const struct config *config)
{
	const struct passwd *user;
	gid_t gid;

	if (geteuid() != 0)
		return true;
	if (config->user == NULL) {
		log_line(LEVEL_WARN, "running as root do=\"set user\"");
		return true;
	}
	if (!find(&user, &gid, config))
		return false;
	if (initgroups(user->pw_name, gid) == -1 || setgid(gid) == -1
	    || setuid(user->pw_uid) == -1) {
		log_line(LEVEL_ERROR, "user=\"%s\" reason=\"%s\"",
		    config->user, strerror(errno));
		return false;
	}
	/* fs.suid_dumpable decided about it */
	secret_set_dumpable(config->dumpable == 1);
	return true;
}

int64_t
identity_raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > INT32_MAX ? INT32_MAX
					  : (int64_t)limit.rlim_cur;
}
