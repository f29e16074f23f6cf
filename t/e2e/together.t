#!/usr/bin/perl
# Requests that have queued up ask the database together, in one transaction,
# and each still gets its own answer: also beside one that fails.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
use Jobtail::Wire;

my $t = setup(front => 0, conf => { workers => 1 });
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $foreign = $t->key($t->tenant);
my $test_tenant = $t->tenant(schema => 'jobtail_test');
my $test_key = $t->key($test_tenant, schema => 'jobtail_test');
my $test_job = $t->job($test_tenant, schema => 'jobtail_test');
my $job = $t->job($tenant);
my $bad_job = $t->job($tenant);
my $bad_id = $t->sql("SELECT id FROM jobtail.job WHERE public_id = '$bad_job'");

$t->event($job, 'stage', stage => "stage_$_") for 1 .. 3;

# The reader says in PostgreSQL's log in which transaction it ran, and fails
# for one job.
$t->sql(<<"SQL");
SET ROLE jobtail_owner;
CREATE OR REPLACE FUNCTION jobtail.public_events(job_id bigint, since bigint,
	max_events int)
RETURNS TABLE (seq bigint, event_type text, stage text, message text,
	artifacts jsonb, extra jsonb, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS \$\$
BEGIN
	RAISE LOG 'transaction %', extract(epoch FROM now());
	IF job_id = $bad_id THEN
		RAISE EXCEPTION 'this job is broken';
	END IF;
	RETURN QUERY
	SELECT e.seq, e.event_type, e.stage, e.message, e.artifacts, e.extra,
	       e.created_at
	  FROM jobtail.job_event e
	 WHERE e.job_id = public_events.job_id
	   AND e.seq > public_events.since
	 ORDER BY e.seq
	 LIMIT public_events.max_events;
END
\$\$;
SQL

sub send_one ($path, $with)
{
	my $wire = $t->wire;
	my ($info, $query) = split /\?/, $path;

	$wire->send(Jobtail::Wire::request(params => Jobtail::Wire::params(
	    $info, QUERY_STRING => $query // '',
	    HTTP_AUTHORIZATION => "Bearer $with")));
	return $wire;
}

# Makes the requests wait behind one that PostgreSQL cannot answer yet, and
# gives their answers.
sub together (@requests)
{
	my $lock = $t->pg->begin('BEGIN; LOCK TABLE jobtail.job '
	    . 'IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.7); COMMIT');

	wait_for { $t->sql(q{SELECT count(*) FROM pg_locks
	    WHERE mode = 'AccessExclusiveLock' AND granted
	      AND relation = 'jobtail.job'::regclass}) } 10, 'the lock';
	my $first = send_one("/v1/jobs/$job/events?since=4", $key);

	wait_for { $t->sql(q{SELECT count(*) FROM pg_locks
	    WHERE NOT granted}) } 10, 'the first request';
	my @wires = map { send_one(@$_) } @requests;
	my @answers = map { $_->answer } $first, @wires;

	$t->pg->done($lock);
	is($answers[0]{status}, 200, 'the one that they waited behind');
	return @answers[1 .. $#answers];
}

sub transactions { return slurp($t->pg->log_path) =~ /transaction ([\d.]+)/g }

sub events_of ($answer)
{
	return join ' ', map { $_->{seq} } @{ $answer->{json}{events} // [] };
}

# The first ones connect and prepare.
is(send_one("/v1/jobs/$job/events", $_)->answer->{status},
    $_ eq $key ? 200 : 404, 'ready') for $key, $test_key;

subtest 'different ones at once' => sub {
	my $before = () = transactions();
	my @answers = together(
	    ["/v1/jobs/$job/events", $key],
	    ["/v1/jobs/$job/events?since=2", $key],
	    ["/v1/jobs/$job/events", $foreign],
	    ["/v1/jobs/$test_job/events", $test_key],
	    ["/v1/jobs/$job/events?since=x", $key],
	    ["/v1/jobs/$job/events", 'sk_live_nobody'],
	    ["/v1/jobs/$job", $key],
	    ["/v1/jobs/$job/events?limit=1", $key]);

	is(join(' ', map { $_->{status} } @answers),
	    '200 200 404 200 422 401 200 200', 'each has its own status');
	is(events_of($answers[0]), '1 2 3 4', 'its own events');
	is(events_of($answers[1]), '3 4', 'after its own cursor');
	is(events_of($answers[7]), '1', 'and with its own limit');
	is($answers[3]{json}{public_id}, $test_job, 'of its own data set');
	is($answers[6]{json}{job_type}, 'CATALOG_RENDER', 'the detail');
	my @all = transactions();
	my %seen = map { $_ => 1 } @all[$before .. $#all];

	cmp_ok(scalar(keys %seen), '<=', 2,
	    'in one transaction, behind that of the first');
};

subtest 'beside one that fails' => sub {
	$t->allow_log(qr/status=500 .*sqlstate=P0001 this job is broken/);
	my @answers = together(
	    ["/v1/jobs/$job/events?since=1", $key],
	    ["/v1/jobs/$bad_job/events", $key],
	    ["/v1/jobs/$job/events?since=2", $key],
	    ["/v1/jobs/$job/events?since=3", $key]);

	is(join(' ', map { $_->{status} } @answers), '200 500 200 200',
	    'only that one');
	is(join(' | ', map { events_of($_) } @answers[0, 2, 3]),
	    '2 3 4 | 3 4 | 4', 'the others have their events');
};

subtest 'while the connection is lost' => sub {
	my $kill = $t->pg->begin(q{SELECT pg_sleep(0.3);
	    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
	     WHERE usename = 'jobtail_web'});
	my @answers = together(map { ["/v1/jobs/$job/events?since=$_", $key] }
	    1 .. 3);

	$t->pg->done($kill);
	is(join(' ', map { $_->{status} } @answers), '200 200 200',
	    'they are asked again');
	is(join(' | ', map { events_of($_) } @answers), '2 3 4 | 3 4 | 4',
	    'and have their events');
};

done_testing;
