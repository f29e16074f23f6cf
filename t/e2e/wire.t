#!/usr/bin/perl
# Any bytes on the socket: a defined answer or a closed connection, no stall
# of other clients, no crash.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
use Jobtail::Wire;
use Time::HiRes qw(sleep);

my $t = setup(front => 0, conf => { max_bytes => '4MiB' });
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my @auth = (HTTP_AUTHORIZATION => "Bearer $key");
my $path = "/v1/jobs/$job/events";
my $whole = Jobtail::Wire::request(
	params => Jobtail::Wire::params($path, @auth));

sub good ($answer, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($answer && $answer->{status}, 200, $name);
}

sub is_served ($name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return good($t->wire->ask($path, @auth), $name);
}

# What comes of bytes: "200", another status, or "closed".
sub outcome ($bytes, $seconds = 5)
{
	my $w = $t->wire;

	$w->send($bytes);
	my $answer = $w->answer($seconds);
	return $answer->{status} if $answer;
	return $w->is_closed(0.5) ? 'closed' : 'silence';
}

is_served('a plain request');

subtest 'split in two at every offset' => sub {
	my @bad;

	for my $at (1 .. length($whole) - 1) {
		my $w = $t->wire;

		$w->send(substr $whole, 0, $at);
		sleep 0.0005;
		$w->send(substr $whole, $at);
		my $answer = $w->answer;
		push @bad, $at if !$answer || $answer->{status} != 200;
	}
	is_deeply(\@bad, [], length($whole) . ' bytes');
};

subtest 'byte by byte' => sub {
	my $w = $t->wire;

	$w->send_split($whole, 1, 0);
	good($w->answer, 'answered');
};

subtest 'heads of 30 to 60,000 bytes' => sub {
	for my $size (30, 127, 128, 129, 1000, 4095, 4096, 8191, 8192, 8193,
	    16_384, 32_767, 60_000) {
		for my $piece (65528, 1000) {
			my $w = $t->wire;
			my $params = Jobtail::Wire::params($path, @auth,
			    X_FILL => 'x' x $size);

			$w->send(Jobtail::Wire::request(
				params => $params, piece => $piece));
			good($w->answer, "$size bytes, records of $piece");
		}
	}
	is(outcome(Jobtail::Wire::request(params => [A => 'b' x 25])),
	    'closed', '30 bytes without a method');
};

subtest 'more than 64 KiB of parameters' => sub {
	for my $size (65_500, 66_000, 200_000) {
		is(outcome(Jobtail::Wire::request(params =>
			    Jobtail::Wire::params($path, X => 'x' x $size))),
		    'closed', "$size bytes");
	}
	is_served('and then a plain one');
};

subtest 'bodies' => sub {
	my %wanted = (0 => 405, 1 => 405, 65_535 => 405, 1_048_576 => 405,
	    1_048_577 => 'closed', 2_097_152 => 'closed');

	for my $size (sort { $a <=> $b } keys %wanted) {
		my $w = $t->wire;
		my $bytes = Jobtail::Wire::request(stdin => 'b' x $size,
		    params => Jobtail::Wire::params($path, @auth,
			REQUEST_METHOD => 'POST', CONTENT_LENGTH => $size));
		my $pid = fork;

		if ($pid == 0) {
			$w->send($bytes);
			POSIX::_exit(0);
		}
		my $answer = $w->answer;
		waitpid $pid, 0;
		is($answer ? $answer->{status} : 'closed', $wanted{$size},
		    "POST of $size bytes");
	}
	my $w = $t->wire;
	$w->send(Jobtail::Wire::request(stdin => 'x' x 1000, params =>
		    Jobtail::Wire::params($path, @auth)));
	good($w->answer, 'GET with a body');
};

subtest 'peers that say nothing, or half of it' => sub {
	my @silent = map { $t->wire } 1 .. 20;
	my @half = map { my $w = $t->wire;
		$w->send(substr $whole, 0, $_); $w }
	    (1, 5, 8, 16, 24, length($whole) - 1);

	# a request that a worker does not get to in time would be a 503
	is_served('another client meanwhile') for 1 .. 3;
	is(scalar(grep { !$_->is_closed(6) } @silent), 0,
	    'the silent ones are hung up on');
	is(scalar(grep { !$_->is_closed(6) } @half), 0,
	    'so are those that stopped');
};

subtest 'a kept connection idles freely' => sub {
	my $w = $t->wire;
	my $kept = Jobtail::Wire::request(keep => 1,
	    params => Jobtail::Wire::params($path, @auth));

	$w->send($kept);
	good($w->answer, 'first');
	sleep 2.6;
	$w->send($kept);
	good($w->answer, 'second, after more than a head may take');
	$w->send($kept . $kept);
	good($w->answer, 'two at once: one');
	good($w->answer, 'and the other');
	$w->send(substr $kept, 0, 20);
	ok($w->is_closed(6), 'half a request on it is not waited for');
};

subtest 'the answer is in the request\'s own id' => sub {
	my $w = $t->wire;

	$w->send(Jobtail::Wire::request(id => 4711,
		params => Jobtail::Wire::params($path, @auth)));
	is($w->answer->{id}, 4711, 'id');
};

subtest 'records that kill libfcgi' => sub {
	my $begin = Jobtail::Wire::begin(1);
	my $huge = pack 'NN', 0xFFFFFFFE, 0xFFFFFFFE;
	my %bytes = (
	    'four names in GET_VALUES' => Jobtail::Wire::get_values(
		qw(FCGI_MAX_CONNS FCGI_MAX_REQS FCGI_MPXS_CONNS X)),
	    'two lengths of 0x7FFFFFFE' => $begin
		. Jobtail::Wire::record(4, 1, $huge)
		. Jobtail::Wire::record(4, 1) . Jobtail::Wire::record(5, 1),
	    'a name of 1 GiB' => $begin
		. Jobtail::Wire::record(4, 1, pack('N', 0xC0000000) . "\x01A")
		. Jobtail::Wire::record(4, 1) . Jobtail::Wire::record(5, 1),
	    'ABORT right after BEGIN' => $begin . Jobtail::Wire::abort(1),
	    'version 2' => Jobtail::Wire::record(1, 1, "\0\1\0\0\0\0\0\0", 0, 2),
	    'id 0' => Jobtail::Wire::begin(0),
	    'the role of an authorizer' => Jobtail::Wire::begin(1, role => 2),
	    'the role of a filter' => Jobtail::Wire::begin(1, role => 3),
	    'an unknown type' => Jobtail::Wire::record(77, 1, 'x'),
	    'a wrong id behind BEGIN' => $begin
		. Jobtail::Wire::record(4, 2, 'x'),
	    'a second BEGIN' => $begin . Jobtail::Wire::begin(2),
	    'a short BEGIN' => Jobtail::Wire::record(1, 1, "\0\1\0"),
	    'input before parameters' => $begin
		. Jobtail::Wire::record(5, 1, 'x'),
	    'a truncated pair' => $begin . Jobtail::Wire::stream(4, 1, "\x05\x05ab")
		. Jobtail::Wire::record(5, 1),
	    'HTTP' => "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	);

	for my $name (sort keys %bytes) {
		is(outcome($bytes{$name}), 'closed', $name);
	}
	is_served('and then a plain one');
};

subtest 'no parameters at all' => sub {
	is(outcome(Jobtail::Wire::request(params => [])), 'closed', 'closed');
	for my $left_out (qw(REQUEST_METHOD REQUEST_URI PATH_INFO QUERY_STRING
	    SERVER_PROTOCOL CONTENT_LENGTH)) {
		my %all = @{ Jobtail::Wire::params($path, @auth) };

		delete $all{$left_out};
		is(outcome(Jobtail::Wire::request(params => [%all])),
		    $left_out eq 'REQUEST_METHOD' ? 'closed' : 200,
		    "without $left_out");
	}
};

subtest 'ABORT at every offset' => sub {
	my @bad;

	for my $at (0 .. length($whole) - 1) {
		my $w = $t->wire;

		$w->send(substr($whole, 0, $at) . Jobtail::Wire::abort(1));
		$w->shut;
		push @bad, $at if !$w->is_closed(6);
	}
	is_deeply(\@bad, [], 'closed each time');
	is_served('and then a plain one');
};

subtest 'random bytes' => sub {
	srand 4711;
	my %seen;

	for (1 .. 300) {
		my $bytes = $whole;

		substr $bytes, int rand length $bytes, 1, chr int rand 256
		    for 1 .. 1 + int rand 8;
		my $w = $t->wire;
		$w->send($bytes);
		$w->shut;
		my $answer = $w->answer;
		$seen{ $answer ? $answer->{status} : 'closed' }++;
	}
	note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
	ok(!$seen{500} && !$seen{503}, 'never a 500 or a 503');
	is_served('and then a plain one');
};

subtest 'slow readers of a page of 4 MiB' => sub {
	my $big = $t->job($tenant);

	$t->sql("SELECT count(jobtail.append_event('$big', 'stage',
	    repeat('x', 60000))) FROM generate_series(1, 80)");
	my @slow = map { my $w = $t->wire;
		$w->send(Jobtail::Wire::request(params =>
		    Jobtail::Wire::params("/v1/jobs/$big/events", @auth))); $w }
	    1 .. 4; # more than there are workers
	wait_for { my $w = $t->wire->ask($path, @auth);
		$w && $w->{status} == 200 } 5, 'others are served';
	is_served('another client, with four readers stuck') for 1 .. 5;
	for my $w (@slow) {
		my $answer = $w->answer(20);

		good($answer, 'a slow reader gets all of it');
		is(length $answer->{content},
		    $answer->{headers}{'content-length'}, 'whole');
		ok($answer->{json}, 'and well-formed');
	}
};

done_testing;
