/* jobtailctl sign: the URLs of artifacts, as the responder would make them. */
#ifndef CTL_SIGN_H
#define CTL_SIGN_H

struct command;

int sign(const struct command *self, const char *config_path, int argc,
    char **argv);

#endif
