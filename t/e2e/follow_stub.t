# jobtailctl follow against servers that break off, lie or never end. (The
# front is a stub of our own, whatever JOBTAIL_FRONT says: front => none.)
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use POSIX qw(strftime SIGPIPE);
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Jobtail::Ctl;
use Jobtail::Process qw(free_port slurp wait_for);
use Jobtail::Stub;

my $dir = tempdir(CLEANUP => 1);
my $key = 'sk_live_stub';
my $job = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
# the answer that ends each story
my $end = Jobtail::Stub::answer(200, Jobtail::Stub::body(3,
    Jobtail::Stub::event(3, type => 'succeeded')));

sub stub (@answers)
{
	return Jobtail::Stub->new(dir => $dir, answers => \@answers);
}

sub follow ($stub, @options)
{
	return Jobtail::Ctl->new(dir => $dir, key => $key, args => ['follow',
	    @options, $stub->url . "/v1/jobs/$job"]);
}

sub answer { return Jobtail::Stub::answer(@_) }

sub page { return Jobtail::Stub::page(@_) }

sub body { return Jobtail::Stub::body(@_) }

sub event { return Jobtail::Stub::event(@_) }

sub seqs ($c) { return [map { /  m(\d+)\z/ } $c->lines] }

# What is asked, time after time.
sub queries ($stub)
{
	return [map { $_->{head} =~ /\AGET \S+\?(\S+) /; $1 } $stub->requests];
}

my @stories;

# Event 1, one answer that is no good, and the rest: each event once, asked
# again from where it was. All begin here, and are looked at together.
sub survives ($name, $answer, $complaint)
{
	my $stub = stub(page([1]), $answer, page([2]), $end);

	push @stories, [$name, $stub, follow($stub), $complaint];
	return;
}

sub survived ($name, $stub, $c, $complaint)
{
	return subtest $name => sub {
		is($c->status(60), 0, 'the end comes');
		is_deeply(seqs($c), [1, 2, 3], 'each event once');
		like($c->errors,
		    qr/\Ajobtailctl: $complaint; asking again in [12] s\n\z/,
		    'one complaint');
		is_deeply(queries($stub), [qw(wait=25 since=1&wait=25
		    since=1&wait=25 since=2&wait=25)], 'asked again');
		cmp_ok($stub->gap(1), '>=', 1, 'not before a second');
	};
}

# These take their time, so they are begun first and looked at later: a server
# that holds its answer for longer than the interval, and one that says
# nothing, which is noticed after 40 s.
my $patient = stub(page([1]), sub ($s, $) {
	sleep 4;
	print $s answer(200, body(1), 'X-Poll-Interval' => 3);
    }, $end);
my $patient_follower = follow($patient);
my $mute = stub(page([1]), sub { sleep 60 });
my $mute_follower = follow($mute);

subtest 'what is asked' => sub {
	my $stub = stub($end);
	my $c = follow($stub);

	is($c->status, 0, 'the end');
	my ($request) = $stub->requests;

	like($request->{head}, qr{\AGET /v1/jobs/$job/events\?wait=25 HTTP/1\.1\r},
	    'the first question');
	like($request->{head}, qr/^Authorization: Bearer $key\r$/m, 'the key');
	like($request->{head}, qr{^Accept: application/json\r$}m, 'JSON');
	like($request->{head}, qr{^User-Agent: jobtail/\d}m, 'who asks');
};

survives('a body that is cut off',
    sub ($s, $) { print $s substr page([2, 3]), 0, -7 }, qr/.*transfer closed.*/);
survives('a body without a length, cut off',
    sub ($s, $) { print $s substr answer(200, body(3, event(2), event(3)),
	'Content-Length' => undef), 0, -7 },
    qr/the answer is no page of a timeline/);
survives('chunks that are cut off',
    sub ($s, $) {
	my $body = body(2, event(2));

	print $s answer(200, sprintf("%x\r\n%s\r\n", length $body, $body),
	    'Content-Length' => undef, 'Transfer-Encoding' => 'chunked');
    }, qr/.*transfer closed.*/);
survives('a head that is cut off', "HTTP/1.1 200 OK\r\nContent-Type: a",
    qr/.+/);
survives('no answer', '', qr/.*[Ee]mpty reply.*/);
survives('a reset', sub ($s, $) {
	setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    }, qr/.*reset.*/);
survives('what is no HTTP', "SSH-2.0-OpenSSH_9.2\r\n", qr/.+/);
survives('a proxy\'s page', answer(200, '<html>Log in</html>',
    'Content-Type' => 'text/html'), qr/the answer is no page of a timeline/);
survives('other JSON', answer(200, '{"status":"ok"}'),
    qr/the answer is no page of a timeline/);
survives('no content', answer(204, '', 'Content-Length' => undef),
    qr/the server answered 204/);
survives('an event that has been', page([1, 2]),
    qr/the answer's events are not those after the last one/);
survives('a cursor that jumps', answer(200, body(3)),
    qr/the answer's events are not those after the last one/);
survives('half JSON', answer(200, body(2, event(2)) . ']'),
    qr/the answer is no page of a timeline/);
survives("a $_", answer($_, 'x'), qr/the server answered $_/)
    for 408, 429, 500, 502, 503, 504;
survives('our own 503', answer(503, '{"error":{"code":"UNAVAILABLE",'
    . '"message":"Later","request_id":"01X"}}'),
    qr/the server answered 503 UNAVAILABLE: Later \(request 01X\)/);

survived(@$_) for @stories;

subtest 'a body without an end' => sub {
	my $size = 0;
	my $stub = stub(page([1]), sub ($s, $stub) {
		my $piece = ' ' x 1e6;

		print $s answer(200, '', 'Content-Length' => undef);
		$size += length $piece while print $s $piece;
		$stub->note("size $size");
	    }, page([2]), $end);
	my $c = follow($stub);

	is($c->status(120), 0, 'the end comes');
	is_deeply(seqs($c), [1, 2, 3], 'each event once');
	like($c->errors, qr/the answer is larger than it may be; asking again/,
	    'told');
	my ($sent) = map { $_->{head} =~ /\Asize (\d+)/ } $stub->requests;

	cmp_ok($sent, '<', 80e6, 'it hung up at its ceiling');
};

subtest 'headers without an end' => sub {
	my $size = 0;
	my $stub = stub(page([1]), sub ($s, $stub) {
		my $line = 'X: ' . 'x' x 1000 . "\r\n";

		print $s "HTTP/1.1 200 OK\r\n";
		$size += length $line while print $s $line;
		$stub->note("size $size");
	    }, $end);
	my $c = follow($stub);

	is($c->status(60), 0, 'the end comes');
	my ($sent) = map { $_->{head} =~ /\Asize (\d+)/ } $stub->requests;

	cmp_ok($sent, '<', 15e6, 'it hung up at its ceiling');
};

subtest 'Retry-After' => sub {
	for my $status (429, 503) {
		my $stub = stub(answer($status, 'x', 'Retry-After' => 4),
		    $end);
		my $c = follow($stub);

		is($c->status, 0, "after a $status");
		like($c->errors, qr/asking again in [45] s/, 'told');
		cmp_ok($stub->gap(0), '>=', 4, 'not before it is time');
	}
	my $date = strftime '%a, %d %b %Y %H:%M:%S GMT', gmtime time + 5;
	my $stub = stub(answer(503, 'x', 'Retry-After' => $date), $end);

	is(follow($stub)->status, 0, 'a date');
	cmp_ok($stub->gap(0), '>=', 3, 'not before it is time');
};

subtest 'an answer without news' => sub {
	my $empty = answer(200, body(1), 'Jobtail-Wait' => 'declined',
	    'X-Poll-Interval' => 3);
	my $stub = stub(page([1]), $empty, answer(200, body(1)), $end);
	my $c = follow($stub);

	is($c->status, 0, 'the end comes');
	is_deeply(seqs($c), [1, 3], 'each event once');
	is($c->errors, '', 'it is no fault');
	cmp_ok($stub->gap(1), '>=', 2.9, 'X-Poll-Interval is honoured');
	cmp_ok($stub->gap(2), '>=', 1.9, 'and there is one without it');
};

subtest 'an answer that was held' => sub {
	is($patient_follower->status, 0, 'the end comes');
	is_deeply(seqs($patient_follower), [1, 3], 'each event once');
	cmp_ok($patient->gap(1), '>=', 4, 'waited for');
	cmp_ok($patient->gap(1), '<', 6.5, 'and asked again at once');
};

subtest 'the reader leaves' => sub {
	my %meanwhile = (
	    'an answer is held' => sub { sleep 60 },
	    'it waits to ask' => answer(200, body(1), 'X-Poll-Interval' => 60),
	    'it waits to try again' => answer(503, 'x', 'Retry-After' => 60),
	);

	for my $what (sort keys %meanwhile) {
		my $stub = stub(page([1]), $meanwhile{$what});

		pipe my $read, my $write or die "pipe: $!\n";
		my $c = Jobtail::Ctl->new(dir => $dir, key => $key,
		    cmd => ['sh', '-c', 'exec >&3 3>&-; exec "$@"', 'sh'],
		    args => ['follow', $stub->url . "/v1/jobs/$job"],
		    fd3 => $write);

		close $write;
		like(readline $read, qr/  m1$/, 'an event');
		wait_for { $stub->requests == 2 } 10, 'the next question';
		close $read;
		is($c->status, 'signal ' . SIGPIPE, "while $what: it ends");
	}
};

subtest 'a redirect' => sub {
	my $other = stub($end);

	for my $status (301, 302, 307, 308) {
		my $stub = stub(answer($status, '', Location => $other->url
		    . "/v1/jobs/$job/events"));
		my $c = follow($stub);

		is($c->status, 3, "$status is not followed");
		like($c->errors, qr/the server answered $status; .* give the /,
		    'told');
		like($c->errors, qr/ to, \Q@{[$other->url]}\E/, 'and where');
	}
	is_deeply([$other->requests], [], 'the key went nowhere else');
};

subtest 'hostile words' => sub {
	my $stub = stub(answer(404, '{"error":{"code":"\u001b[2J",'
	    . '"message":"\u009b\n' . 'x' x 5000 . '"}}'));
	my $c = follow($stub);

	is($c->status, 3, 'refused');
	like($c->errors, qr/404 \\u001b\[2J: \\u009b\\nx+;/, 'in their form');
	unlike($c->errors, qr/[^\n -~]/, 'no control character');
	cmp_ok(length $c->errors, '<', 1000, 'and not at any length');
	$stub = stub(answer(302, '', Location => "\x1b]0;x"));
	$c = follow($stub);
	is($c->status, 3, 'a hostile redirect');
	unlike($c->errors, qr/[^\n -~]/, 'no control character');
};

subtest 'ends that only the headers tell' => sub {
	for (['SUCCESS', 0], ['FAILURE', 1], ['IN_PROGRESS', 3], [undef, 3]) {
		my ($said, $status) = @$_;
		my $stub = stub(page([1], 'Jobtail-Closed' => 'true',
		    'Jobtail-Job-Status' => $said));
		my $c = follow($stub);

		is($c->status, $status, $said // 'no word');
		is_deeply(seqs($c), [1], 'after the event');
	}
};

subtest 'nobody listens yet' => sub {
	my $port = free_port;
	my $c = Jobtail::Ctl->new(dir => $dir, key => $key, args => ['follow',
	    "http://127.0.0.1:$port/v1/jobs/$job"]);

	$c->wait_errors(qr/onnect.*; asking again/);
	my $stub = Jobtail::Stub->new(dir => $dir, port => $port,
	    answers => [$end]);

	is($c->status, 0, 'it asks until somebody does');
	is_deeply(seqs($c), [3], 'and shows what there is');
};

subtest 'lines of JSON' => sub {
	my $event = '{"seq":3,"event_type":"succeeded","n":1e400,'
	    . '"big":123456789012345678901234567890,"s":"\u001b\u00fc"}';
	my $stub = stub(answer(200, "{\n\t\"events\" : [ $event ],\n"
	    . "\t\"latest_seq\": 3, \"new\": {} }\n"));
	my $c = follow($stub, '--json');

	is($c->status, 0, 'a page in another dress');
	is($c->output, "$event\n", 'the element, byte for byte');
};

subtest 'silence' => sub {
	is($mute_follower->wait_errors(qr/; asking again/, 90), 1,
	    'a server that says nothing is left');
	like($mute_follower->errors,
	    qr/\Ajobtailctl: .*too slow.*; asking again in [12] s\n/,
	    'which is told');
	is_deeply(seqs($mute_follower), [1], 'with what came before');
};

is_deeply([Jobtail::Ctl::reports($dir)], [], 'the sanitizer is silent');

done_testing;
