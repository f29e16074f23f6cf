package Jobtail::Wire;

# A FastCGI client that speaks byte by byte, for what no web server sends.
#
#   my $w = Jobtail::Wire->new($socket_path);
#   my $answer = $w->ask(REQUEST_METHOD => 'GET', ...);
#   $w->send(Jobtail::Wire::begin(1, keep => 1), ...);
#   my $answer = $w->answer(5);

use v5.36;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP ();
use Socket qw(SOCK_STREAM MSG_NOSIGNAL SHUT_WR);
use Time::HiRes qw(time sleep);

use constant {
	BEGIN_REQUEST => 1, ABORT_REQUEST => 2, END_REQUEST => 3,
	PARAMS => 4, STDIN_DATA => 5, STDOUT_DATA => 6, STDERR_DATA => 7,
	DATA => 8, GET_VALUES => 9, GET_VALUES_RESULT => 10,
	UNKNOWN_TYPE => 11,
	RESPONDER => 1, KEEP_CONN => 1,
};

sub new ($class, $path)
{
	my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path)
	    or die "$path: $!\n";

	return bless { socket => $socket, got => '' }, $class;
}

# --- bytes ---

sub record ($type, $id, $content = '', $padding = 0, $version = 1)
{
	return pack('CCnnCC', $version, $type, $id, length $content, $padding,
	    0) . $content . "\0" x $padding;
}

sub size_of ($n) { return $n < 128 ? chr $n : pack 'N', $n | 0x80000000 }

sub pair ($name, $value)
{
	return size_of(length $name) . size_of(length $value) . $name . $value;
}

# Takes a list, so that names may come twice.
sub pairs (@list)
{
	my $bytes = '';

	while (my ($name, $value) = splice @list, 0, 2) {
		$bytes .= pair($name, $value);
	}
	return $bytes;
}

sub begin ($id = 1, %o)
{
	return record(BEGIN_REQUEST, $id, pack('nCx5', $o{role} // RESPONDER,
	    $o{keep} ? KEEP_CONN : 0));
}

sub abort ($id = 1) { return record(ABORT_REQUEST, $id) }

sub get_values (@names)
{
	return record(GET_VALUES, 0, pairs(map { $_ => '' } @names));
}

# Content cut into records, then the empty record that ends the stream.
sub stream ($type, $id, $content, $piece = 65528)
{
	my $bytes = '';

	for (my $at = 0; $at < length $content; $at += $piece) {
		$bytes .= record($type, $id, substr $content, $at, $piece);
	}
	return $bytes . record($type, $id);
}

# params => [name => value, ...], stdin, id, keep, piece
sub request (%o)
{
	my $id = $o{id} // 1;

	return begin($id, %o)
	    . stream(PARAMS, $id, pairs(@{ $o{params} }), $o{piece} // 65528)
	    . stream(STDIN_DATA, $id, $o{stdin} // '');
}

# What a web server would say of such a request; later names come first, so
# that they win.
sub params ($path, %more)
{
	my ($name, $query) = split /\?/, $path, 2;

	return [
		%more,
		map { exists $more{ $_->[0] } ? () : @$_ }
		    [REQUEST_METHOD => 'GET'], [REQUEST_URI => $path],
		    [PATH_INFO => $name], [QUERY_STRING => $query // ''],
		    [SERVER_PROTOCOL => 'HTTP/1.1'],
		    [SERVER_SOFTWARE => 'wire'], [CONTENT_TYPE => ''],
		    [CONTENT_LENGTH => ''],
	];
}

# --- sending ---

# 0 when the other side has gone.
sub send ($self, @bytes)
{
	my $bytes = join '', @bytes;

	while (length $bytes) {
		my $n = CORE::send $self->{socket}, $bytes, MSG_NOSIGNAL;

		return 0 if !defined $n;
		substr $bytes, 0, $n, '';
	}
	return 1;
}

# In pieces of that many bytes, each a write of its own. The pause lets the
# other side see each of them alone.
sub send_split ($self, $bytes, $piece, $pause = 0.001)
{
	for (my $at = 0; $at < length $bytes; $at += $piece) {
		$self->send(substr $bytes, $at, $piece) or return 0;
		sleep $pause if $pause;
	}
	return 1;
}

sub shut ($self) { return shutdown $self->{socket}, SHUT_WR }

sub close ($self) { return CORE::close $self->{socket} }

# --- reading ---

# More bytes; undef at the deadline, 0 at the end, else true.
sub fill ($self, $end)
{
	my $left = $end - time;

	return undef
	    if $left <= 0 || !IO::Select->new($self->{socket})->can_read($left);
	my $n = sysread $self->{socket}, my $bytes, 65536;

	return 0 if !$n;
	$self->{got} .= $bytes;
	return 1;
}

# The next record { type, id, content }; undef when there comes none.
sub read_record ($self, $seconds = 5)
{
	my $end = time + $seconds;

	while (1) {
		my $have = length $self->{got};

		if ($have >= 8) {
			my (undef, $type, $id, $size, $padding) =
			    unpack 'CCnnC', $self->{got};

			if ($have >= 8 + $size + $padding) {
				my $all = substr $self->{got}, 0,
				    8 + $size + $padding, '';

				return { type => $type, id => $id,
					content => substr $all, 8, $size };
			}
		}
		$self->fill($end) or return undef;
	}
}

# A whole answer { status, headers, content, json, app_status,
# protocol_status, errors, n_records }; undef when it does not come whole.
sub answer ($self, $seconds = 5)
{
	my $end = time + $seconds;
	my ($out, $errors, $n) = ('', '', 0);

	while (my $r = $self->read_record($end - time)) {
		$n++;
		$out .= $r->{content} if $r->{type} == STDOUT_DATA;
		$errors .= $r->{content} if $r->{type} == STDERR_DATA;
		next if $r->{type} != END_REQUEST;
		my ($app, $protocol) = unpack 'NC', $r->{content};

		return { parse($out), id => $r->{id}, app_status => $app,
			protocol_status => $protocol, errors => $errors,
			n_records => $n };
	}
	return undef;
}

# Header lines as a hash: names in lower case, lists where they are repeated.
sub headers ($head)
{
	my %headers;

	for my $line (split /\r?\n/, $head) {
		my ($name, $value) = $line =~ /\A([^:]+): *(.*)\z/s or next;

		$name = lc $name;
		if (!exists $headers{$name}) {
			$headers{$name} = $value;
		} elsif (ref $headers{$name}) {
			push @{ $headers{$name} }, $value;
		} else {
			$headers{$name} = [$headers{$name}, $value];
		}
	}
	return \%headers;
}

# A CGI answer to status, headers, body.
sub parse ($out)
{
	my ($head, $content) = split /\r?\n\r?\n/, $out, 2;
	my $headers = headers($head // '');
	my ($status) = (delete $headers->{status} // '200') =~ /\A(\d+)/;

	return (raw => $out, status => $status, headers => $headers,
	    content => $content // '',
	    json => scalar eval { JSON::PP->new->utf8->decode($content) });
}

# Has the other side hung up, within that time?
sub is_closed ($self, $seconds = 5)
{
	my $end = time + $seconds;

	while (1) {
		my $more = $self->fill($end);

		return 0 if !defined $more;
		return 1 if !$more;
	}
}

# One request and its answer.
sub ask ($self, $path, %more)
{
	$self->send(request(params => params($path, %more)));
	return $self->answer;
}

1;
