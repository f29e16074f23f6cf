#!/usr/bin/perl
# Many requests while credentials are fetched: who is warm waits for nobody,
# nobody asks twice at a time, and nothing is kept of what was too large.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use List::Util qw(max uniq);
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Live;
use Jobtail::Metadata;
use Jobtail::Test;
use POSIX ();
use Time::HiRes qw(sleep time);

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $m = Jobtail::Metadata->new(dir => $dir);
my $elsewhere = Jobtail::Metadata->new(dir => $dir);
my %conf = (s3_access_key_id => undef, s3_secret_key_file => undef,
    credentials => 'container', artifact_window => '0');
my $t = setup(front => 'nginx', conf => {%conf});
my $c = Jobtail::Credentials->new($t);

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
mkdir $t->dir . '/home';

sub start_with ($orders, %more)
{
	$m->tell_only(%$orders);
	$t->environment(HOME => $t->dir . '/home', proxies($elsewhere),
	    AWS_CONTAINER_CREDENTIALS_FULL_URI => $m->url . '/v1/credentials',
	    AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary-of-container');
	$t->reconfigure(%conf, %more);
	return;
}

sub kilobytes ()
{
	my $status = slurp('/proc/' . $t->responder->pid . '/status');

	return ($status =~ /^VmRSS:\s+(\d+)/m)[0];
}

sub threads ()
{
	return scalar(() = glob '/proc/' . $t->responder->pid . '/task/*');
}

sub place_of ($events, $is_it)
{
	return (grep { $is_it->($events->[$_]) } 0 .. $#$events)[0] // -1;
}

subtest 'a thread only where one is needed' => sub {
	my %n;

	for my $source (qw(static env container)) {
		start_with({ id => 'ASIATHREAD' }, credentials => $source,
		    $source ne 'static' ? () : (s3_access_key_id => 'AKIAX',
			s3_secret_key_file => file_of($t, 'static',
			    secret_of('AKIAX'))));
		$c->page;
		wait_for { $c->page->{status} == 200 } 30, 'links'
		    if $source eq 'container';
		$n{$source} = threads;
	}
	is($n{env}, $n{static}, 'variables need none');
	is($n{container}, $n{static} + 1, 'an endpoint needs one');
};

# The order of events is the proof: the pages are there, and the endpoint has
# not yet answered. A flight ends after 5 s; on a machine that is too slow for
# it, the next one is taken.
subtest 'who is warm waits for nobody' => sub {
	start_with({ id => 'ASIAWARM', lives => 500 });
	is_signed_by($c->page_in_time, 'ASIAWARM', 'warm');
	$m->tell(how => { container => 'hang' });
	my $n = 0;

	wait_for {
		my $asked = wait_for {
			my @open = grep { $_->{what} ne 'mark' } $m->events;

			@open && $open[-1]{what} eq 'ask' ? $open[-1] : undef;
		} 90, 'a question';

		$m->mark('begin ' . ++$n);
		my %seen;

		$seen{ $_->{status} . (link_of($_) // '') }++
		    for map { $c->page } 1 .. 30;
		$m->mark("end $n");
		is_deeply(\%seen, { '200ASIAWARM' => 30 }, 'pages as ever');

		my @events = $m->events;
		my $at = place_of(\@events, sub ($e) {
			$e->{what} eq 'gone' && $e->{n} == $asked->{n} });
		my $end = place_of(\@events, sub ($e) {
			($e->{word} // '') eq "end $n" });

		$at == -1 || $at > $end;
	} 120, 'thirty pages within a flight';
	ok(1, 'while the endpoint has said nothing');
};

sub link_of ($page)
{
	my ($link) = Jobtail::Link->all($page);

	return $link && $link->id;
}

subtest 'who is cold asks once for all' => sub {
	start_with({ id => 'ASIACOLD', how => { container => 'hold' } });
	my $n = $m->asked;
	my @all = map { $t->live($c->path($c->{with}), key => $c->key) }
	    1 .. 20;
	my @none = map { $t->live($c->path($c->{without}), key => $c->key) }
	    1 .. 20;

	is_deeply([uniq map { $_->whole(10)->{status} } @none], [200],
	    'who needs no link has an answer');
	ok(!grep({ $_->{what} eq 'answer' && ($_->{id} // '') eq 'ASIACOLD' }
	    $m->events), '... before there is any');
	is_without($_->whole(10), 'who needs one is refused') for $all[0];
	is_deeply([uniq map { $_->whole(10)->{status} } @all], [503],
	    '... and all the others');
	$m->tell(how => {});
	is_signed_by($c->page_in_time(undef, undef, 90), 'ASIACOLD', 'later');
	is($m->most_at_once, 1, 'one request at a time');
};

# --- rotation under load ---

# Reads pages until the file is there; tells how many, and what was wrong.
sub read_pages ($path, $stop)
{
	my ($n, %wrong, %seen) = 0;

	while (!-e $stop) {
		my $page = $c->page;

		$n++;
		if ($page->{status} != 200) {
			$wrong{"status $page->{status}"}++;
			next;
		}
		my @links = Jobtail::Link->all($page);
		my $id = $links[0]->id;

		$seen{$id}++;
		$wrong{'links of several'}++
		    if grep { $_->id ne $id } @links;
		$wrong{'the token of another'}++
		    if grep { $_->token ne token_of($id) } @links;
		$wrong{'the secret of another'}++
		    if grep { !$_->is_signed_with(secret_of($id)) } @links;
	}
	spew($path, JSON::PP::encode_json([$n, \%wrong, \%seen]));
	return;
}

sub reader ($path, $stop)
{
	my $pid = fork // die "fork: $!\n";

	return $pid if $pid;
	delete $t->{http};
	eval { read_pages($path, $stop); 1 }
	    or spew($path, JSON::PP::encode_json([0, { "$@" => 1 }, {}]));
	POSIX::_exit(0);
}

subtest 'rotation under load' => sub {
	start_with({ id => 'ASIATURN', rotate => 1, lives => 400 });
	$c->page_in_time;
	$c->page for 1 .. 200;
	my $before = kilobytes;
	my $stop = "$dir/stop";
	my @pids = map { reader("$dir/reader$_", $stop) } 1 .. 4;
	my @how = ({}, { container => 'slow' }, { container => 'close' },
	    { container => 'large' }, { container => 'redirect' });
	my $first = $m->granted;
	my $asked = $m->asked;

	# a good one again and again, and one of each kind between them
	for my $how (@how, {}) {
		$m->tell(how => $how, location => $elsewhere->url);
		my $n = $m->asked;

		wait_for { $m->asked > $n } 90, 'the next question';
	}
	my $granted = $m->granted;

	wait_for { $m->granted > $granted } 90, 'the last answer';
	my $newest = ($m->granted)[-1];

	$c->page_in_time($newest, undef, 30);
	spew($stop, '');
	waitpid $_, 0 for @pids;

	my $after = kilobytes;
	my ($n, %wrong, %seen) = 0;

	for my $told (map { JSON::PP::decode_json(slurp("$dir/reader$_")) }
	    1 .. 4) {
		$n += $told->[0];
		$wrong{$_} += $told->[1]{$_} for keys %{ $told->[1] };
		$seen{$_} += $told->[2]{$_} for keys %{ $told->[2] };
	}
	note("$n pages, ", scalar keys %seen, ' credentials, ', $asked, ' to ',
	    scalar $m->asked, " questions, $before to $after kB");
	is_deeply(\%wrong, {}, 'every page is whole');
	cmp_ok(scalar keys %seen, '>=', 3, 'several credentials');
	my %granted = map { $_ => 1 } $m->granted;

	is_deeply([grep { !$granted{$_} } keys %seen], [],
	    'none that nobody gave');
	is($m->most_at_once, 1, 'one request at a time');
	cmp_ok($after - $before, '<', 6000, 'memory is flat');
};

subtest 'answers that are too large' => sub {
	start_with({ id => 'ASIABEFORE', lives => 400 });
	$c->page_in_time;
	$c->page for 1 .. 100;
	my $before = kilobytes;
	my $most = 0;

	for my $how (qw(large chunked endless endless_head)) {
		$m->tell(how => { container => $how });
		my $n = grep { $_->{what} eq 'gone' } $m->events;

		wait_for {
			$most = max($most, kilobytes);
			$c->page;
			$n < grep { $_->{what} eq 'gone' } $m->events;
		} 120, "an answer: $how";
		$most = max($most, kilobytes);
	}
	note("$before to $most kB");
	cmp_ok($most - $before, '<', 6000, 'memory is flat');
	is_signed_by($c->page, 'ASIABEFORE', 'links as before');
	my @said = complaints($t->responder->log_lines);

	cmp_ok(scalar @said, '>=', 1, 'the log says it');
	is_deeply([uniq map { $_->{level} } @said], ['warn'],
	    '... as a warning, as there are links');
};

# The log's time to the second, of each line about credentials.
subtest 'what the log says in the long run' => sub {
	start_with({ id => 'ASIALOG', lives => 300 });
	$c->page_in_time;
	$m->tell(how => { container => 'close' });
	my $from = time;

	wait_for { complaints($t->responder->log_lines) } 90, 'a line';
	my $n = $m->asked;

	while (time < $from + 15) {
		$c->page;
		sleep 0.01;
	}
	my @said = complaints($t->responder->log_lines);

	cmp_ok(scalar @said, '<=', 1 + (time - $from) / 60,
	    'once a minute at most');
	is($said[0]{level}, 'warn', 'links go on');
	cmp_ok($m->asked - $n, '<=', 2 + time - $from,
	    'nor is it asked all the time');
};

# The flight is under way.
subtest 'a stop does not wait for it' => sub {
	start_with({ id => 'ASIASTOP', how => { container => 'hang' } });
	my $n = $m->asked;

	$c->page;
	wait_for { $m->asked } 20, 'a question';
	$t->stop_servers;
	is_deeply($t->{faults}, [], 'a clean end');
};

subtest 'no secret is told' => sub {
	$c->no_secret_is_told;
};

ok($elsewhere->is_untouched, 'nobody was led elsewhere');
done_testing;
