package Jobtail::Reader;

# A client for the law's test: it reads one job to its end, by polls, long
# polls and streams as chance will have it, hangs up in between, goes on from
# its cursor, and notes what it was told. It never waits for anything: its
# owner calls step() when something may have happened.

use v5.36;
use JSON::PP ();
use Jobtail::Live;
use Time::HiRes qw(time);

# Whatever takes longer is stuck; longer than any hold or stream may last.
use constant PATIENCE => 20;

my %modes = (
	poll => {}, wait => { wait => 1 },
	sse => { accept => 'text/event-stream' },
	ndjson => { accept => 'application/x-ndjson' },
);
my @turns = qw(poll poll wait wait wait sse sse ndjson);

my $event = qr/\A\{"seq":(-?\d+),"event_type":"\w+","visibility":"(\w+)",
    "stage":null,"message":"([^"\\]*)","artifacts":\[\],"extra":\{\},
    "created_at":"[^"]*"\}\z/x;

# port, key, job
sub new ($class, %o)
{
	return bless { %o, seen => [], faults => {}, counts => {},
		due => time }, $class;
}

sub is_finished ($self) { return $self->{finished} }

sub handle ($self) { return $self->{live} ? $self->{live}->handle : () }

# What is left of it for the judge.
sub report ($self)
{
	return { map { $_ => $self->{$_} }
		qw(job seen faults counts finished) };
}

sub count ($self, $what) { return $self->{counts}{$what}++ }

sub fault ($self, $class, $text)
{
	push @{ $self->{faults}{$class} }, "$self->{mode}: $text";
	return;
}

# --- asking ---

sub ask ($self)
{
	my $mode = $self->{mode} = $turns[rand @turns];
	my ($query, $headers) = $self->request($modes{$mode});

	$self->{asked} = $self->{cursor};
	$self->{taken} = 0;
	$self->count($mode);
	# most streams and a fifth of the others are left early
	$self->{leave_at} = rand() < ($modes{$mode}{accept} ? 0.7 : 0.2)
	    ? time + rand : undef;
	$self->{live} = Jobtail::Live->new(port => $self->{port},
	    path => "/v1/jobs/$self->{job}/events"
		. (@$query ? '?' . join '&', @$query : ''),
	    key => $self->{key}, keep => 1, headers => $headers,
	    socket => delete $self->{spare});
	return;
}

# The query and the headers of a mode, from the cursor.
sub request ($self, $mode)
{
	my $cursor = $self->{cursor};
	my (@query, %headers);

	$headers{accept} = $mode->{accept} if $mode->{accept};
	if (!defined $cursor) {
		# nothing to go on from
	} elsif ($self->{mode} eq 'sse' && rand() < 0.5) {
		$headers{'last-event-id'} = $cursor;
	} else {
		push @query, "since=$cursor";
	}
	push @query, 'limit=' . (1 + int 20 ** (1 + rand))
	    if !$mode->{accept} && rand() < 0.7;
	push @query, 'wait=' . (1 + int rand 3) if $mode->{wait};
	# the tag of an empty page, while it is the page to be had
	$headers{'if-none-match'} = $self->{tag}{etag} if !$mode->{accept}
	    && $self->{tag} && $self->{tag}{cursor} == $cursor
	    && rand() < 0.5;
	return (\@query, \%headers);
}

# --- hearing ---

# Looks at what has come, and asks again when there is no more to come.
sub step ($self)
{
	my $live = $self->{live};

	if (!$live) {
		return if time < $self->{due};
		return $self->ask;
	}
	$live->pump;
	$self->take_stream if $modes{ $self->{mode} }{accept};
	if ($live->done) {
		$self->conclude;
	} elsif ($self->{leave_at} && time > $self->{leave_at}) {
		$self->count('left');
		$self->rest(0);
	} elsif (time - $live->{began_at} > PATIENCE) {
		$self->fault(odd => 'stuck');
		$self->rest(0);
	}
	return;
}

sub rest ($self, $seconds)
{
	my $live = delete $self->{live};

	$self->{spare} = $live->spare;
	$live->hang_up if !$self->{spare};
	$self->{due} = time + $seconds;
	return;
}

sub take_stream ($self)
{
	my $events = $self->{live}{events};

	$self->take($events->[ $self->{taken}++ ])
	    while $self->{taken} < @$events;
	return;
}

sub take ($self, $e)
{
	my ($seq, $visibility, $message) = $e->{text} =~ $event
	    or return $self->fault(odd => "malformed: $e->{text}");

	$self->fault(odd => "id $e->{seq} of $seq") if $e->{seq} != $seq;
	$self->fault(internal => $e->{text}) if $visibility ne 'public';
	push @{ $self->{seen} }, "$seq $message";
	$self->count("events by $self->{mode}");
	$self->move_to($seq);
	return;
}

sub move_to ($self, $seq)
{
	$self->fault(moved_back => "$self->{cursor} to $seq")
	    if defined $self->{cursor} && $seq < $self->{cursor};
	$self->{cursor} = $seq;
	return;
}

# What was said to be the cursor must be the one that was come to.
sub check_latest ($self, $latest)
{
	my $cursor = $self->{cursor};

	return if ($latest // 'null') eq ($cursor // 'null');
	$self->fault(defined $latest && defined $cursor && $latest < $cursor
	    ? 'moved_back' : 'odd', 'latest_seq ' . ($latest // 'null')
	    . ' at ' . ($cursor // 'null'));
	return;
}

# --- the end of an answer ---

my %conclusions = (
	200 => \&conclude_200,
	204 => sub ($self) {
		$self->fault(odd => '204') if $self->{mode} !~ /sse|ndjson/;
		$self->{finished} = 1;
	},
	304 => sub ($self) {
		$self->fault(odd => '304')
		    if !$self->{tag} || $self->{tag}{cursor} != $self->{cursor};
		$self->{finished} = 1
		    if $self->{live}->headers->{'jobtail-closed'};
	},
	# the database or the responder is away
	503 => sub ($self) { },
);

sub conclude ($self)
{
	my $live = $self->{live};
	my $status = $live->{status} // 'none';

	if ($live->done ne 'whole') {
		$self->count('broken');
	} else {
		$self->count($status) if $status ne 200;
		($conclusions{$status} // sub ($self) {
			$self->fault(odd => "status $status");
		})->($self);
	}
	return $self->rest($status ne 200 || $live->done ne 'whole'
	    ? 0.05 + 0.2 * rand : $self->{mode} eq 'poll' ? 0.1 * rand : 0);
}

sub conclude_200 ($self)
{
	my $end = { poll => 'end_page', wait => 'end_page', sse => 'end_sse',
		ndjson => 'end_ndjson' }->{ $self->{mode} };

	return $self->$end;
}

sub end_page ($self)
{
	my $live = $self->{live};
	my ($id, $events, $latest) = $live->{body} =~
	    /\A\{"public_id":"(\w+)","events":\[(.*)\],"latest_seq":
		(null|-?\d+)\}\z/sx
	    or return $self->fault(odd => "malformed: $live->{body}");

	$self->fault(foreign => $id) if $id ne $self->{job};
	for my $text (split /(?<=\}),(?=\{"seq":)/, $events) {
		my ($seq) = $text =~ /\A\{"seq":(-?\d+)/;

		$self->take({ text => $text, seq => $seq // 'none' });
	}
	$self->check_latest($latest eq 'null' ? undef : $latest);
	my $headers = $live->headers;

	$self->{tag} = $events eq '' && defined $self->{cursor}
	    ? { etag => $headers->{etag}, cursor => $self->{cursor} } : undef;
	$self->count('declined') if $headers->{'jobtail-wait'};
	$self->count('held') if $self->{mode} eq 'wait'
	    && time - $live->{began_at} > 0.2;
	$self->{finished} = 1 if $headers->{'jobtail-closed'};
	return;
}

sub end_sse ($self)
{
	my $last = ($self->{live}->frames)[-1] // {};
	my $name = $last->{event} // 'none';
	my $data = eval { JSON::PP::decode_json($last->{data}) } // {};

	return $self->fault(odd => "ended by $name")
	    if $name !~ /\A(?:end|bye)\z/;
	$self->count($data->{reason} // $name);
	$self->check_latest($data->{latest_seq});
	$self->{finished} = 1 if $name eq 'end';
	return;
}

sub end_ndjson ($self)
{
	my $last = ($self->{live}->lines)[-1] // '';
	my ($latest, $closed) = $last =~
	    /\A\{"latest_seq":(null|-?\d+),"closed":(true|false)\}\z/
	    or return $self->fault(odd => "ended by $last");

	$self->check_latest($latest eq 'null' ? undef : $latest);
	$self->{finished} = 1 if $closed eq 'true';
	return;
}

1;
