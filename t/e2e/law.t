# No event is lost: fifty writers, forty readers in every mode, and faults on
# the way. JOBTAIL_LAW_EVENTS asks for a longer run, JOBTAIL_LAW_SEED for the
# choices of another one.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Law;
use Jobtail::Test;
use Time::HiRes qw(time sleep);

my $goal = $ENV{JOBTAIL_LAW_EVENTS} || 20_000;
my $seed = $ENV{JOBTAIL_LAW_SEED} || time ^ $$;
my $t = setup(front => 'nginx');

# The listener's role tells its sessions from the workers'.
$t->sql("CREATE ROLE law_listener LOGIN IN ROLE jobtail_web;
    ALTER DATABASE jobtail SET jobtail.closed_grace = '1s'");
$t->reconfigure(workers => 2, wait_max => '3s', sse_max => '2s',
    closed_grace => '1s',
    listen_database => $t->pg->conninfo('law_listener', 'jobtail'));
# what is said of a database and a responder that go away
$t->allow_log(qr/listen/i, qr/status=503/);
$t->allow_front(qr/connect\(\) to unix:/);
note("JOBTAIL_LAW_SEED=$seed");

sub end_listener
{
	return $t->sql("SELECT count(pg_terminate_backend(pid))
	    FROM pg_stat_activity WHERE usename = 'law_listener'");
}

# Runs to the goal; what is to be done on the way, by the share of it.
sub run_to_the_end ($law, %faults)
{
	my $limit = time + 60 + $law->{goal} / 200;
	my ($killed, $next) = (0, 0);

	$law->start;
	while ((my $share = $law->share) < 1) {
		die "the writers are too slow\n" if time > $limit;
		$law->tend;
		if (time > $next) {
			$killed += end_listener();
			$next = time + 0.7;
		}
		$faults{$_} && $share > $_ && (delete $faults{$_})->()
		    for sort keys %faults;
		sleep 0.1;
	}
	return ($law->finish(60), $killed);
}

sub show ($verdict)
{
	my $counts = $verdict->{counts};

	note(join ', ', map { "$_: $counts->{$_}" } sort keys %$counts);
	diag($_) for splice @{ $verdict->{faults} }, 0, 10;
}

my $law = Jobtail::Law->new(t => $t, goal => $goal, seed => $seed);
my ($verdict, $killed) = run_to_the_end($law,
    0.3 => sub { $t->pg->restart },
    0.6 => sub {
	my $responder = $t->responder;

	$t->fault('the responder did not drain') if !$responder->stop;
	$responder->start;
    });

subtest 'the law' => sub {
	my $counts = $verdict->{counts};

	show($verdict);
	cmp_ok($law->appended, '>=', $goal, "$goal events");
	cmp_ok($killed, '>=', 5, 'the listener was ended again and again');
	cmp_ok($counts->{"events by $_"} // 0, '>', $goal / 20,
	    "$_: brought events") for qw(poll wait sse ndjson);
	cmp_ok($counts->{$_} // 0, '>', 0, "$_: there were some")
	    for qw(held left rotate drain);
	is($verdict->{broken}{$_}, 0, "$_: none") for @Jobtail::Law::classes;
};

# One good report, and what spoils it.
subtest 'the judge knows each fault' => sub {
	my $truth = $verdict->{truth};
	my ($report) = grep {
		!grep { $_ } values %{ Jobtail::Law::judge($truth, $_) }
	} @{ $verdict->{reports} };
	my $events = $truth->{ $report->{job} };
	my ($inside) = grep { !$events->{$_}{public} } keys %$events;
	my @seen = @{ $report->{seen} };
	my %spoilt = (
		lost => [@seen[0 .. 4, 6 .. $#seen]],
		duplicated => [@seen[0 .. 4, 4 .. $#seen]],
		disordered => [@seen[0 .. 3, 5, 4, 6 .. $#seen]],
		foreign => [@seen, '1 somebody'],
		internal => [@seen, "$inside $events->{$inside}{message}"],
	);

	for my $class (sort keys %spoilt) {
		my $n = Jobtail::Law::judge($truth,
		    { %$report, seen => $spoilt{$class} });

		is(join(' ', grep { $n->{$_} } sort keys %$n), $class, $class);
	}
};

# The same with numbers from a sequence, as one would write it at first: who
# takes a number first may commit last.
$t->sql(<<~'SQL');
	CREATE SCHEMA control;
	CREATE SEQUENCE control.numbers START 2;
	CREATE FUNCTION control.append_event(public_id text, event_type text,
		message text, visibility text) RETURNS bigint
	LANGUAGE plpgsql AS $$
	DECLARE
		n CONSTANT bigint := nextval('control.numbers');
		job bigint;
	BEGIN
		PERFORM pg_sleep(0.003 * random());
		UPDATE jobtail_test.job j
		   SET last_seq = greatest(j.last_seq, n)
		 WHERE upper(j.public_id) = append_event.public_id
		RETURNING j.id INTO job;
		INSERT INTO jobtail_test.job_event (job_id, seq, created_at,
			visibility, event_type, message, artifacts, extra)
		VALUES (job, n, clock_timestamp(), visibility, event_type,
			message, '[]', '{}');
		PERFORM pg_notify('jobtail',
			'jobtail_test ' || public_id || ' ' || n);
		RETURN n;
	END $$;
	SQL

subtest 'the test can fail' => sub {
	my $control = Jobtail::Law->new(t => $t, goal => 3000, seed => $seed,
	    schema => 'jobtail_test', path => 'control, jobtail_test');
	my ($verdict) = run_to_the_end($control);

	show($verdict);
	cmp_ok($verdict->{broken}{lost}, '>', 0,
	    'numbers from a sequence lose events');
	is($verdict->{broken}{$_}, 0, "$_: none") for qw(foreign internal);
};

done_testing;
