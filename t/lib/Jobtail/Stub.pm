package Jobtail::Stub;

# An HTTP server of a few lines that says what a test wants it to say, however
# wrong that is. One connection a request, one answer after the other.
#
#   my $stub = Jobtail::Stub->new(dir => $dir, answers => [
#       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
#       sub ($socket) { ... },
#       Jobtail::Stub::page([2], 'Jobtail-Closed' => 'true'),
#   ]);
#   $stub->requests             # { time, head }, in their order

use v5.36;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(time);
use Jobtail::Process qw(slurp wait_for);

my $n_started = 0;

# dir, answers; port => to listen on a certain one.
sub new ($class, %o)
{
	my $self = bless { owner => $$, %o }, $class;
	my $socket = IO::Socket::INET->new(Listen => 16, ReuseAddr => 1,
	    LocalAddr => '127.0.0.1', LocalPort => $o{port} // 0)
	    or die "listen: $!\n";

	$self->{port} = $socket->sockport;
	$self->{log} = "$self->{dir}/stub." . ++$n_started;
	$self->{pid} = fork // die "fork: $!\n";
	if (!$self->{pid}) {
		$SIG{PIPE} = 'IGNORE';
		$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
		eval { $self->serve($socket) };
		print STDERR "stub: $@" if $@;
		POSIX::_exit(0);
	}
	return $self;
}

sub serve ($self, $listener)
{
	for my $answer (@{ $self->{answers} }) {
		my $socket = $listener->accept or die "accept: $!\n";
		my $head = '';

		$socket->autoflush(1);
		while ($head !~ /\r\n\r\n\z/) {
			sysread $socket, $head, 4096, length $head or last;
		}
		$self->note($head);
		if (ref $answer) {
			$answer->($socket, $self);
		} else {
			print $socket $answer;
		}
		close $socket;
	}
	return;
}

# A paragraph of the log, with its time.
sub note ($self, $text)
{
	open my $log, '>>', $self->{log} or die "$self->{log}: $!\n";
	print $log time . "\r\n$text\0";
	close $log;
	return;
}

sub requests ($self)
{
	return my @requests = map { my ($time, $head) = split /\r\n/, $_, 2;
		{ time => $time, head => $head } } split /\0/,
	    slurp($self->{log});
}

# Seconds between the questions n and n + 1.
sub gap ($self, $n)
{
	my @requests = $self->requests;

	return $requests[$n + 1]{time} - $requests[$n]{time};
}

sub url ($self) { return "http://127.0.0.1:$self->{port}" }

# An answer with these headers and this body.
sub answer ($status, $body, %headers)
{
	%headers = ('Content-Length' => length $body,
	    'Content-Type' => 'application/json', 'Connection' => 'close',
	    %headers);
	return "HTTP/1.1 $status X\r\n" . join('', map { "$_: $headers{$_}\r\n" }
	    grep { defined $headers{$_} } sort keys %headers) . "\r\n$body";
}

# An event as it stands in a page: what is given replaces the members.
sub event ($seq, %o)
{
	my $type = $o{type} // 'stage';

	return qq({"seq":$seq,"event_type":"$type","visibility":"public",)
	    . qq("stage":null,"message":"m$seq","artifacts":[],"extra":{},)
	    . qq("created_at":"2026-04-15T12:00:01Z"});
}

# The body of a page with these events, which end with the number latest.
sub body ($latest, @events)
{
	return '{"public_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","events":['
	    . join(',', @events) . qq(],"latest_seq":$latest});
}

# A page of plain events with these numbers.
sub page ($seqs, %headers)
{
	return answer(200, body($seqs->[-1], map { event($_) } @$seqs),
	    %headers);
}

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$;
	Jobtail::Process::stop(delete $self->{pid}, 'KILL');
}

1;
