/* jobtailctl follow: a job's events as they come. */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

struct command;

int follow(const struct command *self, const char *config_path, int argc,
    char **argv);

#endif
