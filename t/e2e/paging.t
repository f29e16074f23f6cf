# Pages: limit and the two ceilings, the link to the next one, and walks that
# lose nothing.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $n = 40;

# Public and internal events in turns of unequal length, some of them large.
my $job = $t->job($tenant);
$t->sql("SELECT jobtail.append_event(public_id => '$job',
    event_type => 'stage', message => repeat('m', 100 + 900 * (i % 3)),
    visibility => CASE WHEN i % 5 IN (1, 2) THEN 'internal'
	ELSE 'public' END)
    FROM generate_series(1, $n) AS i");
my @truth = split /\n/, $t->sql("SELECT e.seq FROM jobtail.job_event e
    JOIN jobtail.job j ON j.id = e.job_id WHERE j.public_id = '$job'
    AND e.visibility = 'public' ORDER BY e.seq");
my $path = "/v1/jobs/$job/events";

sub get ($target) { return $t->get($target, key => $key) }

sub seqs ($page) { return [map { $_->{seq} } @{ $page->{json}{events} }] }

# The target of the link with rel="next", or undef.
sub next_of ($page)
{
	my $link = $page->{headers}{link} // return undef;

	return $link =~ /\A<([^>]+)>; rel="next"\z/ ? $1 : "not: $link";
}

# Follows pages by the function from page to target; all numbers on the way.
sub walk ($target, $follow)
{
	my (@seen, $pages);

	while (defined $target && $pages++ < 1000) {
		my $page = get($target);

		is($page->{status}, 200, 'a page') or last;
		push @seen, @{ seqs($page) };
		is($page->{json}{latest_seq}, $seen[-1],
		    'latest_seq is the last delivered one');
		$target = $follow->($page);
	}
	return \@seen;
}

sub is_cut ($page, $target, $name)
{
	is(next_of($page), $target, "$name: the link");
	is($page->{headers}{'jobtail-up-to-date'}, undef,
	    "$name: not up to date");
	is($page->{headers}{'jobtail-closed'}, undef, "$name: not closed");
	is($page->{json}{latest_seq}, seqs($page)->[-1],
	    "$name: latest_seq is the last delivered one");
	return;
}

sub is_whole ($page, $name)
{
	is(next_of($page), undef, "$name: no link");
	is($page->{headers}{'jobtail-up-to-date'}, 'true',
	    "$name: up to date");
	return;
}

cmp_ok(@truth, '>', 20, 'there is something to page through');

subtest 'limit' => sub {
	my $page = get("$path?limit=3");

	is_deeply(seqs($page), [@truth[0 .. 2]], 'the first three');
	is_cut($page, "$path?since=$truth[2]&limit=3", 'limit=3');

	$page = get("$path?since=$truth[4]&limit=2");
	is_deeply(seqs($page), [@truth[5, 6]], 'two behind a cursor');
	is_cut($page, "$path?since=$truth[6]&limit=2", 'limit=2');

	$page = get("$path?limit=" . @truth);
	is_deeply(seqs($page), \@truth, 'exactly as many as there are');
	is_whole($page, 'exactly as many');

	$page = get("$path?limit=" . (@truth - 1));
	is_cut($page, "$path?since=$truth[-2]&limit=" . (@truth - 1),
	    'one less');

	is_whole(get("$path?limit=1000"), 'limit=1000');
	is_whole(get($path), 'no limit');
	is_deeply(seqs(get($path)), \@truth, 'which is all');
	is_whole(get("$path?since=$truth[-1]&limit=1"), 'nothing left');
	is_cut(get("$path?limit=%2B03.0"), "$path?since=$truth[2]&limit=3",
	    'an odd 3 becomes a plain one');
};

subtest 'the tail behind the last public event' => sub {
	my $page = get("$path?since=$truth[-2]&limit=1");

	is_deeply(seqs($page), [$truth[-1]], 'the last one');
	is_whole($page, 'internal events behind it do not make a page');
};

for my $limit (1, 2, 3, 7, 13, 1000) {
	subtest "walks with limit=$limit" => sub {
		is_deeply(walk("$path?limit=$limit", \&next_of), \@truth,
		    'by the link');
		is_deeply(walk("$path?limit=$limit", sub ($page) {
			return undef if !next_of($page);
			return "$path?limit=$limit&since="
			    . $page->{json}{latest_seq};
		}), \@truth, 'by since');
	};
}

subtest 'events that come during a walk' => sub {
	my $job = $t->job($tenant);
	my $n = 12;
	my @truth = (1);
	my $path = "/v1/jobs/$job/events";

	@truth = @{ seqs(get($path)) };
	my $seen = walk("$path?limit=2", sub ($page) {
		push @truth, $t->event($job, 'stage') if $n-- > 0;
		$t->event($job, 'stage', visibility => 'internal')
		    if $n > 0;
		return @{ seqs($page) } && $page->{json}{latest_seq}
		    != $truth[-1]
		    ? "$path?limit=2&since=$page->{json}{latest_seq}" : undef;
	});

	is_deeply($seen, \@truth, 'each of them once and in order');
};

subtest 'the ceiling on events' => sub {
	$t->reconfigure(max_events => 4);
	my $page = get($path);

	is_deeply(seqs($page), [@truth[0 .. 3]], 'without limit it cuts');
	is_cut($page, "$path?since=$truth[3]", 'max_events');
	is_cut(get("$path?limit=9"), "$path?since=$truth[3]&limit=9",
	    'below limit');
	is_cut(get("$path?limit=2"), "$path?since=$truth[1]&limit=2",
	    'above limit');
	is_deeply(walk($path, \&next_of), \@truth, 'a walk is whole');
};

subtest 'the ceiling on bytes' => sub {
	$t->reconfigure(max_bytes => '4KiB');
	my $page = get($path);

	cmp_ok(@{ seqs($page) }, '<', @truth, 'it cuts');
	cmp_ok(length $page->{content}, '<=', 4096 + 100,
	    'the page is not larger');
	is_cut($page, "$path?since=" . seqs($page)->[-1], 'max_bytes');
	is_cut(get("$path?limit=30"), "$path?limit=30" =~ s/limit.*//r
	    . 'since=' . seqs(get("$path?limit=30"))->[-1] . '&limit=30',
	    'with a limit above');
	is_deeply(walk($path, \&next_of), \@truth, 'a walk by the link');
	is_deeply(walk($path, sub ($page) {
		return next_of($page) && "$path?since="
		    . $page->{json}{latest_seq};
	}), \@truth, 'a walk by since');
};

subtest 'at least one event' => sub {
	my $large = $t->job($tenant);
	my $path = "/v1/jobs/$large/events";

	$t->event($large, 'stage', message => 'x' x 60000);
	$t->event($large, 'stage', message => 'y' x 60000);
	my $all = walk($path, \&next_of);

	is(@$all, 3, 'events over the ceiling are pages of their own');
	my $page = get("$path?since=$all->[0]");

	is(@{ seqs($page) }, 1, 'one a page');
	is(length $page->{json}{events}[0]{message}, 60000, 'and whole');
};

subtest 'public_url' => sub {
	for my $url ('https://api.example.org', 'https://api.example.org/') {
		$t->reconfigure(public_url => $url);
		is(next_of(get("$path?limit=1")), 'https://api.example.org'
		    . "$path?since=$truth[0]&limit=1", $url);
	}
};

# Whatever a web server leaves in front of /v1 is asked for by hand.
subtest 'base_path' => sub {
	for (['/api', undef, '/api'], ['/api/', undef, '/api'],
	    ['/a/b', 'http://h:8080', 'http://h:8080/a/b']) {
		my ($base, $url, $start) = @$_;

		$t->reconfigure(base_path => $base,
		    defined $url ? (public_url => $url) : ());
		my $answer = $t->wire->ask(($base =~ s{/\z}{}r)
		    . "$path?limit=1", HTTP_AUTHORIZATION => "Bearer $key");

		is($answer->{status}, 200, "$base is stripped");
		is(next_of($answer),
		    "$start$path?since=$truth[0]&limit=1",
		    'and is in the link');
	}
};

done_testing;
