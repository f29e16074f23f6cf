#!/usr/bin/perl
# Many requests while credentials are fetched: who is warm waits for nobody,
# nobody asks twice at a time, and nothing is kept of what was too large.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use List::Util qw(uniq);
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Test;
use Jobtail::Wire;
use POSIX ();
use Time::HiRes qw(sleep time);

# A sanitizer that keeps what was freed for a while would spoil the figures.
$ENV{ASAN_OPTIONS} = join ':', $ENV{ASAN_OPTIONS} // (),
    'quarantine_size_mb=1:thread_local_quarantine_size_kb=64';

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $elsewhere = Jobtail::Metadata->new(dir => $dir);
my %unset = (s3_access_key_id => undef, s3_secret_key_file => undef);
my $t = setup(front => 0, conf => { %unset, store => 'none' });
my $c = Jobtail::Credentials->new($t);

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
mkdir $t->dir . '/home';

# A responder with an endpoint of its own. What it grants has hardly begun to
# live when it is renewed, a minute later, and then lives for another minute.
sub started ($orders, %more)
{
	my $m = Jobtail::Metadata->new(dir => $dir)->tell_only(
	    lives => 130, location => $elsewhere->url, %$orders);
	my $r = $t->beside(env => {
		HOME => $t->dir . '/home', proxies($elsewhere),
		AWS_CONTAINER_CREDENTIALS_FULL_URI => $m->url
		    . '/v1/credentials',
		AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary-of-container',
	    }, conf => { %unset, credentials => 'container',
		artifact_ttl => '20s', artifact_window => '0', %more });

	return { m => $m, r => $r };
}

# Its first answer is good, and then comes this.
sub warm ($id, @how)
{
	my $one = started({ id => $id, how =>
	    { container => ['normal', @how] } });

	is_signed_by($c->page_in_time(undef, $one->{r}), $id,
	    "$id has links");
	return $one;
}

# VmRSS now, VmHWM at most so far, in kB.
sub memory ($one, $what)
{
	return (slurp('/proc/' . $one->{r}->pid . '/status')
	    =~ /^$what:\s+(\d+)/m)[0];
}

sub threads ($r)
{
	return scalar(() = glob '/proc/' . $r->pid . '/task/*');
}

sub id_of ($page)
{
	my ($link) = Jobtail::Link->all($page);

	return $link && $link->id;
}

# Those who are to be looked at in a minute, with 200 pages before that, so
# that all memory that is needed has been asked for.
my $slow = warm('ASIASLOW', 'hang');
my $large = warm('ASIALARGE', qw(large chunked endless endless_head));
my $deaf = warm('ASIADEAF', 'close');
my $turn = started({ id => 'ASIATURN', rotate => 1, how => { container =>
    [qw(normal close large redirect slow normal)] } });

$c->page_in_time(undef, $turn->{r});
for my $one ($large, $turn) {
	$c->page($one->{r}) for 1 .. 200;
	$one->{$_} = memory($one, $_) for qw(VmRSS VmHWM);
}

subtest 'a thread only where one is needed' => sub {
	my %key = (AWS_ACCESS_KEY_ID => 'AKIAENV',
	    AWS_SECRET_ACCESS_KEY => secret_of('AKIAENV'));
	my %r = (
		static => $t->beside,
		none => $t->beside(conf => { %unset, store => 'none' }),
		env => $t->beside(env => \%key, conf => { %unset,
			credentials => 'env' }),
		auto => $t->beside(env => \%key, conf => { %unset,
			credentials => 'auto' }),
	);
	my %n;

	for my $name (sort keys %r) {
		is($c->page($r{$name})->{status}, 200, "$name: a page");
		$n{$name} = threads($r{$name});
	}
	is($n{$_}, $n{none}, "none for $_") for qw(static env auto);
	is(threads($slow->{r}), $n{none} + 1, 'one for an endpoint');
};

# None is there, and the endpoint is asked for the first time.
sub cold ($id)
{
	return started({ id => $id, how => { container => 'hold' } });
}

# Twenty who ask such a one for that job's page.
sub twenty ($one, $job)
{
	my $request = Jobtail::Wire::request(params => Jobtail::Wire::params(
	    $c->path($job), HTTP_AUTHORIZATION => 'Bearer ' . $c->key));

	return map {
		my $w = Jobtail::Wire->new($one->{r}->socket_path);

		$w->send($request);
		$w;
	} 1 .. 20;
}

sub statuses (@wires)
{
	return [uniq map { ($_->answer(10) // {})->{status} } @wires];
}

subtest 'who is cold asks once for all' => sub {
	my $cold = cold('ASIACOLD');

	is_deeply(statuses(twenty($cold, $c->{with})), [503],
	    'who needs a link is refused');
	is(scalar(grep { $_->{what} eq 'answer' } $cold->{m}->events), 0,
	    '... before there is an answer');
	$cold->{m}->tell(how => {});
	is_signed_by($c->page_in_time(undef, $cold->{r}), 'ASIACOLD',
	    'it has come');
	is($cold->{m}->most_at_once, 1, 'one request at a time');
};

# More than there are workers, who may not all wait for the endpoint.
subtest 'who needs no link waits for nobody' => sub {
	my $cold = cold('ASIACROWD');
	my @with = twenty($cold, $c->{with});

	is_deeply(statuses(twenty($cold, $c->{without})), [200],
	    'also behind a crowd of those who do');
	is_deeply(statuses(@with), [503], 'those are refused');
	$cold->{m}->tell(how => {});
	is_signed_by($c->page_in_time(undef, $cold->{r}), 'ASIACROWD',
	    'it has come');
};

# The flight is under way.
subtest 'a stop does not wait for it' => sub {
	my $stop = started({ how => { container => 'hang' } });

	wait_for { $stop->{m}->asked } 20, 'a question';
	is($stop->{r}->stop, 1, 'a clean end');
	is(scalar(grep { $_->{what} eq 'gone' } $stop->{m}->events), 1,
	    'and of the flight');
};

# --- rotation under load ---

# Reads pages until the file is there; tells how many, and what was wrong.
sub read_pages ($r, $path, $stop)
{
	my ($n, %wrong, %seen) = 0;

	while (!-e $stop) {
		my $page = $c->page($r);

		$n++;
		if ($page->{status} != 200) {
			$wrong{"status $page->{status}"}++;
			next;
		}
		my @links = Jobtail::Link->all($page);
		my $id = $links[0]->id;
		my $token = $id =~ /\AAKIA/ ? 'none' : token_of($id);

		$seen{$id}++;
		$wrong{'links of several'}++
		    if grep { $_->id ne $id } @links;
		$wrong{'the token of another'}++
		    if grep { ($_->token // 'none') ne $token } @links;
		$wrong{'the secret of another'}++
		    if grep { !$_->is_signed_with(secret_of($id)) } @links;
	}
	return [$n, \%wrong, \%seen];
}

sub reader ($r, $path, $stop)
{
	my $pid = fork // die "fork: $!\n";

	return $pid if $pid;
	my $told = eval { read_pages($r, $path, $stop) }
	    // [0, { "$@" => 1 }, {}];

	spew($path, JSON::PP::encode_json($told));
	POSIX::_exit(0);
}

# Three who read while the block runs; what all have seen.
sub under_load ($r, $block)
{
	my $stop = "$dir/stop" . ++$t->{n_loads};
	my @pids = map { reader($r, "$stop.$_", $stop) } 1 .. 3;
	my $ok = eval { $block->(); 1 };
	my ($why, $n, %wrong, %seen) = ($@, 0);

	spew($stop, '');
	waitpid $_, 0 for @pids;
	die $why if !$ok;
	for my $told (map { JSON::PP::decode_json(slurp("$stop.$_")) } 1 .. 3) {
		$n += $told->[0];
		$wrong{$_} += $told->[1]{$_} for keys %{ $told->[1] };
		$seen{$_} += $told->[2]{$_} for keys %{ $told->[2] };
	}
	note("$n pages, ", scalar keys %seen, ' credentials');
	cmp_ok($n, '>', 100, 'pages were read');
	is_deeply(\%wrong, {}, 'each is whole');
	return \%seen;
}

# Keys in a file change often: whoever mixed up two of them would be seen.
subtest 'keys that change under load' => sub {
	my $path = file_of($t, 'moving', section('default', 'ASIAFILE0'));
	my $r = $t->beside(conf => { %unset, credentials => 'profile' },
	    env => { AWS_SHARED_CREDENTIALS_FILE => $path,
		HOME => $t->dir . '/home' });

	$c->page_in_time(undef, $r);
	my $seen = under_load($r, sub {
		for my $id (map { ("AKIAFILE$_", "ASIAFILE$_") } 1, 2) {
			file_of($t, 'moving', section('default', $id));
			$c->page_in_time($id, $r, 60);
		}
	});

	is(scalar keys %$seen, 5, 'five keys');
};

# A question to which there is no answer yet.
sub flight_of ($m)
{
	my @last = grep { $_->{what} =~ /\A(?:ask|answer|gone)\z/ }
	    $m->events;

	return @last && $last[-1]{what} eq 'ask' ? $last[-1] : undef;
}

# The order of events is the proof: the pages are there, and the endpoint has
# not yet answered. A flight ends after 5 s; on a machine that is too slow for
# it, the next one is taken.
sub pages_in_flight ($m, $r)
{
	my $flight = wait_for { flight_of($m) } 120, 'a question';
	my %seen;

	$seen{ $_->{status} . (id_of($_) // '') }++
	    for map { $c->page($r) } 1 .. 30;
	$m->mark("after $flight->{n}");
	is_deeply(\%seen, { '200ASIASLOW' => 30 }, 'pages as ever');
	my ($next) = grep { ($_->{word} // '') eq "after $flight->{n}"
	    || $_->{what} eq 'gone' && $_->{n} == $flight->{n} } $m->events;

	return $next->{what} eq 'mark';
}

subtest 'who is warm waits for nobody' => sub {
	my ($m, $r) = @$slow{qw(m r)};

	wait_for { pages_in_flight($m, $r) } 60,
	    'thirty pages within a flight';
	cmp_ok(scalar $m->asked, '>', 1, 'while the endpoint says nothing');
	is($m->most_at_once, 1, 'one request at a time');
};

subtest 'rotation under load' => sub {
	my ($m, $r) = @$turn{qw(m r)};
	my $seen = under_load($r, sub {
		wait_for { $m->granted > 1 } 120, 'another answer';
		$c->page_in_time(($m->granted)[-1], $r, 60);
	});
	my %granted = map { $_ => 1 } $m->granted;

	cmp_ok(scalar keys %$seen, '>=', 2, 'several credentials');
	is_deeply([grep { !$granted{$_} } keys %$seen], [],
	    'none that nobody gave');
	cmp_ok(scalar $m->asked, '>', 4, 'in spite of bad answers');
	is($m->most_at_once, 1, 'one request at a time');
	cmp_ok(memory($turn, 'VmRSS') - $turn->{VmRSS}, '<', 6000,
	    'memory is flat');
};

subtest 'answers that are too large' => sub {
	my ($m, $r) = @$large{qw(m r)};

	wait_for { 4 <= grep { $_->{what} eq 'gone' } $m->events } 120,
	    'one of each kind';
	is_signed_by($c->page($r), 'ASIALARGE', 'links as before');
	cmp_ok(memory($large, 'VmHWM') - $large->{VmHWM}, '<', 6000,
	    'memory was flat all the time');
	like((said_by($r))[0]{reason}, qr/larger|large|64/,
	    'the log says why');
};

subtest 'what the log says in the long run' => sub {
	my ($m, $r) = @$deaf{qw(m r)};

	wait_for { $m->asked >= 5 } 120, 'some tries';
	my @at = map { $_->{at} } $m->asked;
	my @said = said_by($r);

	# the first one was good, from the second one on nobody answers
	cmp_ok($at[4] - $at[1], '>', 4, 'there is time between them');
	cmp_ok(scalar @said, '<=', 1 + (time - $at[1]) / 60,
	    'one line a minute');
	is_signed_by($c->page($r), 'ASIADEAF', 'while links go on');
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

ok($elsewhere->is_untouched, 'nobody was led elsewhere');
done_testing;
