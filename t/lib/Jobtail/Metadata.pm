package Jobtail::Metadata;

# Where temporary credentials come from, on loopback: instance metadata
# (IMDSv2), the endpoint of containers, and STS, in one process that does as
# it is told while it runs, and notes what happens in its order.
#
#   my $m = Jobtail::Metadata->new(dir => $dir);
#   $m->tell(id => 'ASIAONE', lives => 3600);
#   $m->tell(how => { container => 'hang' });   # the others: normal
#   $m->mark('asked again');                    # a word among what it notes
#   $m->asked('sts'), $m->most_at_once, $m->is_untouched
#
# The secrets of an id are made from it, so that a test knows them.

use v5.36;
use Fcntl qw(O_WRONLY O_APPEND O_CREAT);
use IO::Socket::IP;
use JSON::PP ();
use POSIX qw(strftime);
use Time::HiRes qw(time);
use Jobtail::MetadataServer;
use Jobtail::Process qw(slurp spew);

my $json = JSON::PP->new->utf8->canonical;
my $n_started = 0;

# --- what it grants ---

# No other text of a test has the word canary.
sub secret_of ($id) { return "canary/secret+of/$id" }

sub token_of ($id) { return "canary/token+of/$id==" }

sub stamp ($at) { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $at) }

# The documents, by what is asked for. Members that are undef are left out.
my %document = (
	imds => sub ($o) {
		return { Code => 'Success', Type => 'AWS-HMAC',
			LastUpdated => stamp(time - 60), container($o) };
	},
	container => sub ($o) {
		return { container($o), RoleArn => 'arn:role' };
	},
	sts => sub ($o) {
		return { AssumeRoleWithWebIdentityResponse => {
			AssumeRoleWithWebIdentityResult => {
				Audience => 'sts', Provider => 'provider',
				Credentials => present(
					AccessKeyId => $o->{id},
					SecretAccessKey => $o->{secret},
					SessionToken => $o->{token},
					Expiration => $o->{expires} //
					    $o->{ends_at}),
			},
			ResponseMetadata => { RequestId => 'r' },
		} };
	},
);

sub present (%members)
{
	return { map { $_ => $members{$_} }
	    grep { defined $members{$_} } keys %members };
}

sub container ($o)
{
	return %{ present(AccessKeyId => $o->{id},
	    SecretAccessKey => $o->{secret}, Token => $o->{token},
	    Expiration => $o->{expires} // stamp($o->{ends_at})) };
}

# A document of that kind as text: id; lives in seconds, or ends_at, or
# expires as it shall stand there; secret and token, when they are others.
sub document ($kind, %o)
{
	my %all = (secret => secret_of($o{id}), token => token_of($o{id}),
	    ends_at => int(time) + ($o{lives} // 3600), %o);

	return $json->encode($document{$kind}->(\%all));
}

# --- starting, stopping, orders ---

# dir; address, when it is not 127.0.0.1; port.
sub new ($class, %o)
{
	my $self = bless { owner => $$, address => '127.0.0.1',
		orders => { id => 'ASIAFIRST', lives => 3600, how => {} },
		%o }, $class;

	$self->{home} = "$self->{dir}/metadata" . ++$n_started;
	mkdir $self->{home};
	spew("$self->{home}/events", '');
	$self->write_orders;
	$self->start;
	return $self;
}

sub start ($self)
{
	my $listener = IO::Socket::IP->new(Listen => 128, ReuseAddr => 1,
	    LocalAddr => $self->{address}, LocalPort => $self->{port} // 0)
	    or die "listen: $@\n";

	$self->{port} = $listener->sockport;
	$self->note(what => 'start');
	$self->{pid} = fork // die "fork: $!\n";
	return $self if $self->{pid};
	$SIG{PIPE} = 'IGNORE';
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
	eval { Jobtail::MetadataServer->new($self)->serve($listener) };
	print STDERR "metadata: $@" if $@;
	POSIX::_exit(1);
}

# Nobody listens at its port until start().
sub stop ($self)
{
	Jobtail::Process::stop(delete $self->{pid}, 'KILL') if $self->{pid};
	return $self;
}

sub port ($self) { return $self->{port} }

sub url ($self)
{
	return 'http://' . ($self->{address} =~ /:/ ? "[$self->{address}]"
	    : $self->{address}) . ":$self->{port}";
}

# What it shall do from now on:
# id          the key that it grants; rotate => 1 adds a number to it, another
#             one each time
# lives, expires, secret, token   as for document()
# body        instead of the document; pad => so many bytes
# status, type, headers => [lines], skew of its clock in seconds
# location    where redirect leads to; delay => seconds of slow, 1
# how         { token | role | imds | container | sts | all => a behaviour },
#             a function do_... of MetadataServer; of a list each request
#             gets the next one
sub tell ($self, %orders)
{
	$self->{orders} = { %{ $self->{orders} }, %orders };
	return $self->write_orders;
}

# Nothing but these.
sub tell_only ($self, %orders)
{
	$self->{orders} = { id => 'ASIAFIRST', lives => 3600, how => {},
		%orders };
	return $self->write_orders;
}

sub write_orders ($self)
{
	my $path = "$self->{home}/orders";

	spew("$path.new", $json->encode($self->{orders}));
	rename "$path.new", $path or die "$path: $!\n";
	return $self;
}

sub orders ($self) { return $json->decode(slurp("$self->{home}/orders")) }

# --- what has happened ---

sub note ($self, %event)
{
	sysopen my $log, "$self->{home}/events", O_WRONLY | O_APPEND | O_CREAT
	    or die "events: $!\n";
	syswrite $log, $json->encode({ at => time, %event }) . "\n";
	return;
}

# A word of the test, among the others.
sub mark ($self, $word) { return $self->note(what => 'mark', word => $word) }

# { what, n, ... } in their order: start, accept, ask (kind, method, path,
# headers, body), answer (the last byte has gone out), gone (the client left
# before that; n_sent), left (it had not asked), mark (word).
sub events ($self)
{
	return map { $json->decode($_) } split /\n/,
	    slurp("$self->{home}/events");
}

sub asked ($self, $kind = undef)
{
	return grep { $_->{what} eq 'ask'
	    && (!defined $kind || $_->{kind} eq $kind) } $self->events;
}

# The ids that have been granted, in their order.
sub granted ($self)
{
	return map { $_->{id} // () } grep { $_->{what} eq 'answer' }
	    $self->events;
}

# How many requests were under way at the same time.
sub most_at_once ($self)
{
	my ($most, %open) = 0;

	for my $event ($self->events) {
		%open = () if $event->{what} eq 'start';
		$open{ $event->{n} } = 1 if $event->{what} eq 'ask';
		delete $open{ $event->{n} }
		    if $event->{what} =~ /\A(?:answer|gone)\z/;
		$most = keys %open if keys %open > $most;
	}
	return $most;
}

# Connections, whether anything was asked or not.
sub knocks ($self)
{
	return my @knocks = grep { $_->{what} eq 'accept' } $self->events;
}

sub is_untouched ($self) { return !$self->knocks }

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$;
	$self->stop;
}

1;
