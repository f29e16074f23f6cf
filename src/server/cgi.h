/* As a plain CGI program (RFC 3875): one request, then the end. */
#ifndef SERVER_CGI_H
#define SERVER_CGI_H

#include <stdbool.h>

struct kit;

/* Answers the request in the environment on standard output. */
bool cgi_run(const struct kit *kit);

/* Answers 500 to it: the settings are of no use, as the log says. */
bool cgi_fail(void);

#endif
