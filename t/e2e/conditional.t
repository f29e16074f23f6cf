# Tags: what they cover, what matches them, what a 304 says, and how long an
# answer may be kept.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

# A day's window, so that no URL rolls over while a test compares.
my %calm = (artifact_window => '24h');
my $t = setup(conf => {%calm});
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $weak = $t->key($tenant, capabilities => ['jobs:write']);
my $foreign = $t->job($t->tenant);
my $job = $t->job($tenant);
my @artifact = (artifacts =>
    [{ key => 'a.png', kind => 'catalog_image', role => 'final' }]);

$t->event($job, 'stage', @artifact);

sub get ($path, $tag = undef, %o)
{
	return $t->get($path, key => $key, defined $tag
	    ? (headers => { 'if-none-match' => $tag }) : (), %o);
}

# An open and a closed timeline, and the job itself.
sub has_vary ($answer)
{
	my %vary = map { lc, 1 } header_list($answer, 'vary');

	return $vary{authorization} && $vary{accept};
}

for my $path ("/v1/jobs/$job/events", "/v1/jobs/$job/events?since=1",
    "/v1/jobs/$job/events?limit=1", "/v1/jobs/$job") {
	subtest $path => sub {
		my $first = get($path);
		my $tag = $first->{headers}{etag};
		my ($opaque) = $tag =~ /\A"(.*)"\z/;

		is($first->{status}, 200, 'status');
		like($tag, qr/\A"[A-Za-z0-9_+\/=.]{22,32}"\z/,
		    'a strong tag of 128 bits');
		is(get($path)->{headers}{etag}, $tag, 'again the same');
		is(get($path)->{content}, $first->{content},
		    'for the same bytes');
		ok(has_vary($first), 'Vary: Authorization, Accept');

		for my $match ($tag, "W/$tag", '*', qq("x", $tag),
		    qq($tag, "x"), qq("a", W/"b" , W/$tag,"c"),
		    qq("x",$tag), qq(  $tag  ), qq("x,y", $tag),
		    (map { (qq("$opaque-$_"), qq(W/"$opaque-$_")) }
			qw(gzip br deflate zstd)), qq("x", "$opaque-gzip")) {
			my $answer = get($path, $match);
			my $headers = $answer->{headers};

			is($answer->{status}, 304, $match) or next;
			is($answer->{content}, '', 'without a body');
			like($headers->{etag},
			    qr/\A(?:W\/)?"\Q$opaque\E(?:-\w+)?"\z/, 'its tag');
			is($headers->{'cache-control'},
			    $first->{headers}{'cache-control'},
			    'Cache-Control as with 200');
			ok(has_vary($answer), 'Vary as with 200');
		}
		for my $other ('"x"', '""', qq("x$opaque"), qq("${opaque}x"),
		    'W/"x"', qq("$opaque), uc qq("x-$opaque"), '"*"',
		    qq("-gzip"), qq("x, $opaque"), ' ', ',') {
			is(get($path, $other)->{status}, 200,
			    "<$other> is another");
		}
	};
}

subtest 'only after key, capability, parameters and ownership' => sub {
	my $path = "/v1/jobs/$job/events";
	my %star = (headers => { 'if-none-match' => '*' });

	is($t->get($path, %star)->{status}, 401, 'no key');
	is($t->get($path, key => 'sk_live_nobody', %star)->{status}, 401,
	    'an unknown key');
	is($t->get($path, key => $weak, %star)->{status}, 403, 'a weak key');
	is(get("$path?limit=0", '*')->{status}, 422, 'a bad parameter');
	is(get("/v1/jobs/$foreign/events", '*')->{status}, 404, 'foreign');
	is(get('/v1/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV', '*')->{status}, 404,
	    'unknown');
};

subtest 'a 304 says afresh what tags do not cover' => sub {
	my $job = $t->job($tenant);
	my $path = "/v1/jobs/$job/events";
	my $tag = get($path)->{headers}{etag};
	my $first = get($path, $tag);
	my $headers = $first->{headers};

	is($first->{status}, 304, 'a 304');
	is_ulid($headers->{'x-request-id'}, 'X-Request-Id');
	isnt(get($path, $tag)->{headers}{'x-request-id'},
	    $headers->{'x-request-id'}, 'of its own');
	is($headers->{'x-poll-interval'}, 2, 'X-Poll-Interval');
	like($headers->{'jobtail-last-event-age'}, qr/\A\d+\z/,
	    'Jobtail-Last-Event-Age');
	is($headers->{'jobtail-up-to-date'}, 'true', 'Jobtail-Up-To-Date');
	is($headers->{'jobtail-job-status'}, 'NOT_STARTED',
	    'Jobtail-Job-Status');
};

subtest 'an event changes the tag' => sub {
	my $job = $t->job($tenant);
	my $path = "/v1/jobs/$job/events";
	my @tags;

	for my $do (sub { }, sub { $t->event($job, 'stage') },
	    sub { $t->event($job, 'stage') },
	    sub { $t->event($job, 'succeeded') }) {
		$do->();
		is(get($path, join ', ', @tags, '"none"')->{status}, 200,
		    'no earlier tag matches');
		push @tags, get($path)->{headers}{etag};
	}
	my %seen = map { $_ => 1 } @tags;

	is(keys %seen, 4, 'all tags differ');
	$tags[0] = get("$path?since=1")->{headers}{etag};
	isnt(get("$path?since=2")->{headers}{etag}, $tags[0],
	    'so do those of other cursors');
};

subtest 'an internal event changes nothing' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage');
	my $tag = get("/v1/jobs/$job/events")->{headers}{etag};

	$t->event($job, 'stage', visibility => 'internal');
	is(get("/v1/jobs/$job/events", $tag)->{status}, 304, 'still a 304');
};

subtest 'a 304 never hides the end' => sub {
	my $job = $t->job($tenant);
	my $path = "/v1/jobs/$job/events";
	my $open = get($path);

	$t->event($job, 'succeeded', visibility => 'internal');
	is(get($path, $open->{headers}{etag})->{status}, 304,
	    'within the grace time nothing has changed');
	is(get($path)->{headers}{'jobtail-closed'}, undef, 'nor is it closed');

	$t->reconfigure(%calm, closed_grace => '1s');
	my $closed = wait_for {
		my $answer = get($path, $open->{headers}{etag});

		$answer->{status} == 200 ? $answer : undef;
	} 10, 'the grace time to pass';

	is($closed->{content}, $open->{content}, 'the same bytes');
	isnt($closed->{headers}{etag}, $open->{headers}{etag},
	    'under another tag');
	is($closed->{headers}{'jobtail-closed'}, 'true', 'and closed');
	my $after = get($path, $closed->{headers}{etag});

	is($after->{status}, 304, 'which is a 304 from then on');
	is($after->{headers}{'jobtail-closed'}, 'true',
	    'that says closed, too');
};

sub control ($path) { return get($path)->{headers}{'cache-control'} }

subtest 'how long an answer may be kept' => sub {
	$t->reconfigure(artifact_window => '300s');
	my $plain = $t->job($tenant);
	my $path = "/v1/jobs/$plain/events";

	is(control($path), 'private, no-cache', 'open: not without asking');
	$t->event($plain, 'failed');
	is(control($path), 'private, max-age=3600',
	    'closed, without URLs: an hour');
	is(control("$path?limit=1"), 'private, no-cache',
	    'a cut page of it is open');

	my $rich = $t->job($tenant);

	is(control("/v1/jobs/$rich/events"), 'private, no-cache', 'open');
	my $end = $t->event($rich, 'succeeded', @artifact);

	like(control("/v1/jobs/$rich/events"), qr/\Aprivate, max-age=(\d+)\z/
	    , 'closed, with URLs');
	my ($left) = control("/v1/jobs/$rich/events") =~ /(\d+)\z/;

	cmp_ok($left, '<=', 300, 'until they roll over');
	is(control("/v1/jobs/$rich/events?since=$end"),
	    'private, max-age=3600', 'a page of it without URLs: an hour');
	is(get("/v1/jobs/$rich/events?since=$end")
	    ->{headers}{'jobtail-artifacts-expire'}, undef,
	    'and nothing that expires');
};

subtest 'URLs are the same for a window and then roll over' => sub {
	$t->reconfigure(artifact_window => '2s', artifact_ttl => '60s');
	my $job = $t->job($tenant);
	my $path = "/v1/jobs/$job/events";

	$t->event($job, 'stage', @artifact);
	my $first = get($path);
	my $tag = $first->{headers}{etag};

	like($first->{json}{events}[1]{artifacts}[0]{image_url},
	    qr/X-Amz-Expires=62\b/, 'they live for ttl and window');
	my $second = wait_for {
		my $answer = get($path, $tag);

		$answer->{status} == 200 ? $answer : undef;
	} 10, 'the URLs to roll over';

	isnt($second->{headers}{etag}, $tag, 'a new tag for new bytes');
	isnt($second->{json}{events}[1]{artifacts}[0]{image_url},
	    $first->{json}{events}[1]{artifacts}[0]{image_url}, 'a new URL');
};

done_testing;
