# Server-sent events: who gets them, their bytes, where they resume, and how
# they end.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
use Jobtail::Wire;
use Time::HiRes qw(time);

# For what happens at once, on a busy machine.
use constant SOON => 4;

# A day's window, so that no URL rolls over where bytes are compared.
my %calm = (artifact_window => '24h', closed_grace => '1s');
my $t = setup(front => 'nginx', conf => {%calm});
my $tenant = $t->tenant;
my $key = $t->key($tenant);

# Readers and writers have to agree on the grace; sessions learn it anew.
$t->sql("ALTER DATABASE jobtail SET jobtail.closed_grace = '1s'");
$t->reconfigure(%calm);

sub path_of ($job, $query = '')
{
	return "/v1/jobs/$job/events" . (length $query ? "?$query" : '');
}

sub get ($job, $query = '')
{
	return $t->get(path_of($job, $query), key => $key);
}

sub stream ($job, $query = '', %o)
{
	my $headers = delete $o{headers} // {};

	return $t->live(path_of($job, $query), key => $key, headers =>
	    { accept => 'text/event-stream', %$headers }, %o);
}

sub from_id ($id) { return (headers => { 'last-event-id' => $id }) }

sub seqs (@events) { return join ' ', map { $_->{seq} } @events }

# The page that these events would be.
sub page_of ($job, @events)
{
	return qq({"public_id":"$job","events":[)
	    . join(',', map { $_->{text} } @events)
	    . qq(],"latest_seq":$events[-1]{seq}});
}

# A closed job whose events are all internal.
sub silent_job
{
	my $job = $t->job($tenant);

	$t->event($job, 'succeeded', visibility => 'internal');
	$t->sql("SET session_replication_role = replica;
	    UPDATE jobtail.job_event SET visibility = 'internal'
	    WHERE job_id = (SELECT id FROM jobtail.job
		WHERE public_id = '$job')");
	return $job;
}

# Nothing follows in this job; looked at when the rest is done.
my $quiet = stream($t->job($tenant));

subtest 'Accept' => sub {
	my $job = $t->job($tenant);
	my ($json, $sse, $lines) = qw(application/json text/event-stream
	    application/x-ndjson);
	my @cases = (
		[$json => ''], [$json => '*/*'], [$json => $json],
		[$json => 'text/html'], [$json => 'image/*;q=0.5'],
		[$json => "$sse;q=0"], [$json => "$sse;q=0, */*"],
		[$json => "$sse, $json"], [$json => "$sse, */*"],
		[$json => "$sse;q=0.5, $json"],
		[$json => "$sse;q=0.5, $json;q=0.6"],
		[$json => "$sse;q=0.5, */*;q=0.6"],
		[$json => "$sse;q=0.899, $json;q=0.9"],
		[$json => "$lines, $json"], [$json => 'application/*'],
		[$sse => $sse], [$sse => uc $sse], [$sse => "$sse;q=0.1"],
		[$sse => "$sse ; q=1.0"], [$sse => "$sse;Q=0.3"],
		[$sse => "$sse, $json;q=0"], [$sse => "$sse, $json;q=0.9"],
		[$sse => "$json;q=0.9,$sse"], [$sse => "$sse, */*;q=0.1"],
		[$sse => "text/html, $sse;q=0.9, $json;q=0.8"],
		[$sse => "$sse;q=0.9, $json;q=0.899"],
		[$sse => "$sse, $lines;q=0.5"],
		[$lines => $lines], [$lines => "$lines, $json;q=0.9"],
		[$lines => "$lines, $sse;q=0.5"],
	);

	for (@cases) {
		my ($type, $accept) = @$_;
		my $live = $t->live(path_of($job), key => $key,
		    headers => { accept => $accept });

		is($live->status, 200, "<$accept>");
		is($live->headers->{'content-type'}, $type, "is $type");
		$live->hang_up;
	}
	my $head = stream($job, '', method => 'HEAD')->whole(SOON);

	is($head->{how}, 'whole', 'HEAD is answered');
	is($head->{headers}{'content-type'}, $json, 'and no stream');
	is(stream($job)->status, 200, 'the timeline streams');
	my $detail = $t->live("/v1/jobs/$job", key => $key,
	    headers => { accept => $sse })->whole(SOON);

	is($detail->{headers}{'content-type'}, $json, 'the job does not');
	for ([401, $job, '', key => undef], [404, $t->job($t->tenant), ''],
	    [422, $job, 'since=x'], [422, $job, 'wait=-1']) {
		my ($status, $of, $query, %o) = @$_;
		my $answer = stream($of, $query, %o)->whole(SOON);

		is($answer->{status}, $status, "an error is $status");
		is($answer->{headers}{'content-type'}, $json, 'in JSON');
	}
};

my @naughty = ("two\nlines\r\nand\rmore\n\n", ' led by a space',
	"id: 9\ndata: x\n\nevent: end", ':', "\x{feff}BOM", "\x{2028}\x{2029}",
	'日本語 🦖', "\"\\/\b\f\t\x01\x7f", '');

subtest 'the bytes' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage', message => $_, extra => { text => $_ })
	    for @naughty;
	$t->event($job, 'note', visibility => 'internal');
	$t->event($job, 'unknown', stage => "a\nb", artifacts =>
	    [map { { key => "$_.png", kind => 'catalog_image',
		role => 'final', label => "l\n" } } 1 .. 3]);
	my $live = stream($job);

	$live->event(@naughty + 1, SOON);
	my @events = $live->events;
	my ($opening, $rest) = $live->{body} =~ /\A(.*?\n\n)(id: .*)\z/s;
	my $headers = $live->headers;

	like($opening, qr/\Aretry: [34]\d\d\d\n\n\z/,
	    'first of all the time to retry');
	is($rest, join('', map { "id: $_->{seq}\ndata: $_->{text}\n\n" }
	    @events), 'then a frame for each event, and nothing else');
	is(page_of($job, @events), get($job)->{content},
	    'the data are the elements of the JSON form, byte for byte');
	is($headers->{'content-type'}, 'text/event-stream', 'Content-Type');
	is_deeply([sort(header_list({ headers => $headers },
	    'cache-control'))], ['no-store', 'no-transform'],
	    'Cache-Control');
	is($headers->{etag}, undef, 'no tag');
	is($headers->{'content-length'}, undef, 'no length');
	is_ulid($headers->{'x-request-id'}, 'X-Request-Id');

	my %retries = map { $_ => 1 } map { my $l = stream($job);
		$l->event(0, SOON); ($l->frames)[0]{retry} } 1 .. 5;

	cmp_ok(keys %retries, '>', 1, 'times to retry are random');
	is_deeply([grep { $_ < 3000 || $_ > 4000 } keys %retries], [],
	    'within 3 to 4 s');
};

subtest 'what the web server is told' => sub {
	my $job = $t->job($tenant);
	my $wire = $t->wire;
	my $out = '';

	$wire->send(Jobtail::Wire::request(params => Jobtail::Wire::params(
	    path_of($job), HTTP_AUTHORIZATION => "Bearer $key",
	    HTTP_ACCEPT => 'text/event-stream')));
	while ($out !~ /\ndata: .*\n\n/) {
		$out .= ($wire->read_record(SOON) // last)->{content};
	}
	my %answer = Jobtail::Wire::parse($out);

	is($answer{status}, 200, 'status');
	is($answer{headers}{'x-accel-buffering'}, 'no', 'not to buffer');
	is($answer{headers}{'cache-control'}, 'no-store, no-transform',
	    'nor to keep or to change');
	like($answer{content}, qr/\nid: 1\ndata: \{"seq":1,.*\}\n\n\z/,
	    'each frame as soon as it is there');
	is($wire->read_record(0.3), undef, 'and then the stream is open');
	my $seq = $t->event($job, 'stage');
	my $record = $wire->read_record(SOON) // {};

	like($record->{content}, qr/\Aid: $seq\ndata: \{"seq":$seq,.*\}\n\n\z/,
	    'an event is a record');
	$wire->close;
};

subtest 'as it happens' => sub {
	my $job = $t->job($tenant);
	my $live = stream($job);
	my @late;

	is(($live->event(0, SOON) // {})->{seq}, 1, 'what there is');
	for my $n (1 .. 5) {
		$t->event($job, 'note', visibility => 'internal');
		my $seq = $t->event($job, 'stage', message => "no. $n");
		my $committed = time;
		my $event = $live->event($n, SOON) // {};

		push @late, ($event->{at} // 'inf') - $committed;
		is($event->{seq}, $seq, 'an event');
	}
	@late = sort { $a <=> $b } @late;
	cmp_ok($late[2], '<', 0.5, 'usually within half a second');
	$t->sql("SELECT count(" . Jobtail::Test::event_call($job, 'stage')
	    . ') FROM generate_series(1, 100)');
	is(($live->event(105, SOON) // {})->{seq}, 111,
	    'a hundred of one transaction');
	is(page_of($job, $live->events), get($job)->{content},
	    'all together they are the page');
};

# What stands before the first event, as a browser would take it.
sub opening ($live)
{
	my %seen;

	$live->await(SOON, sub { ($live->frames)[0] });
	$live->await(0.3, sub { $live->events });
	for my $frame ($live->frames) {
		last if defined $frame->{data};
		%seen = (%seen, %$frame);
	}
	return \%seen;
}

subtest 'where it resumes' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage') for 2 .. 5;
	# the query, Last-Event-ID, the cursor in force, events
	for (['', undef, undef, '1 2 3 4 5'], ['since=3', undef, 3, '4 5'],
	    ['since=%2B2', undef, 2, '3 4 5'], ['since=5', undef, 5, ''],
	    ['since=-7', undef, -7, '1 2 3 4 5'], ['', 3, 3, '4 5'],
	    ['since=1', 4, 4, '5'], ['since=4', 1, 1, '2 3 4 5'],
	    ['since=1', 5, 5, ''], ['since=4', 'x', 4, '5'],
	    ['since=4', '3x', 4, '5'], ['', 'x', undef, '1 2 3 4 5'],
	    ['', '1e0', undef, '1 2 3 4 5'], ['since=3', '2.5', 3, '4 5']) {
		my ($query, $id, $cursor, $seqs) = @$_;
		my $name = "<$query> <" . ($id // 'none') . '>';
		my $live = stream($job, $query, defined $id
		    ? from_id($id) : ());
		my $opening = opening($live);

		is($opening->{id}, $cursor, "$name: the cursor as an id");
		like($opening->{retry}, qr/\A\d+\z/, "$name: retry");
		$live->await(SOON, sub { $live->events >= split / /, $seqs });
		is(seqs($live->events), $seqs, "$name: events");
	}
	is(stream($job, 'since=x', from_id(4))->whole(SOON)->{status}, 422,
	    'a wrong since is wrong all the same');
};

# end or bye: data, its members, and that nothing follows.
sub is_last ($live, $name, $wanted, $text, $seconds = SOON)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($text => sub {
		my $data = $live->named($name, $seconds);
		my $answer = $live->whole(SOON);
		my @frames = $live->frames;

		is_deeply($data, $wanted, "event: $name");
		is($answer->{how}, 'whole', 'the stream is closed');
		is($frames[-1]{event}, $name, 'and nothing follows');
	});
}

sub is_bye ($live, $reason, $latest, $text, $seconds = SOON)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is_last($live, 'bye', { reason => $reason,
		latest_seq => $latest }, $text, $seconds);
}

sub is_over ($live, $text)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $answer = $live->whole(SOON);

	is($answer->{status}, 204, "$text: 204");
	is($answer->{content}, '', "$text: no body");
	return;
}

subtest 'the end of the timeline' => sub {
	my ($public, $inside) = map { $t->job($tenant) } 1, 2;
	my $of_public = stream($public);
	my $of_inside = stream($inside, 'since=1');

	$of_public->event(0, SOON);
	my $end = $t->event($public, 'failed');

	$t->event($inside, 'succeeded', visibility => 'internal');
	is_last($of_public, 'end', { public_id => $public,
		latest_seq => $end, status => 'FAILURE' }, 'a public one');
	is(seqs($of_public->events), "1 $end", 'with its event');
	is_last($of_inside, 'end', { public_id => $inside,
		latest_seq => 1, status => 'SUCCESS' },
	    'an internal one, when the grace is over', 10);
	is(seqs($of_inside->events), '', 'without an event');

	my $again = stream($public, 'since=1');
	is_last($again, 'end', { public_id => $public, latest_seq => $end,
		status => 'FAILURE' }, 'a closed one that has events');
	is(seqs($again->events), $end, 'which come first');
	is_over(stream($public, "since=$end"), 'nothing after since');
	is_over(stream($public, '', from_id($end)),
	    'nothing after Last-Event-ID');
	is_over(stream($public, '', from_id($end + 5)), 'past the tail');
	is_over(stream($inside, 'since=1'), 'an internal end');

	my $silent = silent_job();

	wait_for { get($silent)->{headers}{'jobtail-closed'} } 10,
	    'the grace to pass';
	is_over(stream($silent), 'no event at all, and no cursor');
};

subtest 'a cursor past the tail' => sub {
	my $job = $t->job($tenant);
	my $inside = $t->event($job, 'note', visibility => 'internal');
	my $live = stream($job, 'since=7');

	is_bye($live, 'ahead', 7, 'is told so');
	is(opening($live)->{id}, 7, 'the id is where it was');
	$live = stream($job, "since=$inside");
	is($live->named('bye', 0.5), undef, 'at an internal event it is not');
};

subtest 'a key that ends' => sub {
	my %keys = (revoked => $t->key($tenant), 'revoked, then an event' =>
	    $t->key($tenant), expired => $t->key($tenant,
		expires_at => "now() + interval '3 seconds'"));
	my %jobs = map { $_ => $t->job($tenant) } keys %keys;
	my %lives = map { $_ => stream($jobs{$_}, '', key => $keys{$_}) }
	    keys %keys;
	my $good = stream($jobs{revoked});

	is(($_->event(0, SOON) // {})->{seq}, 1, 'streams')
	    for values %lives, $good;
	my $start = time;

	$t->sql("SELECT jobtail.revoke_api_key('$keys{revoked}')");
	$t->sql("BEGIN; SELECT jobtail.revoke_api_key("
	    . "'$keys{'revoked, then an event'}'); SELECT "
	    . Jobtail::Test::event_call($jobs{'revoked, then an event'},
		'stage') . '; COMMIT');
	# the promise is 5 s; the third key has 3 of its own
	for my $name (sort keys %lives) {
		is_bye($lives{$name}, 'revoked', 1, $name, 10);
		cmp_ok($lives{$name}{done_at} - $start, '<',
		    $name eq 'expired' ? 10 : 7.5, "$name: in time");
		is(seqs($lives{$name}->events), 1,
		    "$name: no further event");
	}
	my $seq = $t->event($jobs{revoked}, 'stage');

	is(($good->event(1, SOON) // {})->{seq}, $seq,
	    'another key of the tenant goes on');
};

subtest 'a comment in silence' => sub {
	my $at = $quiet->await(20, sub { ($quiet->silences)[0] });
	my $began = $quiet->{began_at};

	ok(defined $at, 'comes') or return;
	cmp_ok($at - $began, '>', 14, 'not before its time');
	is(seqs($quiet->events), 1, 'which is no event');
	$quiet->hang_up;
};

# Twelve megabytes; more than the sockets of this machine hold.
my $n_long = 4000;

sub long_job
{
	my $job = $t->job($tenant);

	$t->sql("SELECT count(jobtail.append_event(public_id => '$job',
	    event_type => 'stage', message => i || repeat('m', 3000)))
	    FROM generate_series(2, $n_long) i");
	return $job;
}

my $long = long_job();

subtest 'a long backlog, slow readers' => sub {
	my $job = $long;
	my %small = (receive => 4096);
	my $slow = stream($job, '', %small);
	my @never = map { stream($job, '', %small) } 1 .. 3;
	my $other = stream($job, "since=$n_long");

	is($_->status, 200, 'streams') for $slow, @never, $other;
	my $start = time;
	my $seq = $t->event($job, 'stage');

	is(($other->event(0, SOON) // {})->{seq}, $seq,
	    'another stream of the job has its event');
	is(get($job, "since=$n_long")->{status}, 200, 'a page is served')
	    for 1 .. 20;
	cmp_ok(time - $start, '<', SOON, 'and nothing of it is late');

	my $wrong = 0;

	$slow->await(60, sub {
		my $n = $slow->events;

		# not faster than this
		select undef, undef, undef, 0.001;
		return $n > $n_long || undef;
	});
	my @events = $slow->events;

	$_ == $events[$_ - 1]{seq} || $wrong++ for 1 .. @events;
	is(scalar @events, $seq, 'read slowly, it is whole');
	is($wrong, 0, 'and in order');
	is(page_of($job, @events[-4 .. -1]),
	    get($job, 'since=' . ($seq - 4))->{content}, 'to the end');
	$seq = $t->event($job, 'stage');
	for my $live ($slow, $other) {
		$live->await(SOON, sub { $live->latest->{seq} == $seq });
		is($live->latest->{seq}, $seq, 'and then it goes on');
	}
	$_->hang_up for @never;
};

subtest 'sse_max' => sub {
	$t->reconfigure(%calm, sse_max => '2s');
	my $job = $t->job($tenant);
	my @lives = map { stream($job) } 1 .. 10;
	my $tail = stream($job, 'since=1');

	is_bye($_, 'rotate', 1, 'a planned hang-up') for @lives, $tail;
	my @took = sort { $a <=> $b } map { $_->whole(0)->{took} } @lives;

	cmp_ok($took[0], '>', 1, 'not much before');
	cmp_ok($took[-1], '<', 2 + SOON, 'nor long after');

	# the log knows better than one who reads them one after the other
	my @ms = sort { $a <=> $b }
	    map { $_->{text} =~ /ms=([\d.]+) form=sse end=rotate/ }
	    $t->log_lines;

	is(scalar @ms, 11, 'the log has them all');
	cmp_ok($ms[-1] - $ms[0], '>', 20, 'each at a time of its own');

	$t->reconfigure(%calm, sse_max => '0s');
	for my $accept ('text/event-stream', 'application/x-ndjson') {
		my $answer = stream($job, '', headers =>
		    { accept => $accept })->whole(SOON);

		is($answer->{headers}{'content-type'}, 'application/json',
		    "0: $accept is not to be had");
		is($answer->{content}, get($job)->{content},
		    'JSON is sent instead');
	}
};

subtest 'all places are taken' => sub {
	$t->reconfigure(%calm, max_waiters => 1);
	my $job = $t->job($tenant);
	my $closed = $t->job($tenant);
	my $end = $t->event($closed, 'succeeded');
	my $first = stream($job);

	is(($first->event(0, SOON) // {})->{seq}, 1, 'the only place');
	for (['', 1, '1'], ['since=1', 1, ''], ['since=0', 1, '1']) {
		my ($query, $latest, $seqs) = @$_;
		my $busy = stream($job, $query);

		is_bye($busy, 'busy', $latest, "<$query>: busy");
		is($busy->status, 200, 'which is no error');
		is(seqs($busy->events), $seqs, 'with what there is');
		my ($retry) = reverse grep { defined }
		    map { $_->{retry} } $busy->frames;

		cmp_ok($retry, '>', 4000, 'and a long time to retry');
	}
	is($t->live(path_of($job, 'since=1&wait=20'), key => $key)
	    ->whole(SOON)->{headers}{'jobtail-wait'}, 'declined',
	    'a hold finds no place either');
	is_last(stream($closed), 'end', { public_id => $closed,
		latest_seq => $end, status => 'SUCCESS' },
	    'who is only told the end needs none');

	# many batches of it, and more than a page
	my $far = stream($long);

	is_bye($far, 'busy', $n_long + 2, 'a long backlog, then busy', 60);
	is(seqs($far->events), join(' ', 1 .. $n_long + 2),
	    'all of it, in order');
	$end = $t->event($long, 'succeeded');
	$far = stream($long, "since=1000");
	is_last($far, 'end', { public_id => $long, latest_seq => $end,
		status => 'SUCCESS' }, 'one that is closed, then the end', 60);
	is(seqs($far->events), join(' ', 1001 .. $end), 'all of that');
	is(($first->named('bye', 0)), undef, 'the first one goes on');

	my $next;

	$first->hang_up;
	wait_for {
		$next = stream($job);
		!$next->named('bye', 0.5);
	} 10, 'the place of one that hung up';
	my $seq = $t->event($job, 'stage');

	is(($next->event(1, SOON) // {})->{seq}, $seq, 'the next one has it');
};

subtest 'the responder drains' => sub {
	$t->reconfigure(%calm);
	my $responder = $t->responder;
	my @lives = map { stream($t->job($tenant)) } 1 .. 3;

	$_->event(0, SOON) for @lives;
	my $start = time;

	ok($responder->stop, 'it ends by itself');
	cmp_ok(time - $start, '<', 5, 'soon');
	is_bye($_, 'drain', 1, 'a stream is told') for @lives;
	$responder->start;
};

done_testing;
