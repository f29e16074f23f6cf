# Holds and streams through each web server: what happens is heard of when it
# happens, and not when the server has enough of it together.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Live;
use Jobtail::Test;
use Time::HiRes qw(time);

# For what happens at once, on a busy machine.
use constant SOON => 4;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $kind = $t->front->kind;
my $has_streams = $kind =~ /\A(?:nginx|proxy_fcgi)\z/;

sub path_of ($job, $query = '')
{
	return "/v1/jobs/$job/events" . (length $query ? "?$query" : '');
}

sub by_socket ($path, %headers)
{
	return $t->live($path, key => $key, headers => \%headers);
}

# Another way of asking, by these arguments of curl.
sub by_curl (@arguments)
{
	return sub ($path, %headers) {
		return Jobtail::Live->curl($t->front->url . $path, @arguments,
		    map { ('-H', $_) } "Authorization: Bearer $key",
		    map { "$_: $headers{$_}" } sort keys %headers);
	};
}

# The time between the commit and what came of it, of each round's.
sub is_prompt ($late, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @late = sort { $a <=> $b } @$late;

	cmp_ok($late[@late / 2], '<', 1, "$name: usually within a second");
	return;
}

sub holds ($ask)
{
	my $job = $t->job($tenant);
	my ($since, @late) = 1;

	for my $round (1 .. 3) {
		my $live = $ask->(path_of($job, "since=$since&wait=4"));

		$live->await(0.5, sub { $live->{status} });
		ok($live->is_held, 'a hold');
		my $seq = $t->event($job, 'stage', message => 'm' x 5000);
		my $committed = time;
		my $answer = $live->whole(SOON);

		push @late, $live->{done_at} - $committed;
		is($answer->{status}, 200, 'is answered');
		is($answer->{json}{events}[0]{seq}, $seq, 'with the event');
		is($answer->{json}{latest_seq}, $seq, 'and the cursor');
		$since = $seq;
	}
	is_prompt(\@late, 'holds');

	my $idle = $ask->(path_of($job, "since=$since&wait=1"))
	    ->whole(1 + SOON);

	is($idle->{status}, 200, 'time is up');
	cmp_ok($idle->{took}, '>=', 0.83, 'but not before');
	is_deeply($idle->{json}, { public_id => $job, events => [],
		latest_seq => $since }, 'and nothing is new');
	return;
}

# With the tag as this server gives it to such a client.
sub is_304 ($ask, %headers)
{
	my $job = $t->job($tenant);

	$t->event($job, 'stage', message => 'm' x 5000);
	my $first = $ask->(path_of($job), %headers)->whole(SOON);

	is($first->{status}, 200, 'a page');
	%headers = (%headers, 'if-none-match' => $first->{headers}{etag});
	my $same = $ask->(path_of($job), %headers)->whole(SOON);

	is($same->{status}, 304, 'that has not changed');
	is($same->{content}, '', 'has no body');

	my $idle = $ask->(path_of($job, 'wait=1'), %headers)
	    ->whole(1 + SOON);

	is($idle->{status}, 304, 'also after a hold');
	cmp_ok($idle->{took}, '>=', 0.83, 'of the whole time');
	my $live = $ask->(path_of($job, 'wait=4'), %headers);

	$live->await(0.5, sub { $live->{status} });
	ok($live->is_held, 'a hold');
	$t->event($job, 'stage');
	is($live->whole(SOON)->{status}, 200, 'ends when there is news');
	return;
}

# The next event is appended when the last one has arrived: whoever holds one
# back gets no other.
sub streams ($ask, $accept)
{
	my $job = $t->job($tenant);
	my $live = $ask->(path_of($job), accept => $accept);
	my @late;

	is(($live->event(0, SOON) // {})->{seq}, 1, 'what there is');
	is($live->headers->{'content-type'}, $accept, 'as a stream');
	for my $size (1, 10, 100, 5000, 60000, 1, 1) {
		my $seq = $t->event($job, 'stage', message => 'm' x $size);
		my $committed = time;
		my $event = $live->event($seq - 1, SOON)
		    // { at => 'inf', text => '' };

		push @late, $event->{at} - $committed;
		like($event->{text}, qr/\A\{"seq":$seq,.*"m{$size}".*\}\z/,
		    "an event of $size bytes")
		    or last;
	}
	is_prompt(\@late, 'events');

	my $tail = $ask->(path_of($job, 'since=8'), accept => $accept);

	# curl keeps a head back until something follows
	is($tail->status(SOON), 200, 'a head comes without an event')
	    if $ask == \&by_socket;
	$t->event($job, 'succeeded');
	for ($live, $tail) {
		my $answer = $_->whole(SOON);

		is($answer->{how}, 'whole', 'the end closes it');
		is($_->latest->{seq}, 9, 'behind the last event');
		like($answer->{content}, $accept =~ /event-stream/
		    ? qr/\nevent: end\ndata: [^\n]+\n\n\z/
		    : qr/\n?\{"latest_seq":9,"closed":true\}\n\z/,
		    'and tells so');
	}
	return;
}

my @accepts = qw(text/event-stream application/x-ndjson);

subtest 'holds' => sub { holds(\&by_socket) };
subtest 'nothing has changed' => sub { is_304(\&by_socket) };
subtest 'nothing has changed, compressed' => sub {
	is_304(\&by_socket, 'accept-encoding' => 'gzip');
};

if ($has_streams) {
	for my $accept (@accepts) {
		subtest $accept => sub { streams(\&by_socket, $accept) };
		subtest "$accept, compressed" => sub {
			streams(by_curl('--compressed'), $accept);
		};
	}
}

# A process of mod_fcgid serves one request at a time.
if ($kind =~ /\A(?:fcgid|htaccess)\z/) {
	subtest 'waits are short, and nothing streams' => sub {
		my $job = $t->job($tenant);
		my $live = by_socket(path_of($job, 'since=0'),
		    prefer => 'wait=60');

		is($live->whole(SOON)->{headers}{'preference-applied'},
		    'wait=5', 'a wait of 5 s at most');
		for my $accept (@accepts) {
			my $answer = by_socket(path_of($job),
			    accept => $accept)->whole(SOON);

			is($answer->{how}, 'whole', "$accept: an answer");
			is($answer->{headers}{'content-type'},
			    'application/json', 'in JSON');
		}
	};
	subtest 'a hold keeps nobody else waiting' => sub {
		my $job = $t->job($tenant);
		my @lives = map { by_socket(path_of($job, 'since=1&wait=4')) }
		    1 .. 3;
		my $start = time;

		is($t->get(path_of($job), key => $key)->{status}, 200,
		    'a page') for 1 .. 5;
		cmp_ok(time - $start, '<', 3, 'is served meanwhile');
		$t->event($job, 'stage');
		is($_->whole(SOON)->{json}{latest_seq}, 2, 'all are answered')
		    for @lives;
	};
}

if ($kind eq 'nginx') {
	$t->{tls} = 1;
	$t->reconfigure;
	for my $http ('--http2', '--http1.1') {
		my @tls = ($http, '--cacert', $t->front->{certificate});

		subtest "TLS, $http" => sub {
			my $ask = by_curl(@tls);

			holds($ask);
			is_304($ask);
			streams($ask, $_) for @accepts;
		};
		subtest "TLS, $http, compressed" => sub {
			my $ask = by_curl(@tls, '--compressed');

			holds($ask);
			is_304($ask);
			streams($ask, $_) for @accepts;
		};
	}
	$t->{tls} = 0;
}

done_testing;
