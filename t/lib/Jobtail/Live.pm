package Jobtail::Live;

# An HTTP exchange that is looked at while it goes on: a request that is
# held, a stream. Whatever arrives is stamped with its time.
#
#   my $live = Jobtail::Live->new(port => $port, path => $path, key => $key,
#       headers => { accept => 'text/event-stream' });
#   my $event = $live->event(0, 5) // die;      # the first, within 5 s
#   my $answer = $live->whole(5);               # all of it
#
# Nothing is read but while one of these waits, or by pump() and sip().

use v5.36;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Jobtail::Process ();
use Jobtail::Wire;
use Socket qw(SO_RCVBUF MSG_NOSIGNAL);
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8;

# method, path, key, headers; receive => bytes of the socket's buffer; keep
# => 1 lets the connection live, socket => one that did (see spare).
sub new ($class, %o)
{
	my $self = $class->begin($o{socket} // connect_to(%o));
	my %headers = (host => '127.0.0.1',
	    connection => $o{keep} ? 'keep-alive' : 'close',
	    defined $o{key} ? (authorization => "Bearer $o{key}") : (),
	    %{ $o{headers} // {} });

	$self->{method} = $o{method} // 'GET';
	CORE::send $self->{socket}, join('', "$self->{method} $o{path} "
	    . "HTTP/1.1\r\n", map({ "$_: $headers{$_}\r\n" }
		sort keys %headers), "\r\n"), MSG_NOSIGNAL;
	$self->{socket}->blocking(0);
	return $self;
}

sub connect_to (%o)
{
	my @address = (Proto => 'tcp', Type => Socket::SOCK_STREAM);
	my $socket = IO::Socket::INET->new(@address) or die "socket: $!\n";

	# before the connection, which tells the peer of it
	$socket->sockopt(SO_RCVBUF, $o{receive}) if $o{receive};
	$socket->connect($o{port}, Socket::INADDR_LOOPBACK)
	    or die "connect: $!\n";
	return $socket;
}

# What curl fetches, for TLS, HTTP/2 and compression: it unpacks the body.
sub curl ($class, $url, @arguments)
{
	my $program = Jobtail::Process::find_program('curl')
	    // die "curl is not installed\n";
	my $pid = open my $out, '-|', $program, qw(-sS -i -N --max-time 60),
	    @arguments, $url or die "curl: $!\n";
	my $self = $class->begin($out);

	@$self{qw(method pid unpacked)} = ('GET', $pid, 1);
	$out->blocking(0);
	return $self;
}

sub begin ($class, $handle)
{
	return bless {
		socket => $handle, raw => '', body => '', at_line => 0,
		field => {}, began_at => time,
		map { $_ => [] } qw(lines frames events silences),
	}, $class;
}

# --- reading ---

sub handle ($self) { return $self->{socket} }

# One read of so many bytes: how many came, undef when there are none yet.
sub sip ($self, $most = 65536)
{
	return 0 if $self->{done};
	my $n = sysread $self->{socket}, my ($bytes), $most;

	return undef if !defined $n && ($!{EAGAIN} || $!{EINTR});
	$self->{now} = time;
	if ($n) {
		$self->{raw} .= $bytes;
		$self->digest;
	} else {
		$self->finish(($self->{framing} // '') eq 'end'
		    ? 'whole' : 'broken');
	}
	return $n;
}

sub pump ($self)
{
	while ($self->sip) { }
	return $self;
}

# Reads until the block is true, and gives what it says; undef at the time's
# end, or when the exchange is over.
sub await ($self, $seconds, $is_there)
{
	my $end = time + $seconds;

	while (1) {
		$self->pump;
		my $found = $is_there->();

		return $found if $found;
		my $left = $end - time;

		return undef if $self->{done} || $left <= 0;
		IO::Select->new($self->{socket})->can_read($left);
	}
}

# whole: the answer came to its end; broken: the connection ended before.
sub finish ($self, $how)
{
	@$self{qw(done done_at)} = ($how, $self->{now});
	return;
}

sub done ($self) { return $self->{done} }

sub hang_up ($self)
{
	$self->{now} = time;
	$self->finish('left') if !$self->{done};
	kill TERM => $self->{pid} if $self->{pid};
	close $self->{socket};
	return;
}

# The connection, for another request, when it may carry one.
sub spare ($self)
{
	return undef if ($self->{done} // '') ne 'whole' || $self->{raw} ne ''
	    || $self->{framing} eq 'end'
	    || ($self->{headers}{connection} // '') =~ /close/i;
	$self->{socket}->blocking(1);
	return $self->{socket};
}

# --- HTTP ---

sub digest ($self)
{
	$self->digest_head if !$self->{framing};
	return if !$self->{framing};
	my $take = "take_$self->{framing}";

	$self->$take;
	$self->digest_lines;
	return;
}

sub digest_head ($self)
{
	$self->{raw} =~ s/\A(HTTP\/\S+ (\d+).*?\r\n)\r\n//s or return;
	my ($head, $status) = ($1, $2);
	my $headers = Jobtail::Wire::headers($head);

	@$self{qw(status headers head_at)} = ($status, $headers, $self->{now});
	$self->{framing} = $self->{method} eq 'HEAD' || $status =~ /204|304/
	    ? 'nothing'
	    : $self->{unpacked} ? 'end'
	    : ($headers->{'transfer-encoding'} // '') =~ /chunked/i ? 'chunks'
	    : defined $headers->{'content-length'} ? 'length' : 'end';
	$self->{left} = $headers->{'content-length'} // 0;
	return;
}

sub take ($self, $n)
{
	$self->{body} .= substr $self->{raw}, 0, $n, '';
	return;
}

sub take_nothing ($self) { return $self->finish('whole') }

sub take_end ($self) { return $self->take(length $self->{raw}) }

sub take_length ($self)
{
	my $n = length $self->{raw};

	$n = $self->{left} if $n > $self->{left};
	$self->take($n);
	$self->{left} -= $n;
	$self->finish('whole') if $self->{left} == 0;
	return;
}

sub take_chunks ($self)
{
	my $raw = \$self->{raw};

	while (length $$raw) {
		my $n = length $$raw < $self->{left} ? length $$raw
		    : $self->{left};

		$self->take($n);
		$self->{left} -= $n;
		return if $self->{left} > 0;
		return $self->finish('whole')
		    if $$raw =~ s/\A(?:\r\n)?0+(?:;.*?)?\r\n\r\n//;
		return if $$raw =~ /\A(?:\r\n)?0+(?:;.*?)?\r\n/;
		$$raw =~ s/\A(?:\r\n)?([[:xdigit:]]+)(?:;.*?)?\r\n// or return;
		$self->{left} = hex $1;
	}
	return;
}

# --- lines, and what they mean ---

sub digest_lines ($self)
{
	my $read = $self->is_sse ? \&read_sse : \&read_ndjson;

	while ((my $end = index $self->{body}, "\n", $self->{at_line}) >= 0) {
		$self->$read(substr $self->{body}, $self->{at_line},
		    $end - $self->{at_line});
		$self->{at_line} = $end + 1;
	}
	return;
}

sub is_sse ($self)
{
	return ($self->{headers}{'content-type'} // '')
	    =~ /\Atext\/event-stream/;
}

# As browsers read it: fields up to an empty line are a frame, a colon begins
# a comment, one space behind the colon does not count.
sub read_sse ($self, $line)
{
	my $field = $self->{field};

	if ($line eq '') {
		$self->add_frame({ %$field, at => $self->{now} }) if %$field;
		$self->{field} = {};
	} elsif ($line =~ /\A:/) {
		push @{ $self->{silences} }, $self->{now};
	} else {
		my ($name, $value) = $line =~ /\A([^:]*)(?:: ?)?(.*)\z/s;

		$field->{raw} .= "$line\n";
		$field->{$name} = $name eq 'data' && defined $field->{data}
		    ? "$field->{data}\n$value" : $value;
	}
	return;
}

# An event is a frame with data and without a name.
sub add_frame ($self, $frame)
{
	push @{ $self->{frames} }, $frame;
	push @{ $self->{events} }, { %$frame, text => $frame->{data},
		seq => $frame->{id} }
	    if defined $frame->{data} && !defined $frame->{event};
	return;
}

sub read_ndjson ($self, $line)
{
	push @{ $self->{lines} }, $line;
	push @{ $self->{silences} }, $self->{now} if $line eq '';
	push @{ $self->{events} }, { text => $line, seq => $1,
		at => $self->{now} } if $line =~ /\A\{"seq":(-?\d+)/;
	return;
}

sub lines ($self) { return @{ $self->{lines} } }

sub frames ($self) { return @{ $self->{frames} } }

# When there came a comment, or an empty line.
sub silences ($self) { return @{ $self->{silences} } }

# The events that have come: { seq, text, at }, in both kinds of stream.
sub events ($self) { return @{ $self->{events} } }

# The last one so far; an empty hash before there is one.
sub latest ($self) { return $self->{events}[-1] // {} }

# The nth event, from 0, when it comes in time.
sub event ($self, $n, $seconds)
{
	return $self->await($seconds, sub { $self->{events}[$n] });
}

# The data of the first frame with that name (end, bye), when it comes.
sub named ($self, $name, $seconds)
{
	my $frame = $self->await($seconds, sub {
		(grep { ($_->{event} // '') eq $name } $self->frames)[0];
	}) // return undef;

	return eval { $json->decode($frame->{data}) };
}

# --- the answer ---

# The head, when it comes in time: the status.
sub status ($self, $seconds = 5)
{
	$self->await($seconds, sub { $self->{status} });
	return $self->{status} // 'none';
}

sub headers ($self) { return $self->{headers} // {} }

# { status, headers, content, json, took, how }, when all has come or the
# time is up: status is none without a head, how is undef without an end.
sub whole ($self, $seconds)
{
	$self->await($seconds, sub { $self->{done} });
	return {
		status => $self->{status} // 'none', how => $self->{done},
		headers => $self->headers, content => $self->{body},
		json => scalar eval { $json->decode($self->{body}) },
		took => ($self->{done_at} // time) - $self->{began_at},
	};
}

# Is there no answer yet, as far as can be seen now?
sub is_held ($self)
{
	$self->pump;
	return !$self->{status} && !$self->{done};
}

sub DESTROY ($self)
{
	local ($?, $!, $@);

	return if !$self->{pid};
	kill TERM => $self->{pid};
	close $self->{socket};
}

1;
