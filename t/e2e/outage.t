#!/usr/bin/perl
# The database away, slow, restarting or out of connections: 503 in time,
# also for the hundredth request in the queue, and no restart needed.
use v5.36;
use IO::Handle;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Responder;
use Jobtail::Test;
use Jobtail::Wire;
use Time::HiRes qw(time);

# the promise is 2.5 s; the rest is for a busy machine
use constant IN_TIME => 3.5;

my $t = setup(front => 0);
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my $path = "/v1/jobs/$job/events";
my @auth = (HTTP_AUTHORIZATION => "Bearer $key");

$t->allow_log(qr/status=503/);

sub ask { return $t->wire->ask($path, @auth) }

sub is_unavailable ($answer, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($name, sub {
		is_envelope($answer, 503, 'UNAVAILABLE', 'the envelope');
		like($answer->{headers}{'retry-after'}, qr/\A[1-5]\z/,
		    'Retry-After is 1 to 5');
		unlike($answer->{content}, qr/sql|postgres|connect/i,
		    'nothing of the database');
	});
}

# Many requests at once; how long the last answer took, and the statuses.
sub ask_many ($n)
{
	my $start = time;
	my @wires = map { my $w = $t->wire;
		$w->send(Jobtail::Wire::request(params =>
		    Jobtail::Wire::params($path, @auth))); $w } 1 .. $n;
	my %seen;

	for my $w (@wires) {
		my $answer = $w->answer(10);
		$seen{ $answer ? $answer->{status} : 'none' }++;
	}
	return (time - $start, \%seen);
}

# A session that holds a lock on the keys until it is closed.
sub hold_lock
{
	open my $psql, '|-', 'psql', '-Xq', '-d',
	    $t->pg->conninfo('postgres', 'jobtail') or die "psql: $!\n";
	$psql->autoflush(1);
	print $psql "BEGIN; LOCK TABLE jobtail.api_key;\n";
	wait_for { $t->sql("SELECT count(*) FROM pg_locks WHERE granted AND
	    mode = 'AccessExclusiveLock'
	    AND relation = 'jobtail.api_key'::regclass") eq '1' } 10,
	    'the lock';
	return $psql;
}

sub recovers ($name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(eval { wait_for { ask()->{status} == 200 } 10, 'a 200'; 1 },
	    $name);
	return;
}

is(ask()->{status}, 200, 'at first all is well');

subtest 'a restart' => sub {
	$t->pg->restart;
	is(ask()->{status}, 200, 'the next request notices nothing');
};

subtest 'backends are ended' => sub {
	$t->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE usename = 'jobtail_web'");
	is(ask()->{status}, 200, 'the next request notices nothing');
};

subtest 'away' => sub {
	$t->pg->stop;
	my $start = time;
	is_unavailable(ask(), 'one request');
	my ($took, $seen) = ask_many(100);
	is_deeply($seen, { 503 => 100 }, 'a hundred at once');
	ok($took < IN_TIME, 'all in time');
	$t->pg->start;
	recovers('back again');
};

subtest 'slow' => sub {
	my $lock = hold_lock();
	my $start = time;

	is_unavailable(ask(), 'one request');
	ok(time - $start < IN_TIME, 'in time');
	my ($took, $seen) = ask_many(100);
	is_deeply($seen, { 503 => 100 }, 'a hundred at once');
	ok($took < IN_TIME, 'all in time');
	wait_for { $t->sql("SELECT count(*) < 20 FROM pg_stat_activity
	    WHERE usename = 'jobtail_web'") eq 't' } 10,
	    'abandoned backends to end';
	pass('abandoned backends do not pile up');
	close $lock;
	recovers('back again');
};

subtest 'out of connections' => sub {
	$t->sql('ALTER ROLE jobtail_web CONNECTION LIMIT 0');
	$t->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE usename = 'jobtail_web'");
	is_unavailable(ask(), 'one request');
	$t->sql('ALTER ROLE jobtail_web CONNECTION LIMIT -1');
	recovers('back again');
};

subtest 'frozen' => sub {
	my @frozen = ($t->pg->pid, split /\n/, $t->sql("SELECT pid
	    FROM pg_stat_activity WHERE usename = 'jobtail_web'"));

	kill STOP => @frozen;
	my $start = time;
	is_unavailable(ask(), 'one request');
	ok(time - $start < IN_TIME, 'in time');
	kill CONT => @frozen;
	recovers('back again');
};

# A process of its own, as in CGI, with a stream that has more to tell than
# fits into the pipe.
sub start_stream
{
	my ($file) = Jobtail::Responder::write_conf($t->dir . '/stream.conf',
	    { %{ $t->conf }, sse_max => '3s' });
	my $binary = Jobtail::Responder::binary();
	my $pid = open(my $out, '-|') // die "fork: $!\n";

	return $out if $pid;
	open STDERR, '>>', $t->dir . '/stream.log';
	open STDIN, '<', '/dev/null';
	%ENV = (PATH => $ENV{PATH}, GATEWAY_INTERFACE => 'CGI/1.1',
	    @{ Jobtail::Wire::params("$path?since=0", @auth,
		HTTP_ACCEPT => 'application/x-ndjson') },
	    Jobtail::Responder::sanitizer_env($t->dir));
	exec $binary, '-c', $file or die "$binary: $!\n";
}

subtest 'away in the middle of a stream, in CGI' => sub {
	$t->sql("SELECT count(jobtail.append_event('$job', 'stage',
	    repeat('x', 1000))) FROM generate_series(1, 1000)");
	my ($out, $start, $used) = (start_stream(), time, (times)[2]);

	read $out, my $first, 100;
	$t->pg->stop;
	my $text = do { local $/; $first . <$out> };
	close $out;
	is($?, 0, 'it ends in its time');
	like($text, qr/\n\{"latest_seq":\d+,"closed":false\}\n\z/,
	    'and says how far it came');
	# what a process has used is known when it has ended
	cmp_ok((times)[2] - $used, '<', (time - $start) / 3,
	    'it did not ask without end');
	$t->pg->start;
	recovers('back again');
};

sub stream ($seq, $key = $key, $job = $job)
{
	my $wire = $t->wire;

	$wire->send(Jobtail::Wire::request(params => Jobtail::Wire::params(
	    "/v1/jobs/$job/events?since=$seq", HTTP_AUTHORIZATION => "Bearer $key",
	    HTTP_ACCEPT => 'application/x-ndjson')));
	like(read_part($wire, 4), qr/200 OK/, 'a stream');
	return $wire;
}

sub read_part ($wire, $seconds)
{
	return ($wire->read_record($seconds) // {})->{content};
}

sub rename_asked ($from, $to)
{
	my %asked = (job_tails => 'bigint[]', keys_alive => 'bytea[]');

	$t->sql("ALTER FUNCTION jobtail.$from$_($asked{$_}) RENAME TO $to$_")
	    for keys %asked;
	return;
}

# A schema of somebody's own may lack what patrols ask, or be slow at it: the
# database is there all the same.
subtest 'what patrols ask is missing' => sub {
	my $other = $t->key($tenant);
	my $seq = $t->event($job, 'stage');

	$t->allow_log(qr/does not exist/);
	rename_asked('', 'gone_');
	my @wires = map { stream($seq, $_) } $key, $other;

	$seq = $t->event($job, 'stage');
	like(read_part($_, 4), qr/\A\{"seq":$seq,/, 'an event is heard of')
	    for @wires;
	$t->sql('ALTER DATABASE jobtail SET jobtail.notify = off');
	$seq = $t->event($job, 'stage');
	like(read_part($_, 8), qr/\A\{"seq":$seq,/,
	    'and one without a notice is found') for @wires;
	$t->sql("SELECT jobtail.revoke_api_key('$other')");
	is(read_part($wires[1], 8), qq({"latest_seq":$seq,"closed":false}\n),
	    'a stream ends with its key');
	$t->sql('ALTER DATABASE jobtail RESET jobtail.notify');
	rename_asked('gone_', '');
};

subtest 'it is slow' => sub {
	my $seq = $t->event($job, 'stage');

	rename_asked('', 'gone_');
	$t->sql('ALTER FUNCTION jobtail.gone_keys_alive RENAME TO keys_alive;
	    CREATE FUNCTION jobtail.job_tails(job_ids bigint[])
		RETURNS TABLE (job_id bigint, last_seq bigint, closed boolean)
		LANGUAGE sql AS $$ SELECT NULL::bigint, NULL::bigint, NULL::bool
		    FROM pg_sleep(30) $$;
	    GRANT EXECUTE ON FUNCTION jobtail.job_tails TO jobtail_web');
	my $wire = stream($seq);
	my ($until, $said) = (time + 20, '');

	while ((my $left = $until - time) > 0) {
		$said .= read_part($wire, $left) // '';
	}
	is($said, "\n", 'a stream goes on, in silence');
	$seq = $t->event($job, 'stage');
	like(read_part($wire, 8), qr/\A\{"seq":$seq,/, 'and is told');
	$t->sql('ALTER DATABASE jobtail SET jobtail.notify = off');
	$seq = $t->event($job, 'stage');
	like(read_part($wire, 8), qr/\A\{"seq":$seq,/,
	    'without a notice too');
	$t->sql('ALTER DATABASE jobtail RESET jobtail.notify');

	# the other data set has functions of its own
	my %test = (schema => 'jobtail_test');
	my $of_test = $t->tenant(%test);
	my $test_key = $t->key($of_test, %test);
	my $test_wire = stream(1, $test_key, $t->job($of_test, %test));
	$t->sql("SELECT jobtail_test.revoke_api_key('$test_key')");
	is(read_part($test_wire, 8), qq({"latest_seq":1,"closed":false}\n),
	    'a stream ends with its key, in the other data set too');
	$t->sql('DROP FUNCTION jobtail.job_tails;
	    ALTER FUNCTION jobtail.gone_job_tails RENAME TO job_tails');
};

done_testing;
