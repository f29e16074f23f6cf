package Demo::Front;

# The tests' nginx, which also knows what a browser has to know of a picture.
# (Debian's nginx.conf includes a long list of types; the tests' has none.)

use v5.36;
use parent 'Jobtail::Front';

sub nginx_server ($self)
{
	my ($server, @rest) = $self->SUPER::nginx_server;

	return ($server, 'types { image/png png; }', @rest);
}

1;
