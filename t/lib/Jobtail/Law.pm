package Jobtail::Law;

# The law: a client that goes on from its cursor receives every public event
# of a job exactly once and in order. Writers that commit late or not at all,
# readers in processes of their own, and the judge of what these have seen.
#
#   my $law = Jobtail::Law->new(t => $t, goal => 20_000)->start;
#   while ($law->share < 1) { ... $law->tend; }
#   my $verdict = $law->finish(60);

use v5.36;
use IO::Select;
use POSIX ();
use Storable ();
use Jobtail::Process qw(wait_for);
use Jobtail::Reader;
use Time::HiRes qw(time);

our @classes = qw(lost duplicated disordered foreign internal moved_back odd);

# What a session may say when its server goes away.
my $gone = qr/terminating\ connection|server\ closed\ the\ connection
    |the\ database\ system\ is|connection\ to\ server/x;

# A writer appends to a job of its choice, keeps the transaction open for a
# while, and gives a fifth of them up. A fifth of the events is internal.
my $writing = <<~'SQL';
	CREATE SCHEMA IF NOT EXISTS law;
	GRANT USAGE ON SCHEMA law TO jobtail_producer;
	CREATE TABLE IF NOT EXISTS law.run (schema text PRIMARY KEY,
		stopped boolean NOT NULL DEFAULT false);
	GRANT SELECT ON law.run TO jobtail_producer;
	CREATE OR REPLACE PROCEDURE law.write(writer text, schema text,
		jobs text[])
	LANGUAGE plpgsql AS $$
	DECLARE
		n int := 0;
		job text;
	BEGIN
		WHILE NOT (SELECT r.stopped FROM law.run r
			WHERE r.schema = write.schema) LOOP
			job := jobs[1 + floor(random() * cardinality(jobs))];
			FOR i IN 1 .. 1 + floor(random() * 4) LOOP
				n := n + 1;
				PERFORM append_event(public_id => job,
					event_type => 'stage',
					message => writer || '.' || n,
					visibility => CASE WHEN random() < 0.2
						THEN 'internal' ELSE 'public' END);
			END LOOP;
			PERFORM pg_sleep(0.05 * random() ^ 3);
			IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
		END LOOP;
	END $$;
	SQL

# goal (events), schema, path (where writers find append_event, if not there),
# n_jobs, n_writers, n_readers, n_processes, seed
sub new ($class, %o)
{
	my $self = bless { schema => 'jobtail', n_jobs => 10,
		n_writers => 50, n_readers => 40, n_processes => 4,
		seed => time ^ $$, n_started => 0, %o }, $class;
	my $t = $self->{t};
	my %schema = (schema => $self->{schema});
	my $tenant = $t->tenant(%schema);

	$t->sql("$writing; INSERT INTO law.run VALUES ('$self->{schema}')");
	$self->{key} = $t->key($tenant, %schema);
	$self->{jobs} = [map { $t->job($tenant, %schema) }
	    1 .. $self->{n_jobs}];
	return $self;
}

# --- writers ---

sub start ($self)
{
	$self->{port} = $self->{t}->front->port;
	$self->{readers} = [map { $self->start_reading($_) }
	    1 .. $self->{n_processes}];
	$self->{writers} = [map { $self->start_writer }
	    1 .. $self->{n_writers}];
	return $self;
}

sub start_writer ($self)
{
	my $jobs = join ',', map { "'$_'" } @{ $self->{jobs} };
	my $path = $self->{path} // $self->{schema};

	return $self->{t}->pg->begin("SET search_path = $path;\n"
	    . "CALL law.write('w" . ++$self->{n_started}
	    . "', '$self->{schema}', ARRAY[$jobs]);\n",
	    user => $self->{path} ? 'postgres' : 'jobtail_producer');
}

# Puts another in the place of each writer whose server has gone away.
sub tend ($self)
{
	for my $writer (@{ $self->{writers} }) {
		next if waitpid($writer->{pid}, POSIX::WNOHANG)
		    != $writer->{pid};
		$self->bury($writer);
		$writer = $self->start_writer;
	}
	return;
}

sub bury ($self, $writer)
{
	my (undef, undef, $said) = $self->{t}->pg->finish_psql($writer);

	die "a writer ended: $said\n" if $said ne '' && $said !~ $gone;
	return;
}

sub appended ($self)
{
	return $self->{t}->sql("SELECT count(*)
	    FROM $self->{schema}.job_event");
}

# How much of the goal there is, from 0 to 1 and more.
sub share ($self) { return $self->appended / $self->{goal} }

sub stop_writers ($self)
{
	$self->{t}->sql("UPDATE law.run SET stopped = true
	    WHERE schema = '$self->{schema}'");
	$self->bury($_) for splice @{ $self->{writers} };
	return;
}

# Half of the jobs end in public, half inside.
sub end_jobs ($self)
{
	my $i = 0;

	$self->{t}->event($_, 'succeeded', schema => $self->{schema},
	    message => 'end', visibility => $i++ % 2 ? 'internal' : 'public')
	    for @{ $self->{jobs} };
	return;
}

# --- readers ---

# A process with its share of the readers; it ends when their jobs have.
sub start_reading ($self, $n)
{
	my $run = { file => $self->{t}->dir . "/$self->{schema}.read.$n" };

	$run->{pid} = fork // die "fork: $!\n";
	return $run if $run->{pid};
	srand $self->{seed} + $n;
	eval { $self->read_all($n, $run->{file}); 1 } or print STDERR $@;
	POSIX::_exit(0);
}

sub read_all ($self, $n, $file)
{
	my @jobs = @{ $self->{jobs} };
	my @all = map { Jobtail::Reader->new(job => $jobs[$_ % @jobs],
	    port => $self->{port}, key => $self->{key}) }
	    grep { $_ % $self->{n_processes} == $n - 1 }
	    0 .. $self->{n_readers} - 1;
	my $told = 0;

	# told to come to an end, in time or not, they report
	local $SIG{TERM} = sub { $told = 1 };
	while (!$told && (my @busy = grep { !$_->is_finished } @all)) {
		IO::Select->new(map { $_->handle } @busy)->can_read(0.02);
		$_->step for @busy;
	}
	Storable::store([map { $_->report } @all], $file);
	return;
}

# What they saw, each for itself; those who take longer are told to stop.
sub reports ($self, $seconds)
{
	my $end = time + $seconds;

	return map {
		my $left = $end - time;
		my $status = eval { wait_for {
			waitpid($_->{pid}, POSIX::WNOHANG) == $_->{pid}
		} $left > 0 ? $left : 0, 'readers'; 1 };

		Jobtail::Process::stop($_->{pid}) if !$status;
		-e $_->{file} ? @{ Storable::retrieve($_->{file}) }
		    : die "a process of readers died\n";
	} splice @{ $self->{readers} };
}

# --- the judge ---

# job => seq => { public, message }: all that there is, read by who may.
sub truth ($self)
{
	my %truth;

	for (split /\n/, $self->{t}->sql("SELECT j.public_id, e.seq,
	    (e.visibility = 'public')::int, e.message
	    FROM $self->{schema}.job_event e
	    JOIN $self->{schema}.job j ON j.id = e.job_id")) {
		my ($job, $seq, $public, $message) = split /\|/;

		$truth{$job}{$seq} = { public => $public,
			message => $message };
	}
	return \%truth;
}

# How often a report breaks which part of the law.
sub judge ($truth, $report)
{
	my $events = $truth->{ $report->{job} };
	my %n = map { $_ => scalar @{ $report->{faults}{$_} // [] } } @classes;
	my ($last, %had) = (-1);

	for (@{ $report->{seen} }) {
		my ($seq, $message) = split / /, $_, 2;
		my $event = $events->{$seq};

		if (!$event || $event->{message} ne $message) {
			$n{foreign}++;
		} elsif (!$event->{public}) {
			$n{internal}++;
		} elsif ($had{$seq}++) {
			$n{duplicated}++;
		} elsif ($seq < $last) {
			$n{disordered}++;
		} else {
			$last = $seq;
		}
	}
	$n{lost} += grep { $events->{$_}{public} && !$had{$_} } keys %$events;
	$n{odd}++ if !$report->{finished};
	return \%n;
}

# Stops the writers, ends the jobs, and gives { broken => class => how often,
# counts, faults => [...], reports, truth } when the readers have come to the
# end, or the time is up.
sub finish ($self, $seconds)
{
	$self->stop_writers;
	$self->end_jobs;
	my @reports = $self->reports($seconds);
	my $truth = $self->truth;
	my %all = (truth => $truth, reports => \@reports, counts => {},
	    faults => [], broken => { map { $_ => 0 } @classes });

	for my $report (@reports) {
		my $n = judge($truth, $report);

		$all{broken}{$_} += $n->{$_} for keys %$n;
		$all{counts}{$_} += $report->{counts}{$_}
		    for keys %{ $report->{counts} };
		push @{ $all{faults} }, map { @$_ }
		    values %{ $report->{faults} };
	}
	return \%all;
}

# Processes of an interrupted test.
sub DESTROY ($self)
{
	local ($?, $!, $@);

	return if !$self->{port} || $self->{t}{owner} != $$;
	Jobtail::Process::stop($_->{pid}, 'KILL')
	    for splice(@{ $self->{readers} // [] }),
	    splice(@{ $self->{writers} // [] });
}

1;
