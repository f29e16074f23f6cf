#!/usr/bin/perl
# What many sessions at once must not break: no event is lost, ownership and
# events come from one snapshot, and a foreign job's events are not touched.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

my $here;
BEGIN { $here = dirname(abs_path(__FILE__)) }
use lib "$here/../lib";
use Jobtail::Postgres;

my $pg = Jobtail::Postgres->new(
    dir => tempdir('jobtail-race-XXXXXXXX', TMPDIR => 1, CLEANUP => 1))->start;

$pg->load_jobtail;
my $tenant = $pg->psql("SELECT jobtail.create_tenant('ours')");
my $key = $pg->psql("SELECT jobtail.create_api_key($tenant)");
my $their_key = $pg->psql("SELECT jobtail.create_api_key(jobtail.create_tenant('theirs'))");

sub new_job { return $pg->psql("SELECT jobtail.create_job($tenant, 'TRY_ON')") }

sub timeline ($job, $since = 'NULL', $tail = 'false', $k = $key)
{
	return "jobtail.timeline(sha256('$k'), '{jobs:read}', '$job', $since, 5000, 4194304, $tail, 10)";
}

# --- order of commits is order of numbers ---

# The same with numbers from a sequence, as one would write it at first.
$pg->psql(<<~'');
	CREATE TABLE naive (seq bigserial PRIMARY KEY, message text);
	CREATE TABLE seen (feed text, n bigserial, seq bigint, message text);
	CREATE TABLE writers (n int);
	CREATE FUNCTION feed_ours(since bigint) RETURNS TABLE (seq bigint, message text)
	LANGUAGE plpgsql AS $$ BEGIN RAISE 'replaced below'; END $$;
	CREATE FUNCTION feed_naive(since bigint) RETURNS TABLE (seq bigint, message text)
	LANGUAGE sql AS $$ SELECT seq, message FROM naive WHERE seq > coalesce(since, 0) ORDER BY seq $$;
	-- what a client does: ask with the last number seen, until the writers are gone and nothing comes
	CREATE PROCEDURE poll(feed text) LANGUAGE plpgsql AS $$
	DECLARE
		since bigint;
		last_look boolean;
		n int;
	BEGIN
		LOOP
			last_look := (SELECT w.n FROM writers w) = 0;
			EXECUTE format('INSERT INTO seen (feed, seq, message) SELECT %L, f.seq, f.message FROM feed_%s($1) f', feed, feed) USING since;
			GET DIAGNOSTICS n = ROW_COUNT;
			SELECT coalesce(max(s.seq), since) INTO since FROM seen s WHERE s.feed = poll.feed;
			COMMIT;
			EXIT WHEN last_look AND n = 0;
			PERFORM pg_sleep(0.001);
		END LOOP;
	END $$;

# Runs writers with delays and rollbacks beside two readers; gives what was
# seen and what there is.
sub race ($feed, $append, $truth, $n_writers = 8, $n_each = 40)
{
	$pg->psql("DELETE FROM writers; INSERT INTO writers VALUES (1)");
	my $reader = $pg->begin("CALL poll('$feed')");
	my @writers = map {
		my $w = $_;

		$pg->begin(join '', map {
			my $end = rand() < 0.2 ? 'ROLLBACK' : 'COMMIT';

			sprintf "BEGIN; %s; SELECT pg_sleep(%.4f); %s;\n",
			    $append->("w$w-$_"), rand(0.004), $end;
		} 1 .. $n_each);
	} 1 .. $n_writers;

	$pg->done($_) for @writers;
	$pg->psql('UPDATE writers SET n = 0');
	$pg->done($reader);
	return ([split /\n/, $pg->psql("SELECT seq, message FROM seen WHERE feed = '$feed' ORDER BY n")],
	    [split /\n/, $pg->psql($truth)]);
}

subtest 'no event is lost' => sub {
	my $job = new_job();
	my $i = 0;

	$pg->psql("CREATE OR REPLACE FUNCTION feed_ours(since bigint) RETURNS TABLE (seq bigint, message text) "
	    . 'LANGUAGE sql AS $$ SELECT seq, message FROM ' . timeline($job, 'since') . ' WHERE part = \'e\' $$');
	my ($seen, $truth) = race('ours', sub ($message) {
		my $visibility = $i++ % 5 ? 'public' : 'internal';

		"SELECT jobtail.append_event('$job', 'stage', '$message', visibility => '$visibility')"
	}, "SELECT seq, message FROM jobtail.job_event WHERE visibility = 'public' ORDER BY seq");

	cmp_ok(@$truth, '>', 150, 'there are many events');
	is_deeply($seen, $truth, 'a reader beside the writers saw each once, and in order');
	is($pg->psql("SELECT max(seq) = count(*) FROM jobtail.job_event"), 't', 'what was rolled back left no hole');
	is($pg->psql('SELECT count(*) FROM (SELECT created_at < lag(created_at) OVER (ORDER BY seq) AS back FROM jobtail.job_event) e WHERE back'),
	    0, 'time goes the way of the numbers');
};

subtest 'the checker bites' => sub {
	my ($seen, $truth) = race('naive', sub ($message) {
		"INSERT INTO naive (message) VALUES ('$message')"
	}, 'SELECT seq, message FROM naive ORDER BY seq');

	cmp_ok(@$seen, '<', @$truth, 'numbers from a sequence lose events: '
	    . (@$truth - @$seen) . ' of ' . @$truth);
};

subtest 'two writers at a closing job' => sub {
	my $job = new_job();
	my $first = $pg->begin("BEGIN; SELECT jobtail.append_event('$job', 'succeeded', 'a'); SELECT pg_advisory_lock(1);"
	    . ' SELECT pg_sleep(0.3); COMMIT;');

	until_true("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory'");
	my ($status, undef, $err) = $pg->run_psql(['-v', 'VERBOSITY=verbose', '-c', "SELECT jobtail.append_event('$job', 'failed', 'b')"], db => 'jobtail');

	$pg->done($first);
	like($err, qr/JT001/, 'the second waits, and then is refused');
	is($pg->psql("SELECT status, last_seq FROM jobtail.job WHERE public_id = '$job'"), 'SUCCESS|2', 'the first one holds');
};

subtest 'purge beside a writer' => sub {
	my $job = new_job();

	$pg->psql("SELECT jobtail.purge('0'), jobtail.append_event('$job', 'succeeded', 'm')");
	my $writer = $pg->begin("BEGIN; SELECT jobtail.append_event('$job', 'stage', 'm', visibility => 'internal');"
	    . ' SELECT pg_advisory_lock(1); SELECT pg_sleep(0.3); COMMIT;');

	until_true("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory'");
	is($pg->psql("SET lock_timeout = '100ms'; SELECT jobtail.purge('0')", user => 'jobtail_operator'), 0,
	    'a job that is being written to waits for the next time');
	$pg->done($writer);
	is($pg->psql("SELECT jobtail.purge('0')"), 1, 'when it goes');
};

# --- one snapshot ---

# job_detail() that lets somebody commit after it has read.
my $pausing = <<~'';
	CREATE OR REPLACE FUNCTION jobtail.job_detail(tenant_id bigint, public_id text)
	RETURNS TABLE (job_id bigint, job_type text, status text, created_at timestamptz, request jsonb, closed boolean, last_seq bigint)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, jobtail, pg_temp AS $$
	BEGIN
		RETURN QUERY SELECT j.id, j.job_type, j.status, j.created_at, j.request, j.closed, j.last_seq
			FROM job j WHERE j.tenant_id = job_detail.tenant_id AND j.public_id = job_detail.public_id;
		PERFORM pg_advisory_lock(2);
		PERFORM pg_advisory_unlock(2);
	END $$;

# The head's number and the newest event's, of a read during which a job ends.
sub read_during_commit ($job)
{
	my $writer = $pg->begin(<<~"");
	SELECT pg_advisory_lock(2);
	DO \$\$ BEGIN
		FOR i IN 1..2000 LOOP
			EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted);
			PERFORM pg_sleep(0.005);
		END LOOP;
	END \$\$;
	SELECT jobtail.append_event('$job', 'succeeded', 'm');
	SELECT pg_advisory_unlock(2);

	until_true("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted");
	my $read = $pg->psql('SELECT max(last_seq), bool_or(closed), max(seq) FROM ' . timeline($job));

	$pg->done($writer);
	return $read;
}

subtest 'job and events are of one snapshot' => sub {
	my $job = new_job();
	my $other = new_job();
	my $ours = $pg->psql("SELECT pg_get_functiondef('jobtail.job_detail'::regproc)");

	$pg->psql($pausing);
	is(read_during_commit($job), '1|f|1', 'what is committed meanwhile is in neither');
	$pg->psql('ALTER FUNCTION jobtail.timeline VOLATILE');
	is(read_during_commit($other), '1|f|2', 'the checker bites: a VOLATILE timeline() tears them apart');
	$pg->psql("ALTER FUNCTION jobtail.timeline STABLE; $ours;");
};

# --- what a foreign job costs ---

# How often one call goes to the events and to the job's rows and indexes.
sub touched ($call)
{
	my $out = $pg->psql(<<~"");
	BEGIN;
	SELECT count(*) FROM $call;
	SELECT sum(pg_stat_get_xact_numscans(c.oid)) FROM pg_class c
	 WHERE c.oid = 'jobtail.job_event'::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'jobtail.job_event'::regclass);
	SELECT string_agg(c.relname, ',') FROM pg_class c
	 WHERE c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'jobtail.job'::regclass) AND pg_stat_get_xact_numscans(c.oid) > 0;
	SELECT pg_stat_get_xact_numscans('jobtail.job'::regclass), pg_stat_get_xact_tuples_fetched('jobtail.job'::regclass);
	ROLLBACK;

	my ($rows, $events, $indexes, $job) = split /\n/, $out;
	return { rows => $rows, events => $events, indexes => $indexes, job => $job };
}

subtest 'a foreign job' => sub {
	my $job = new_job();

	# enough tenants and jobs for the planner to mean it
	$pg->psql(<<~"");
	SELECT jobtail.create_tenant('t' || g) FROM generate_series(1, 50) g;
	SELECT count(jobtail.create_job(t.id, 'A')) FROM jobtail.tenant t, generate_series(1, 20);
	ANALYZE jobtail.job, jobtail.job_event, jobtail.tenant, jobtail.api_key;

	for my $tail ('false', 'true') {
		my $own = touched(timeline($job, 'NULL', $tail));
		my $foreign = touched(timeline($job, 'NULL', $tail, $their_key));
		my $unknown = touched(timeline('01J8ZQ4T6V0000000000000XYZ', 'NULL', $tail, $their_key));

		cmp_ok($own->{events}, '>', 0, "one's own is read (tail $tail)");
		is($foreign->{events}, 0, 'of a foreign one no event is looked at');
		is_deeply($foreign, $unknown, 'it costs what an unknown one does');
		is($foreign->{indexes}, 'job_of_tenant', 'one look into the index of tenants');
		is($foreign->{job}, '0|0', 'and no row');
	}
	my $incapable = touched("jobtail.timeline(sha256('$key'), '{other}', '$job', NULL, 10, 1000, false, 10)");

	is("$incapable->{rows} $incapable->{events} $incapable->{indexes}", '1 0 ', 'a key that is not capable looks at no job');
};

subtest 'internal events cost readers nothing' => sub {
	my $job = new_job();

	$pg->psql("SELECT count(jobtail.append_event('$job', 'stage', 'm', visibility => 'internal')) FROM generate_series(1, 5000)");
	$pg->psql("SELECT jobtail.append_event('$job', 'stage', 'last'); VACUUM ANALYZE jobtail.job_event;");
	my $fetched = $pg->psql('BEGIN; SELECT count(*) FROM ' . timeline($job, 1)
	    . "; SELECT pg_stat_get_xact_tuples_fetched('jobtail.job_event'::regclass), pg_stat_get_xact_tuples_returned('jobtail.job_event'::regclass); ROLLBACK;");

	is($fetched, "2\n2|0", 'two rows are fetched to find one event behind 5,000 internal ones')
	    or diag($fetched);
};

done_testing;

sub until_true ($sql)
{
	for (1 .. 1000) {
		return if $pg->psql($sql) eq 't';
		select undef, undef, undef, 0.01;
	}
	die "waited in vain for: $sql\n";
}
