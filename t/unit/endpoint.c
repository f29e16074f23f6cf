/* Who may be asked for credentials. */
#include "credentials/endpoint.h"

#include "tap.h"

static const char *const hosts[] = {"169.254.170.2", "[fd00:ec2::23]", NULL};

int
main(void)
{
	static const struct {
		const char *url;
		bool known, or_tls;
	} cases[] = {
	    {"http://169.254.170.2/v2/x", true, true},
	    {"http://169.254.170.2", true, true},
	    {"http://169.254.170.2:80/x", true, true},
	    {"https://169.254.170.2/x", true, true},
	    {"http://[fd00:ec2::23]/v1", true, true},
	    {"http://[FD00:EC2::23]:80/v1", true, true},
	    {"http://127.0.0.1:5000/x", true, true},
	    {"http://127.1.2.3/x", true, true},
	    {"http://localhost:1/x", true, true},
	    {"http://LOCALHOST", true, true},
	    {"http://[::1]:8/x", true, true},
	    {"https://sts.example.org/x", false, true},
	    {"http://sts.example.org/x", false, false},
	    {"http://169.254.169.254/x", false, false},
	    {"http://169.254.170.22/x", false, false},
	    {"http://169.254.170.2.example.org/x", false, false},
	    {"http://127.0.0.1.example.org/x", false, false},
	    {"http://127.1/x", false, false},
	    {"http://127.0.0.1000/x", false, false},
	    {"http://127.0.0.a/x", false, false},
	    {"http://127.0.0.1.1/x", false, false},
	    {"http://localhost.example.org/x", false, false},
	    {"http://localhost@example.org/x", false, false},
	    {"http://169.254.170.2:80@example.org/x", false, false},
	    {"https://user@example.org/x", false, false},
	    {"http://example.org\\@127.0.0.1/x", false, false},
	    {"http://example.org#@127.0.0.1/x", false, false},
	    {"http://example.org?@127.0.0.1/x", false, false},
	    {"http://127.0.0.1 .example.org/x", false, false},
	    {"https://exa mple.org/x", false, false},
	    {"http://[::1/x", false, false},
	    {"http:///x", false, false},
	    {"https:///x", false, false},
	    {"http://:80/x", false, false},
	    {"ftp://127.0.0.1/x", false, false},
	    {"file:///etc/passwd", false, false},
	    {"HTTP://127.0.0.1/x", false, false},
	    {"127.0.0.1/x", false, false},
	    {"", false, false},
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		is_int(endpoint_is_known(cases[i].url, hosts), cases[i].known,
		    "'%s'", cases[i].url);
		is_int(endpoint_is_known_or_tls(cases[i].url, hosts),
		    cases[i].or_tls, "'%s' or TLS", cases[i].url);
	}
	return tap_done();
}
