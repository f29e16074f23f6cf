# What holds may cost: places, and when they are free again; connections and
# threads; and what becomes of holds when the database or the responder goes.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
use Time::HiRes qw(time);

# For what happens at once, on a busy machine; far below every long wait.
use constant SOON => 4;

my $t = setup(front => 'nginx', conf => { max_waiters => 1 });
my $tenant = $t->tenant;
my $key = $t->key($tenant);

# what a listener may say of a database that is away
$t->allow_log(qr/listen/i);

sub path_of ($job) { return "/v1/jobs/$job/events?since=1" }

sub hold ($job, $wait = 20, %o)
{
	return $t->live(path_of($job) . "&wait=$wait", key => $key, %o);
}

# Are all of them without an answer, for a while from now on?
sub stay (@lives)
{
	$lives[0]->await(0.4, sub { $lives[0]{status} });
	return !grep { !$_->is_held } @lives;
}

sub seqs ($answer)
{
	return join ' ', map { $_->{seq} } @{ ($answer->{json} // {})->{events} };
}

sub is_declined ($live, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $answer = $live->whole(SOON);

	is($answer->{status}, 200, "$name: 200");
	is($answer->{headers}{'jobtail-wait'}, 'declined', "$name: declined");
	is($answer->{json}{latest_seq}, 1, "$name: the normal empty answer");
	return;
}

# A hold that has got a place, when there comes one in time. The first 0.4 s
# tell: whoever finds no place is answered at once.
sub placed ($job, %o)
{
	my $live;

	wait_for {
		$live = hold($job, 20, %o);
		stay($live) || do { $live->hang_up; 0 };
	} 10, 'a place';
	return $live;
}

subtest 'max_waiters' => sub {
	my $job = $t->job($tenant);
	my $first = hold($job);

	ok(stay($first), 'the only place');
	is_declined(hold($job), 'a second one');
	is_declined(hold($t->job($tenant)), 'one for another job');
	is_declined($t->live(path_of($job), key => $key,
	    headers => { prefer => 'wait=20' }), 'one that prefers to');
	my $tag = $t->get(path_of($job), key => $key)->{headers}{etag};
	my $same = $t->live(path_of($job) . '&wait=20', key => $key,
	    headers => { 'if-none-match' => $tag })->whole(SOON);

	is($same->{status}, 304, 'one that knows the page: 304');
	is($same->{headers}{'jobtail-wait'}, 'declined', 'declined, too');
	my $plain = $t->get(path_of($job), key => $key);

	is($plain->{status}, 200, 'who does not wait needs no place');
	is($plain->{headers}{'jobtail-wait'}, undef, 'and is not declined');
	is($t->live("/v1/jobs/$job/events?wait=20", key => $key)
	    ->whole(SOON)->{headers}{'jobtail-wait'}, undef,
	    'nor is who finds events');
	ok(stay($first), 'the first one is still held');

	$first->hang_up;
	my $next = placed($job);
	my $seq = $t->event($job, 'stage');

	is(seqs($next->whole(SOON)), $seq,
	    'who hangs up leaves the place to another');
	placed($t->job($tenant))->hang_up;
	pass('and so does who is answered');
	placed($t->job($tenant), headers => { connection => 'close' })
	    ->hang_up;
	hold($t->job($tenant), 1)->whole(1 + SOON);
	placed($t->job($tenant))->hang_up;
	pass('or whose time is up');
};

subtest 'max_waiters_per_key' => sub {
	$t->reconfigure(max_waiters_per_key => 1);
	my $job = $t->job($tenant);
	my $other = $t->key($tenant);
	my $first = hold($job);

	ok(stay($first), 'a key has one place');
	is_declined(hold($job), 'and no second one');
	my $second = hold($job, 20, key => $other);

	ok(stay($first, $second), 'another key has its own');
	my $seq = $t->event($job, 'stage');

	is(seqs($_->whole(SOON)), $seq, 'both are answered')
	    for $first, $second;
	my $since = "/v1/jobs/$job/events?since=$seq&wait=20";

	ok(stay(map { $t->live($since, key => $_) } $key, $other),
	    'and then there is room for both again');
};

sub sessions
{
	return $t->sql("SELECT count(*) FROM pg_stat_activity
	    WHERE usename = 'jobtail_web'");
}

subtest 'many' => sub {
	$t->reconfigure(workers => 2);
	my @jobs = map { $t->job($tenant) } 1 .. 5;
	my @lives = map { hold($jobs[$_ % 5]) } 1 .. 50;

	ok(stay(@lives), 'fifty are held');
	cmp_ok(sessions(), '<=', 3,
	    'on the connections of two workers and a listener');
	my $start = time;

	$t->get(path_of($_), key => $key) for @jobs;
	cmp_ok(time - $start, '<', SOON, 'others are answered meanwhile');
	$t->sql(join '; ', map { 'SELECT '
	    . Jobtail::Test::event_call($_, 'stage') } @jobs);
	my @late = grep { seqs($_->whole(SOON)) ne 2 } @lives;

	is(scalar @late, 0, 'all hear of their events');
	cmp_ok(sessions(), '<=', 3, 'and again on those connections');
};

subtest 'the database restarts' => sub {
	$t->reconfigure;
	my $job = $t->job($tenant);
	my @lives = map { hold($job) } 1 .. 5;

	ok(stay(@lives), 'held');
	$t->pg->restart;
	my $early = grep { !$_->is_held } @lives;

	is($early, 0, 'held on');
	my $seq = $t->event($job, 'stage');

	is_deeply([map { seqs($_->whole(15)) } @lives], [($seq) x 5],
	    'until an event that comes behind');
	is_deeply([grep { $_->{status} != 200 } @lives], [], 'with 200');
};

subtest 'its sessions are ended' => sub {
	my $job = $t->job($tenant);
	my $live = hold($job);

	ok(stay($live), 'held');
	$t->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE usename = 'jobtail_web'");
	my $seq = $t->event($job, 'stage');

	is(seqs($live->whole(10)), $seq, 'an event right behind is heard of');
};

subtest 'the database is away when the time is up' => sub {
	my $job = $t->job($tenant);
	my $live = hold($job, 2);

	$t->allow_log(qr/status=503/);
	ok(stay($live), 'held');
	$t->pg->stop;
	my $answer = $live->whole(2 + 2.5 + SOON);

	$t->pg->start;
	ok($answer->{status} == 503 || $answer->{status} == 200
	    && $answer->{json}{latest_seq} == 1,
	    'an answer that makes the client go on')
	    or diag($answer->{status});
	placed($job)->hang_up;
	pass('and then it is held as before');
};

subtest 'nobody can listen' => sub {
	$t->allow_log(qr/nowhere/);
	$t->reconfigure(listen_database => 'host=/nowhere dbname=jobtail');
	my $job = $t->job($tenant);
	my $live = hold($job);

	ok(stay($live), 'held all the same');
	my $seq = $t->event($job, 'stage');
	my $committed = time;
	my $answer = $live->whole(10);

	is(seqs($answer), $seq, 'an event is seen');
	cmp_ok($live->{done_at} - $committed, '<', 4,
	    'within about two seconds');

	$live = $t->live("/v1/jobs/$job/events?since=$seq&wait=1",
	    key => $key);
	$live->await(0.3, sub { $live->{status} });
	$seq = $t->event($job, 'stage');
	is(seqs($live->whole(1 + SOON)), $seq,
	    'and by a last look when the time is up');
};

subtest 'writers give no notice' => sub {
	$t->sql('ALTER DATABASE jobtail SET jobtail.notify = off');
	$t->reconfigure;
	my $job = $t->job($tenant);
	my $live = hold($job);

	ok(stay($live), 'held');
	my $seq = $t->event($job, 'stage');

	is(seqs($live->whole(10)), $seq, 'an event is seen within seconds');
	$t->sql('ALTER DATABASE jobtail RESET jobtail.notify');
};

subtest 'the responder drains' => sub {
	$t->reconfigure;
	my $responder = $t->responder;
	my @jobs = map { $t->job($tenant) } 1 .. 3;
	my @lives = map { hold($_) } @jobs;
	my $tag = $t->get(path_of($jobs[0]), key => $key)->{headers}{etag};

	push @lives, $t->live(path_of($jobs[0]) . '&wait=20', key => $key,
	    headers => { 'if-none-match' => $tag });
	ok(stay(@lives), 'held');
	my $start = time;

	ok($responder->stop, 'it ends by itself');
	cmp_ok(time - $start, '<', 5, 'soon');
	my @answers = map { $_->whole(SOON) } @lives;

	is_deeply([map { $_->{status} } @answers], [200, 200, 200, 304],
	    'the holds are answered');
	is_deeply([map { $_->{json}{latest_seq} } @answers[0 .. 2]],
	    [1, 1, 1], 'as if their time were up');
	$responder->start;
	my $live = placed($jobs[0]);
	my $seq = $t->event($jobs[0], 'stage');

	is(seqs($live->whole(SOON)), $seq, 'its successor holds as well');
};

done_testing;
