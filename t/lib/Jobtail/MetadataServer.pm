package Jobtail::MetadataServer;

# The process behind Jobtail::Metadata: many connections at once, a request on
# each, and answers that are as good or as bad as the orders say.

use v5.36;
use IO::Select;
use POSIX qw(strftime);
use Socket qw(SO_SNDBUF);
use Time::HiRes qw(time);

use constant {
	ROLE => 'renderer', TICK => 0.02, PIECE => 65536,
	LARGE => 100 * 1024 * 1024,
	METADATA => '/latest/meta-data/iam/security-credentials/',
};

sub new ($class, $metadata)
{
	return bless { metadata => $metadata, open => {},
		n => scalar $metadata->knocks,
		n_granted => scalar(() = $metadata->granted) }, $class;
}

# --- connections ---

sub serve ($self, $listener)
{
	$listener->blocking(0);
	# a test that was killed leaves nobody
	while (getppid() == $self->{metadata}{owner}) {
		my @open = values %{ $self->{open} };
		my ($readable, $writable) = IO::Select::select(
		    IO::Select->new($listener, map { $_->{socket} } @open),
		    IO::Select->new(map { $_->{socket} }
			grep { $_->{out} ne '' } @open),
		    undef, TICK);

		for my $socket (@{ $readable // [] }) {
			$socket == $listener ? $self->accept_one($listener)
			    : $self->read_from($self->{open}{$socket});
		}
		for my $socket (@{ $writable // [] }) {
			my $c = $self->{open}{$socket};
			$self->write_to($c) if $c;
		}
		$self->go_on($_) for values %{ $self->{open} };
	}
	return;
}

sub accept_one ($self, $listener)
{
	my $socket = $listener->accept or return;
	my $c = { socket => $socket, n => ++$self->{n}, in => '', out => '',
		n_sent => 0 };

	$socket->blocking(0);
	# what the kernel takes is not yet read by anybody
	$socket->sockopt(SO_SNDBUF, PIECE);
	$self->{open}{$socket} = $c;
	$self->{metadata}->note(what => 'accept', n => $c->{n});
	return;
}

sub read_from ($self, $c)
{
	my $n = sysread $c->{socket}, $c->{in}, PIECE, length $c->{in};

	return if !defined $n && ($!{EAGAIN} || $!{EINTR});
	return $self->end($c, $c->{ask} ? 'gone' : 'left') if !$n;
	return if $c->{ask};
	my ($head, $body) = $c->{in} =~ /\A(.*?\r\n)\r\n(.*)\z/s or return;
	my ($length) = $head =~ /^Content-Length: *(\d+)/mi;

	return if length $body < ($length // 0);
	$c->{ask} = $self->understand($head, $body);
	$self->{metadata}->note(what => 'ask', n => $c->{n}, %{ $c->{ask} });
	return;
}

# Path and method to a kind: the first row that fits.
my @kinds = (
	[token => qr{\APUT /latest/api/token\z}],
	[role => qr{\AGET \Q@{[METADATA]}\E\z}],
	[imds => qr{\AGET \Q@{[METADATA . ROLE]}\E\z}],
	[container => qr{\AGET /v\d/credentials}],
	[sts => qr{\APOST /\z}],
	[other => qr{}],
);

sub understand ($self, $head, $body)
{
	my ($method, $path, $fields) = $head =~ /\A(\S+) (\S+) .*?\r\n(.*)/s;
	my %headers = map { /\A([^:]+): *(.*)\z/s ? (lc $1 => $2) : () }
	    split /\r\n/, $fields;
	my ($kind) = map { $_->[0] } grep { "$method $path" =~ $_->[1] }
	    @kinds;

	return { kind => $kind, method => $method, path => $path,
		headers => \%headers, body => $body };
}

# One that has asked and is not yet being answered, or is by and by.
sub go_on ($self, $c)
{
	return if !$c->{ask} || $c->{out} ne ''
	    || time < ($c->{not_before} // 0);
	return $self->refill($c) if $c->{more};
	my $orders = $self->{metadata}->orders;
	my $how = $c->{how} // $orders->{how}{ $c->{ask}{kind} }
	    // $orders->{how}{all} // 'normal';

	# its turn in a list, whose last one stays
	$how = $c->{how} = $how->[ $self->{turn}++ ] // $how->[-1]
	    if ref $how;
	my $act = __PACKAGE__->can("do_$how") // die "how: $how\n";

	$self->$act($c, $orders);
	return;
}

sub refill ($self, $c)
{
	my $piece = $c->{more}->();

	return $self->end($c, 'answer') if !defined $piece;
	$c->{out} = $piece;
	return;
}

sub write_to ($self, $c)
{
	my $n = syswrite $c->{socket}, $c->{out};

	return if !defined $n && ($!{EAGAIN} || $!{EINTR});
	return $self->end($c, 'gone') if !defined $n;
	$c->{n_sent} += $n;
	substr $c->{out}, 0, $n, '';
	$self->end($c, 'answer') if $c->{out} eq '' && !$c->{more};
	return;
}

sub end ($self, $c, $what)
{
	delete $self->{open}{ $c->{socket} };
	$self->{metadata}->note(what => $what,
	    n => $c->{n}, n_sent => $c->{n_sent},
	    kind => $c->{ask}{kind}, id => $c->{id});
	close $c->{socket};
	return;
}

# --- answers ---

sub head ($orders, %o)
{
	my %headers = (
		'Content-Type' => $orders->{type} // $o{type},
		'Date' => strftime('%a, %d %b %Y %H:%M:%S GMT',
		    gmtime(time + ($orders->{skew} // 0))),
		'Connection' => 'close', %{ $o{headers} // {} },
	);

	return join '', map { "$_\r\n" }
	    'HTTP/1.1 ' . ($orders->{status} // $o{status} // 200) . ' Told',
	    map({ "$_: $headers{$_}" } grep { defined $headers{$_} }
		sort keys %headers),
	    @{ $orders->{headers} // [] }, '';
}

# What those endpoints say: status, type, body. Who shows no token gets none
# of the rest.
sub reply ($self, $c, $orders)
{
	my ($kind, $headers) = @{ $c->{ask} }{qw(kind headers)};
	my @bare = ('text/plain', '');

	return (404, @bare) if $kind eq 'other';
	return $self->reply_token($headers) if $kind eq 'token';
	return (401, @bare) if $kind =~ /\A(?:role|imds)\z/
	    && ($headers->{'x-aws-ec2-metadata-token'} // '')
		ne ($self->{token} // 'none');
	return (200, 'text/plain', ROLE) if $kind eq 'role';
	return (200, $kind eq 'imds' ? 'text/plain' : 'application/json',
	    $self->grant($c, $orders));
}

sub reply_token ($self, $headers)
{
	my $ttl = $headers->{'x-aws-ec2-metadata-token-ttl-seconds'} // '';

	return (400, 'text/plain', '') if $ttl !~ /\A\d{1,5}\z/;
	$self->{token} = 'canary/imds-token-' . ++$self->{n_tokens};
	return (200, 'text/plain', $self->{token});
}

sub grant ($self, $c, $orders)
{
	my %o = map { exists $orders->{$_} ? ($_ => $orders->{$_}) : () }
	    qw(id lives ends_at expires secret token);

	$o{id} .= ++$self->{n_granted} if $orders->{rotate};
	$c->{id} = $o{id};
	my $body = $orders->{body} // Jobtail::Metadata::document(
	    $c->{ask}{kind}, %o);
	my $less = ($orders->{pad} // 0) - length $body;

	return $less > 0 ? $body . ' ' x $less : $body;
}

sub do_normal ($self, $c, $orders)
{
	my ($status, $type, $body) = $self->reply($c, $orders);

	$c->{out} = head($orders, status => $status, type => $type,
	    headers => { 'Content-Length' => length $body }) . $body;
	return;
}

# --- and other behaviours ---

# Until the orders are others.
sub do_hold ($self, $c, $orders) { return }

sub do_hang ($self, $c, $orders)
{
	$c->{not_before} = 'inf';
	return;
}

# Well, but a while later.
sub do_slow ($self, $c, $orders)
{
	return $self->do_normal($c, $orders) if $c->{was_slow}++;
	$c->{not_before} = time + ($orders->{delay} // 1);
	return;
}

# Never silent, and never done in time.
sub do_drip ($self, $c, $orders)
{
	$self->do_normal($c, $orders);
	my @bytes = split //, $c->{out};

	$c->{out} = '';
	$c->{more} = sub {
		$c->{not_before} = time + 0.1;
		return shift @bytes;
	};
	return;
}

# The first text once, then pieces up to so many bytes, then the last text.
sub pieces ($first, $piece, $most = 'inf', $last = '')
{
	my @first = $first;
	my @last = $last;
	my $n = 0;

	return sub {
		return shift @first if @first;
		return $piece if ($n += length $piece) <= $most;
		return shift @last;
	};
}

sub do_endless ($self, $c, $orders)
{
	$c->{more} = pieces(head($orders, type => 'application/json'),
	    ' ' x PIECE);
	return;
}

sub do_endless_head ($self, $c, $orders)
{
	my $line = 'X-Filler: ' . 'x' x 1000 . "\r\n";

	$c->{more} = pieces(head($orders) =~ s/\r\n\z//r, $line x 60);
	return;
}

# A good answer behind 100 MB of white space, with its length said ...
sub do_large ($self, $c, $orders)
{
	my ($status, $type, $body) = $self->reply($c, $orders);

	$c->{more} = pieces(head($orders, status => $status, type => $type,
	    headers => { 'Content-Length' => LARGE + length $body }),
	    ' ' x PIECE, LARGE, $body);
	return;
}

# ... and without.
sub do_chunked ($self, $c, $orders)
{
	my ($status, $type, $body) = $self->reply($c, $orders);
	my $chunk = sub ($text) {
		return sprintf "%x\r\n%s\r\n", length $text, $text;
	};

	$c->{more} = pieces(head($orders, status => $status, type => $type,
	    headers => { 'Transfer-Encoding' => 'chunked' }),
	    $chunk->(' ' x PIECE), LARGE, $chunk->($body) . "0\r\n\r\n");
	return;
}

sub do_redirect ($self, $c, $orders)
{
	$c->{out} = head($orders, status => 307, headers => {
	    'Location' => $orders->{location}, 'Content-Length' => 0 });
	return;
}

# Ends before the end that it told.
sub do_short ($self, $c, $orders)
{
	$self->do_normal($c, $orders);
	$c->{out} =~ s/^(Content-Length: )(\d+)/$1 . ($2 + 10)/me;
	return;
}

sub do_close ($self, $c, $orders) { return $self->end($c, 'answer') }

1;
