# The timeline as lines of JSON: their bytes, where they begin, and the last.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;
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
	return $t->live(path_of($job, $query), key => $key, headers =>
	    { accept => 'application/x-ndjson' }, %o);
}

sub seqs ($live) { return join ' ', map { $_->{seq} } $live->events }

# The last line, and that it is the last.
sub is_last ($live, $latest, $closed, $text, $seconds = SOON)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $answer = $live->whole($seconds);
	my ($last) = $answer->{content} =~ /(?:\A|\n)([^\n]*)\n\z/;

	is($answer->{how}, 'whole', "$text: the stream is closed");
	is($last, qq({"latest_seq":$latest,"closed":$closed}),
	    "$text: the last line");
	return;
}

# Nothing follows in this job; looked at when the rest is done.
my $quiet = stream($t->job($tenant));

subtest 'the bytes' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage', message => $_, extra => { text => $_ })
	    for "two\nlines\r\nand\rmore\n\n", '日本語 🦖',
	    "\x{feff}\x{2028}\x{85}", "\"\\/\b\f\t\x01\x7f", '';
	$t->event($job, 'note', visibility => 'internal');
	my $end = $t->event($job, 'succeeded', artifacts =>
	    [map { { key => "$_.png", kind => 'catalog_image',
		role => 'final', label => "l\n" } } 1 .. 3]);
	my $live = stream($job);

	is_last($live, $end, 'true', 'a closed one');
	my @lines = map { $_->{text} } $live->events;
	my $headers = $live->headers;

	is($live->{body}, join('', map { "$_\n" } @lines,
	    qq({"latest_seq":$end,"closed":true})),
	    'a line for each event and the last, and nothing else');
	is(qq({"public_id":"$job","events":[) . join(',', @lines)
	    . qq(],"latest_seq":$end}), get($job)->{content},
	    'the lines are the elements of the JSON form, byte for byte');
	is($headers->{'content-type'}, 'application/x-ndjson',
	    'Content-Type');
	is_deeply([sort(header_list({ headers => $headers },
	    'cache-control'))], ['no-store', 'no-transform'],
	    'Cache-Control');
	is($headers->{etag}, undef, 'no tag');
	is_ulid($headers->{'x-request-id'}, 'X-Request-Id');
	my $head = stream($job, '', method => 'HEAD')->whole(SOON);

	is($head->{headers}{'content-type'}, 'application/json',
	    'HEAD is no stream');
	is(stream($job, 'since=x')->whole(SOON)->{status}, 422,
	    'a bad parameter is told');
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
	my $end = $t->event($job, 'failed');

	is_last($live, $end, 'true', 'the end');
	is(seqs($live), '1 3 5 7 9 11 12', 'each public one once');
};

subtest 'where it begins' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage') for 2 .. 4;
	for (['', '1 2 3 4'], ['since=2', '3 4'], ['since=%2B3', '4'],
	    ['since=-7', '1 2 3 4'], ['since=4', '']) {
		my ($query, $seqs) = @$_;
		my $live = stream($job, $query);
		my $n = () = $seqs =~ /\d+/g;

		$live->await(SOON, sub { $live->events >= $n });
		$live->await(0.2, sub { $live->events > $n });
		is($live->status, 200, "<$query>");
		is(seqs($live), $seqs, "<$query>: events");
		$live->hang_up;
	}
	is_last(stream($job, 'since=9'), 9, 'false', 'past the tail');
};

subtest 'closed, and nothing to tell' => sub {
	my $job = $t->job($tenant);
	my $end = $t->event($job, 'succeeded');
	my $answer = stream($job, "since=$end")->whole(SOON);

	is($answer->{how}, 'whole', 'is told at once');
	is("$answer->{status} $answer->{content}", $answer->{status} == 204
	    ? '204 ' : qq(200 {"latest_seq":$end,"closed":true}\n),
	    'by 204, or by the last line');

	my $inside = $t->job($tenant);
	my $live = stream($inside);

	$live->event(0, SOON);
	$t->event($inside, 'failed', visibility => 'internal');
	is_last($live, 1, 'true', 'an internal end', 10);
	is(seqs($live), 1, 'which is not shown');
};

subtest 'a key that ends' => sub {
	my $job = $t->job($tenant);
	my $revoked = $t->key($tenant);
	my $live = stream($job, '', key => $revoked);

	is(($live->event(0, SOON) // {})->{seq}, 1, 'streams');
	$t->sql("BEGIN; SELECT jobtail.revoke_api_key('$revoked'); SELECT "
	    . Jobtail::Test::event_call($job, 'stage') . '; COMMIT');
	my $revoked_at = time;

	is_last($live, 1, 'false', 'revoked', 10);
	cmp_ok($live->{done_at} - $revoked_at, '<', 7.5, 'in time');
	is(seqs($live), 1, 'no further event');
};

subtest 'an empty line in silence' => sub {
	my $at = $quiet->await(20, sub { ($quiet->silences)[0] });
	my $began = $quiet->{began_at};

	ok(defined $at, 'comes') or return;
	cmp_ok($at - $began, '>', 14, 'not before its time');
	is(join('|', $quiet->lines), ($quiet->events)[0]{text} . '|',
	    'and nothing else');
	$quiet->hang_up;
};

# Twelve megabytes; more than the sockets of this machine hold.
my $long = $t->job($tenant);
my $long_end;

subtest 'a long backlog, a slow reader' => sub {
	my $job = $long;
	my $n_long = 4000;

	$t->sql("SELECT count(jobtail.append_event(public_id => '$job',
	    event_type => 'stage', message => i || repeat('m', 3000)))
	    FROM generate_series(2, $n_long) i");
	my $slow = stream($job, '', receive => 4096);

	is($slow->status, 200, 'a stream');
	is(get($job, "since=$n_long")->{status}, 200, 'a page meanwhile')
	    for 1 .. 20;
	my $end = $long_end = $t->event($job, 'succeeded');

	$slow->await(60, sub {
		# not faster than this
		select undef, undef, undef, 0.001;
		return undef;
	});
	is_last($slow, $end, 'true', 'read slowly');
	is(seqs($slow), join(' ', 1 .. $end), 'whole and in order');
};

subtest 'no places at all' => sub {
	$t->reconfigure(%calm, max_waiters => 0);
	my $live = stream($long);

	is_last($live, $long_end, 'true', 'a long backlog', 60);
	is(seqs($live), join(' ', 1 .. $long_end), 'all of it, in order');
};

subtest 'hung up on' => sub {
	$t->reconfigure(%calm, sse_max => '2s', max_waiters => 1);
	my $job = $t->job($tenant);
	my $first = stream($job);

	is(($first->event(0, SOON) // {})->{seq}, 1, 'the only place');
	is_last(stream($job, 'since=0'), 1, 'false', 'no place, a backlog');
	is_last(stream($job, 'since=1'), 1, 'false', 'no place, no backlog');
	is_last($first, 1, 'false', 'sse_max');
	cmp_ok($first->whole(0)->{took}, '>', 1, 'not much before');

	$t->reconfigure(%calm);
	my $responder = $t->responder;
	my $live = stream($job);

	$live->event(0, SOON);
	ok($responder->stop, 'the responder ends by itself');
	is_last($live, 1, 'false', 'it drains');
	$responder->start;
};

done_testing;
