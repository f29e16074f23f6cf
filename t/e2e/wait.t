# Held requests: what is answered at once, what ends a hold and what does
# not, and how long it lasts.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
use Time::HiRes qw(time);
use Time::Piece ();

# For what happens at once, on a busy machine; far below every long wait.
use constant SOON => 4;

# A day's window, so that no URL rolls over where answers are compared.
my %calm = (artifact_window => '24h', closed_grace => '1s');
my $t = setup(front => 'nginx', conf => {%calm});
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my @artifact = (artifacts =>
    [{ key => 'a.png', kind => 'catalog_image', role => 'final' }]);

# Readers and writers have to agree on the grace; sessions learn it anew.
$t->sql("ALTER DATABASE jobtail SET jobtail.closed_grace = '1s'");
$t->reconfigure(%calm);

sub path_of ($job, $query = '')
{
	return "/v1/jobs/$job/events" . (length $query ? "?$query" : '');
}

sub get ($job, $query = '', %o)
{
	return $t->get(path_of($job, $query), key => $key, %o);
}

sub hold ($job, $query, %o)
{
	return $t->live(path_of($job, $query), key => $key, %o);
}

sub prefer ($value) { return (headers => { prefer => $value }) }

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

# Not before the least time that chance may leave of it, nor much later.
sub took_about ($answer, $seconds, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok($answer->{took}, '>=', 0.85 * $seconds - 0.02,
	    "$name: not too early");
	cmp_ok($answer->{took}, '<=', $seconds + 2, "$name: not too late");
	return;
}

# What a hold says when its time is up is what a plain request would hear.
sub is_idle ($answer, $job, $query, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $plain = get($job, $query);

	is($answer->{status}, 200, "$name: status");
	is($answer->{content}, $plain->{content}, "$name: body");
	is_deeply(subset($answer->{headers}, qw(etag content-type
		cache-control vary jobtail-up-to-date jobtail-closed
		jobtail-job-status link)),
	    subset($plain->{headers}, qw(etag content-type cache-control vary
		jobtail-up-to-date jobtail-closed jobtail-job-status link)),
	    "$name: headers");
	is($answer->{headers}{'jobtail-wait'}, undef, "$name: not declined");
	return;
}

# A job without a public event, which nobody makes by the functions.
sub silent_job
{
	my $job = $t->job($tenant);

	$t->sql("SET session_replication_role = replica;
	    UPDATE jobtail.job_event SET visibility = 'internal'
	    WHERE job_id = (SELECT id FROM jobtail.job
		WHERE public_id = '$job')");
	return $job;
}

subtest 'what is answered at once' => sub {
	my $open = $t->job($tenant);
	my $inside = $t->event($open, 'note', visibility => 'internal');
	my $closed = $t->job($tenant);
	my $end = $t->event($closed, 'succeeded');
	my $foreign = $t->job($t->tenant);
	my %tag = (headers => { 'if-none-match' =>
		get($closed)->{headers}{etag} });
	my @cases = (
		['events, no cursor', 200, $open, 'wait=20'],
		['events after the cursor', 200, $open, 'since=0&wait=20'],
		['closed, events', 200, $closed, 'wait=20'],
		['closed, none', 200, $closed, "since=$end&wait=20"],
		['closed, the same', 304, $closed, 'wait=20', %tag],
		['past the tail', 200, $open, "wait=20&since=" . ($inside + 1)],
		['far past the tail', 200, $open,
		    'wait=20&since=9223372036854775807'],
		['not asked to wait', 200, $open, "since=$inside"],
		['wait=0', 200, $open, "since=$inside&wait=0"],
		['the last wait counts', 200, $open,
		    "since=$inside&wait=20&wait=0"],
		['HEAD', 200, $open, "since=$inside&wait=20",
		    method => 'HEAD'],
		['HEAD with Prefer', 200, $open, "since=$inside",
		    method => 'HEAD', prefer('wait=20')],
		['foreign', 404, $foreign, 'since=1&wait=20'],
		['no key', 401, $open, "since=$inside&wait=20", key => undef],
		['negative', 422, $open, "since=$inside&wait=-1"],
		['no number', 422, $open, "since=$inside&wait=soon"],
		['empty', 422, $open, "since=$inside&wait="],
		['another is bad', 422, $open, 'since=x&wait=20'],
	);

	for (@cases) {
		my ($name, $status, $job, $query, %o) = @$_;
		my $answer = hold($job, $query, %o)->whole(SOON);

		is($answer->{how}, 'whole', "$name: an answer");
		is($answer->{status}, $status, "$name: $status");
		is($answer->{headers}{'jobtail-cursor'},
		    $name =~ /past the tail/ ? 'ahead' : undef,
		    "$name: Jobtail-Cursor");
	}
	is(hold($closed, "since=$end&wait=20")->whole(SOON)
	    ->{headers}{'jobtail-closed'}, 'true', 'the end is told');
};

subtest 'an event ends it, soon' => sub {
	my $job = $t->job($tenant);
	my ($since, @late) = 1;

	for my $round (1 .. 5) {
		my $live = hold($job, "since=$since&wait=20");

		ok(stay($live), 'held');
		my $seq = $t->event($job, 'stage', @artifact);
		my $committed = time;
		my $answer = $live->whole(SOON);

		push @late, $answer->{took} + $live->{began_at} - $committed;
		is(seqs($answer), $seq, 'the event');
		is_idle($answer, $job, "since=$since", 'as if asked now');
		$since = $seq;
	}
	@late = sort { $a <=> $b } @late;
	cmp_ok($late[2], '<', 0.5, 'usually within half a second');
};

subtest 'what comes in one transaction comes in one answer' => sub {
	my $job = $t->job($tenant);
	my $all = hold($job, 'since=1&wait=20');
	my $cut = hold($job, 'since=1&wait=20&limit=2');

	ok(stay($all, $cut), 'held');
	$t->sql("SELECT count(" . Jobtail::Test::event_call($job, 'stage')
	    . ') FROM generate_series(1, 3)');
	is(seqs($all->whole(SOON)), '2 3 4', 'all of it');
	my $page = $cut->whole(SOON);

	is(seqs($page), '2 3', 'or as much as the limit lets through');
	is($page->{headers}{link},
	    "</v1/jobs/$job/events?since=3&limit=2>; rel=\"next\"",
	    'with the link to the rest');
};

subtest 'the end ends it' => sub {
	my $public = $t->job($tenant);
	my $inside = $t->job($tenant);
	my $of_public = hold($public, 'since=1&wait=20');
	my $of_inside = hold($inside, 'since=1&wait=20');

	ok(stay($of_public, $of_inside), 'held');
	my $end = $t->event($public, 'failed');
	my $answer = $of_public->whole(SOON);

	is(seqs($answer), $end, 'a public one, with its event');
	is($answer->{headers}{'jobtail-closed'}, 'true', 'and closed');

	my $before = time;

	$t->event($inside, 'succeeded', visibility => 'internal');
	$answer = $of_inside->whole(10);
	is_idle($answer, $inside, 'since=1', 'an internal one');
	is($answer->{headers}{'jobtail-closed'}, 'true', 'closed');
	cmp_ok($of_inside->{done_at} - $before, '>=', 1, 'after the grace');
};

subtest 'what does not end it' => sub {
	my $job = $t->job($tenant);
	my $other = $t->job($tenant);
	my $live = hold($job, 'since=1&wait=20');

	ok(stay($live), 'held');
	my %attempts = (
		'an internal event' => Jobtail::Test::event_call($job, 'stage',
		    visibility => 'internal'),
		'a transaction that is rolled back' => 'count('
		    . Jobtail::Test::event_call($job, 'stage')
		    . '); ROLLBACK; SELECT 1',
		'an event of another job' =>
		    Jobtail::Test::event_call($other, 'stage'),
		'a notice of nothing' =>
		    "pg_notify('jobtail', 'jobtail $job 99')",
		'an empty notice' => "pg_notify('jobtail', '')",
		'a notice that means nothing' =>
		    "pg_notify('jobtail', repeat('x y ', 1000))",
	);

	for my $name (sort keys %attempts) {
		$t->sql("BEGIN; SELECT $attempts{$name}; COMMIT");
		ok(stay($live), $name);
	}
	my $seq = $t->event($job, 'stage');

	is(seqs($live->whole(SOON)), $seq, 'but an event of its own does');
};

subtest 'the time that is asked for' => sub {
	my $job = $t->job($tenant);
	my $silent = silent_job();
	my @cases = (
		[1, $job, 'since=1', 'wait=1'],
		[1, $job, 'since=%2B1', 'wait=1'],
		[2, $job, 'since=1', 'wait=2.0'],
		[1, $job, 'since=1&limit=3', 'wait=1'],
		[1, $silent, '', 'wait=1'],
		[1, $silent, 'since=-5', 'wait=1'],
	);
	my @lives = map { hold($_->[1], join '&', grep { length }
		@$_[2, 3]) } @cases;

	for my $i (0 .. $#cases) {
		my ($seconds, $of, $query, $wait) = @{ $cases[$i] };
		my $name = ($of eq $silent ? 'silent job: ' : '')
		    . "$query $wait";
		my $answer = $lives[$i]->whole($seconds + SOON);

		took_about($answer, $seconds, $name);
		is_idle($answer, $of, $query, $name);
		is($answer->{json}{latest_seq}, $query =~ /since=(?:%2B)?(-?\d)/
		    ? $1 : undef, "$name: latest_seq is echoed, or null");
	}
};

subtest 'those who begin together do not end together' => sub {
	my $job = $t->job($tenant);
	my @lives = map { hold($job, 'since=1&wait=2') } 1 .. 20;
	my @took = sort { $a <=> $b } map { $_->whole(2 + SOON)->{took} }
	    @lives;

	cmp_ok($took[0], '>=', 1.68, 'none is shortened by more than 15 %');
	# the log knows better than one who reads them one after the other
	my @ms = sort { $a <=> $b }
	    map { $_->{text} =~ /job=$job .* ms=([\d.]+)/ } $t->log_lines;

	is(scalar @ms, 20, 'the log has them all');
	cmp_ok($ms[-1] - $ms[0], '>', 20, 'each by a time of its own');
};

subtest 'a key that ends' => sub {
	my $job = $t->job($tenant);
	my %keys = (revoked => $t->key($tenant), 'revoked, then an event' =>
	    $t->key($tenant), expired => $t->key($tenant,
		expires_at => "now() + interval '3 seconds'"));
	my %jobs = map { $_ => $t->job($tenant) } keys %keys;
	my %lives = map { $_ => hold($jobs{$_}, 'since=1&wait=20',
	    key => $keys{$_}) } keys %keys;
	my $good = hold($job, 'since=1&wait=20');

	ok(stay(values %lives), 'held');
	$t->sql("SELECT jobtail.revoke_api_key('$keys{revoked}')");
	$t->sql("BEGIN; SELECT jobtail.revoke_api_key("
	    . "'$keys{'revoked, then an event'}'); SELECT "
	    . Jobtail::Test::event_call($jobs{'revoked, then an event'},
		'stage', message => 'SECRET') . '; COMMIT');
	# the promise is 5 s; the third key has 3 of its own
	for my $name (sort keys %lives) {
		my $answer = $lives{$name}->whole(10);
		my $limit = $name eq 'expired' ? 10 : 7.5;

		cmp_ok($answer->{took}, '<', $limit, "$name: ends in time");
		ok($answer->{status} =~ /\A(?:200|401)\z/, "$name: status")
		    or diag($answer->{status});
		unlike($answer->{content}, qr/SECRET|"seq":/,
		    "$name: no further event");
	}
	ok(stay($good), 'another key of the tenant goes on');
	$good->hang_up;
};

# How long the URLs of the answer live on, from its arrival.
sub left_of ($answer)
{
	my ($end, $now) = map { Time::Piece->strptime($_,
	    '%a, %d %b %Y %H:%M:%S GMT') } @{ $answer->{headers} }
	    {qw(jobtail-artifacts-expire date)};

	return ($end - $now)->seconds;
}

sub if_none_match ($answer)
{
	return (headers => { 'if-none-match' => $answer->{headers}{etag} });
}

subtest 'If-None-Match' => sub {
	my ($idle, $busy, $tail, $ended) = map { $t->job($tenant) } 1 .. 4;

	$t->event($_, 'stage', @artifact) for $idle, $busy, $ended;
	my %page = map { $_ => get($_) } $idle, $busy, $ended;
	my $empty = get($tail, 'since=1');

	my $other = hold($idle, 'wait=20',
	    headers => { 'if-none-match' => '"another"' })->whole(SOON);
	is($other->{status}, 200, 'one that does not match: at once');
	is(seqs($other), '1 2', 'with the page');

	my %live = (
		idle => hold($idle, 'wait=2', if_none_match($page{$idle})),
		busy => hold($busy, 'wait=20', if_none_match($page{$busy})),
		star => hold($busy, 'wait=20',
		    headers => { 'if-none-match' => '*' }),
		tail => hold($tail, 'since=1&wait=20', if_none_match($empty)),
		tail_idle => hold($tail, 'since=1&wait=1',
		    if_none_match($empty)),
		ended => hold($ended, 'wait=20', if_none_match($page{$ended})),
	);

	ok(stay(values %live), 'held');
	for my $name (qw(idle tail_idle)) {
		my $answer = $live{$name}->whole(2 + SOON);

		took_about($answer, $name eq 'idle' ? 2 : 1, $name);
		is($answer->{status}, 304, "$name: 304 when the time is up");
		is($answer->{content}, '', "$name: without a body");
		is($answer->{headers}{etag}, $name eq 'idle'
		    ? $page{$idle}{headers}{etag} : $empty->{headers}{etag},
		    "$name: its tag");
	}
	$t->event($busy, 'note', visibility => 'internal');
	ok(stay($live{busy}), 'an internal event: still held');
	$t->event($_, 'stage') for $busy, $tail;
	is_idle($live{busy}->whole(SOON), $busy, '', 'the whole page');
	is_idle($live{star}->whole(SOON), $busy, '', '* as well');
	is_idle($live{tail}->whole(SOON), $tail, 'since=1', 'the news');

	$t->event($ended, 'succeeded', visibility => 'internal');
	my $answer = $live{ended}->whole(10);

	is($answer->{status}, 200, 'closure alone: 200');
	is($answer->{headers}{'jobtail-closed'}, 'true', 'closed');
	is($answer->{content}, $page{$ended}{content}, 'the same bytes');
	isnt($answer->{headers}{etag}, $page{$ended}{headers}{etag},
	    'under another tag');
};

subtest 'a test key waits in its own data set' => sub {
	my $schema = 'jobtail_test';
	my $id = '01J8ZQ4T6V0000000000000ABC';
	my $test_tenant = $t->tenant(schema => $schema);
	my $test_key = $t->key($test_tenant, schema => $schema);

	$t->job($tenant, public_id => $id);
	$t->job($test_tenant, schema => $schema, public_id => $id);
	my $live = hold($id, 'since=1&wait=20');
	my $test = hold(lc $id, 'since=1&wait=20', key => $test_key);

	ok(stay($live, $test), 'held');
	$t->event($id, 'stage', schema => $schema, message => 'of the test');
	is($test->whole(SOON)->{json}{events}[0]{message}, 'of the test',
	    'its event, also under an id in small letters');
	ok(stay($live), 'is no news to the other one');
	$t->event($id, 'stage', message => 'live');
	is($live->whole(SOON)->{json}{events}[0]{message}, 'live',
	    'which hears of its own');
};

subtest 'Prefer' => sub {
	my $job = $t->job($tenant);
	my @applied = (
		['wait=1', 1, 1], ['respond-async, wait=1', 1, 1],
		['wait=1, respond-async', 1, 1], ['WAIT = 1', 1, 1],
		['wait=1;foo=bar', 1, 1], ['wait=1, wait=20', 1, 1],
	);
	my @ignored = ('wait=-1', 'wait=soon', 'wait', 'wait=', 'wait=1.5',
	    'wait=1x', 'wait=0x1', 'await=9', 'return=minimal');
	my @lives = map { hold($job, 'since=1', prefer($_->[0])) } @applied;

	for my $value (@ignored) {
		my $answer = hold($job, 'since=1', prefer($value))
		    ->whole(SOON);

		is_idle($answer, $job, 'since=1', "<$value> is ignored");
		cmp_ok($answer->{took}, '<', 0.85, "<$value>: at once");
		is($answer->{headers}{'preference-applied'}, undef,
		    "<$value>: nothing is applied");
	}
	for my $i (0 .. $#applied) {
		my ($value, $seconds, $told) = @{ $applied[$i] };
		my $answer = $lives[$i]->whole($seconds + SOON);

		took_about($answer, $seconds, "<$value>");
		is_idle($answer, $job, 'since=1', "<$value>");
		is($answer->{headers}{'preference-applied'}, "wait=$told",
		    "<$value>: applied");
	}
	my $news = hold($job, 'since=0', prefer('wait=7'))->whole(SOON);

	is($news->{headers}{'preference-applied'}, 'wait=7',
	    'told when there is nothing to wait for, too');
	my $both = hold($job, 'since=1&wait=0', prefer('wait=20'))
	    ->whole(SOON);

	is_idle($both, $job, 'since=1', 'the query wins: wait=0');
	is(hold($job, 'since=1&wait=-1', prefer('wait=1'))->whole(SOON)
	    ->{status}, 422, 'also when it is wrong');
	my $plain = hold($job, 'since=1&wait=1')->whole(SOON);

	is($plain->{headers}{'preference-applied'}, undef,
	    'the query alone is no preference');
};

subtest 'wait_max' => sub {
	$t->reconfigure(%calm, wait_max => '2s');
	my $job = $t->job($tenant);
	my %lives = map { $_ => hold($job, "since=1&wait=$_") } 3, 100,
	    '9' x 40;
	my %preferred = map { $_ => hold($job, 'since=1', prefer("wait=$_")) }
	    100, '9' x 40;

	for my $wait (sort keys %lives) {
		my $answer = $lives{$wait}->whole(2 + SOON);

		took_about($answer, 2, "wait=$wait");
		is_idle($answer, $job, 'since=1', "wait=$wait");
	}
	for my $wait (sort keys %preferred) {
		my $answer = $preferred{$wait}->whole(2 + SOON);

		took_about($answer, 2, "Prefer: wait=$wait");
		is($answer->{headers}{'preference-applied'}, 'wait=2',
		    'and says so');
	}

	$t->reconfigure(%calm, wait_max => '0s');
	my $answer = hold($job, 'since=1&wait=20')->whole(SOON);

	is($answer->{content}, get($job, 'since=1')->{content},
	    '0 switches it off');
	is($answer->{status}, 200, 'which is no error');
	is(hold($job, 'since=1&wait=-1')->whole(SOON)->{status}, 422,
	    'a negative one still is');
};

# A hold with the tag of the page as it is; unless it rolled over just then.
sub hold_same ($job, $wait)
{
	my ($page, $live);

	wait_for {
		$page = get($job);
		$live = hold($job, "wait=$wait", if_none_match($page));
		stay($live);
	} 10, 'a hold';
	return ($page, $live);
}

subtest 'URLs that roll over end nothing' => sub {
	$t->reconfigure(artifact_window => '2s', artifact_ttl => '60s');
	my $job = $t->job($tenant);

	$t->event($job, 'stage', @artifact);
	my ($page, $live) = hold_same($job, 4);

	wait_for { get($job)->{content} ne $page->{content} } 5,
	    'the URLs to roll over';
	ok(stay($live), 'held on');
	my $answer = $live->whole(4 + SOON);

	took_about($answer, 4, 'the whole time');
	is($answer->{status}, 304, '304 when it is up');

	($page, $live) = hold_same($job, 20);
	wait_for { get($job)->{content} ne $page->{content} } 5,
	    'the URLs to roll over again';
	ok(stay($live), 'held over another roll-over');
	$t->event($job, 'stage', @artifact);
	$answer = $live->whole(SOON);
	is(seqs($answer), '1 2 3', 'an event ends it');
	cmp_ok(left_of($answer), '>=', 60, 'its URLs are of now');
};

done_testing;
