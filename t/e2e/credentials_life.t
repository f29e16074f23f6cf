#!/usr/bin/perl
# Temporary credentials from their beginning to their end: links never live
# longer, stay the same through a refresh, and what waits or streams when there
# are none is told so.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use POSIX qw(strftime);
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Live;
use Jobtail::Metadata;
use Jobtail::Test;
use Time::HiRes qw(sleep time);

use constant { SOON => 5, TTL => 900, WINDOW => 300 };

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my %conf = (s3_access_key_id => undef, s3_secret_key_file => undef,
    credentials => 'container');
my %short = (artifact_ttl => '20s', artifact_window => '20s');
my $t = setup(front => 'nginx', conf => { %conf, store => 'none' });
my $c = Jobtail::Credentials->new($t);
my $token_file = file_of($t, 'token', "canary-of-file-1\n");

$t->allow_log(qr/ (?:error|warn) credentials store=/,
    qr/ cause="the store '' has no credentials now"/);
mkdir $t->dir . '/home';

sub env ($m)
{
	return (HOME => $t->dir . '/home',
	    AWS_CONTAINER_CREDENTIALS_FULL_URI => $m->url . '/v1/credentials',
	    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => $token_file,
	    AWS_EC2_METADATA_SERVICE_ENDPOINT => $m->url);
}

# Front and responder from the start, with what the endpoint does from then on.
my $m = Jobtail::Metadata->new(dir => $dir);

sub start_with ($orders, %more)
{
	$m->tell_only(%$orders);
	$t->environment(env($m));
	$t->reconfigure(%conf, %more);
	return;
}

# A responder beside it with an endpoint of its own; it has links already.
sub warm ($orders, %more)
{
	my $own = Jobtail::Metadata->new(dir => $dir)->tell_only(%$orders);
	my $r = $t->beside(env => { env($own) }, conf => { %conf, %more });
	my $page = $c->page_in_time(undef, $r);

	return { m => $own, r => $r, page => $page };
}

sub http_date ($at)
{
	return strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $at);
}

sub link_of ($page) { return (Jobtail::Link->all($page))[0] }

# A page whose credential ends then, looked at from all sides.
sub ends_with_it ($page, $ends_at)
{
	my @links = Jobtail::Link->all($page);
	my ($age) = $page->{headers}{'cache-control'}
	    =~ /\Aprivate, max-age=(\d+)\z/;

	is_deeply([map { $_->ends_at } @links], [($ends_at) x @links],
	    'the links end with it');
	is($page->{headers}{'jobtail-artifacts-expire'}, http_date($ends_at),
	    'Jobtail-Artifacts-Expire');
	cmp_ok($age, '<=', $ends_at - int time, 'nobody keeps them longer');
	return;
}

subtest 'a long life' => sub {
	start_with({ id => 'ASIALONG', lives => 36 * 3600 });
	my $page = $c->page_in_time;
	my ($link) = link_of($page);

	is($link->life, TTL + WINDOW, 'is not that of its links');
	is($page->{headers}{'jobtail-artifacts-expire'},
	    http_date($link->ends_at), 'Jobtail-Artifacts-Expire');
	$c->page for 1 .. 30;
	is(scalar $m->asked, 1, 'and once is enough');
};

subtest 'an end before the links\' own' => sub {
	my $ends_at = int(time) + 880;

	start_with({ id => 'ASIASHORT', ends_at => $ends_at });
	ends_with_it($c->page_in_time, $ends_at);
	for my $form ('text/event-stream', 'application/x-ndjson') {
		my $all = $t->get($c->path($c->{with}), key => $c->key,
		    headers => { accept => $form });
		my @urls = map { s/\\u0026/&/gr } $all->{content}
		    =~ /"image_url":"([^"]*)"/g;

		is_deeply([map { Jobtail::Link->new($_)->ends_at } @urls],
		    [$ends_at, $ends_at], $form);
	}
	my $result = $c->ask("/v1/jobs/$c->{with}");

	is(link_of($result)->ends_at, $ends_at, 'a job\'s result');
};

# --- what comes before the end ---

# Every one of these is renewed a minute after it has come, or sooner.
my $less = warm({ id => 'ASIALESS', ends_at => int(time) + 100 },
    artifact_ttl => '120s', artifact_window => '20s');
my @stable = map { warm({ id => 'ASIASTABLE', rotate => 1, lives => 130,
	how => { all => 'slow' }, delay => 0.4 }, %short,
    artifact_window => "${_}s") } 1, 2, 20;
my $token = warm({ id => 'ASIATOKEN', lives => 130 }, %short);
my $imds = warm({ id => 'ASIAIMDS', lives => 130 }, %short,
    credentials => 'imds');

file_of($t, 'token', 'canary-of-file-2');
$imds->{m}->stop->tell_only(id => 'ASIANEW')->start;

# --- the end comes ---

# As long as the endpoint gives others, nobody notices the end of one.
subtest 'a life of seconds' => sub {
	my $ends_at = int(time) + 8;
	my $one = warm({ id => 'ASIASECONDS', ends_at => $ends_at }, %short);
	my %seen;

	$one->{m}->tell_only(id => 'ASIANEXT');
	while (time < $ends_at + 4) {
		my $page = $c->page($one->{r});

		$seen{ $page->{status} == 200 ? link_of($page)->id
		    : $page->{status} }++;
		sleep 0.02;
	}
	is_deeply([sort keys %seen], [qw(ASIANEXT ASIASECONDS)],
	    'links all the time');
};

# The endpoint, from then on, until start_again.
sub fall_silent ($ends_at)
{
	$m->tell(how => { all => 'close' });
	wait_for { $c->page->{status} == 503 } 30, 'the end';
	cmp_ok(time, '>=', $ends_at, 'the end comes, and no sooner');
	return;
}

subtest 'the end comes' => sub {
	my $ends_at = int(time) + 8;

	start_with({ id => 'ASIAEND', ends_at => $ends_at });
	is_signed_by($c->page_in_time, 'ASIAEND', 'at first');
	$m->tell(how => { all => 'close' });
	my ($last_good, %late) = 0;

	wait_for {
		my $asked_at = time;
		my $page = $c->page;

		if ($page->{status} == 200) {
			$last_good = $asked_at;
			$late{ $_->ends_at }++ for Jobtail::Link->all($page);
		}
		$page->{status} == 503;
	} 30, 'the end';
	cmp_ok(time, '>=', $ends_at, 'not before it');
	cmp_ok($last_good, '<', $ends_at, 'then no more links');
	is_deeply([keys %late], [$ends_at], 'and none that outlives it');
	is_without($c->page, 'a page with links');
	is($c->page_without->{status}, 200, 'a page without');
	is($c->ask("/v1/jobs/$c->{without}")->{status}, 200, 'such a job');
};

# All of them have come before the end, and are told of it after that.
my ($poll, $calm, $streamed);

subtest 'who waits and who streams' => sub {
	my $ends_at = int(time) + 8;

	start_with({ id => 'ASIABRIEF', ends_at => $ends_at });
	$c->page_in_time;
	($poll, $calm, $streamed) = map { $c->job('stage') } 1 .. 3;
	my ($held, $quiet) = map { $t->live($c->path($_) . '?since=2&wait=25',
	    key => $c->key) } $poll, $calm;
	my ($sse, $lines) = map { $t->live($c->path($streamed),
	    key => $c->key, headers => { accept => $_ }) }
	    qw(text/event-stream application/x-ndjson);

	ok($_->event(1, SOON), 'a stream has what there is')
	    for $sse, $lines;
	fall_silent($ends_at);
	ok($_->is_held, 'one waits') for $held, $quiet;

	$c->event($poll, 'stage');
	is_without($held->whole(SOON), 'who needs a link is refused');
	$t->event($calm, 'stage', message => 'plain');
	is($quiet->whole(SOON)->{status}, 200, 'who needs none is not');

	$t->sql('BEGIN; SELECT '
	    . Jobtail::Test::event_call($streamed, 'stage') . '; SELECT '
	    . Jobtail::Test::event_call($streamed, 'succeeded', artifacts =>
		[{ key => 'larder9/a', kind => 'catalog_image',
			role => 'final', label => undef, meta => {} }])
	    . '; COMMIT');
	is_deeply($sse->named('bye', SOON), { reason => 'upstream',
		latest_seq => 3 }, 'a stream says why it ends');
	is_deeply([map { $_->{seq} } $sse->events], [1 .. 3],
	    '... after what came before');
	is($lines->whole(SOON)->{how}, 'whole', 'lines end, too');
	is_deeply([map { $_->{seq} } $lines->events], [1 .. 3],
	    '... after what came before');
	is(($lines->lines)[-1], '{"latest_seq":3,"closed":false}',
	    '... with the cursor');
};

subtest 'who comes after the end' => sub {
	is_without($t->get($c->path($streamed), key => $c->key), 'a page');
	is_without($t->get($c->path($streamed) . '?since=3&wait=5',
	    key => $c->key), 'nor is it worth waiting');
	is($t->get($c->path($streamed) . '?since=4', key => $c->key)
	    ->{status}, 200, 'what needs no link is there');
	is_without($c->ask("/v1/jobs/$streamed"), 'a job\'s result');
	is($c->ask("/v1/jobs/$calm")->{status}, 200,
	    'a job without one is there');
	is($t->request('HEAD', $c->path($streamed), key => $c->key)->{status},
	    503, 'HEAD of the page');
	for my $accept (qw(text/event-stream application/x-ndjson)) {
		my %headers = (accept => $accept);

		is_without($t->get($c->path($streamed) . '?since=1',
		    key => $c->key, headers => \%headers),
		    "$accept that begins with a link");
		my $live = $t->live($c->path($streamed), key => $c->key,
		    headers => \%headers);

		is($live->whole(SOON)->{how}, 'whole', '... behind others');
		is_deeply([map { $_->{seq} } $live->events], [1],
		    '... ends with those');
		is_deeply($accept =~ /ndjson/ ? ($live->lines)[-1]
		    : $live->named('bye', 0), $accept =~ /ndjson/
		    ? '{"latest_seq":1,"closed":false}'
		    : { reason => 'upstream', latest_seq => 1 },
		    '... and says where to go on');
	}
};

# --- others have come ---

# Between two pages of a window only the time may have passed. A window is to
# be seen in which there are newer credentials, but they are not yet used; the
# short ones show a refresh in the second in which a window begins.
sub look_again ($one)
{
	my $newest = ($one->{m}->granted)[-1];
	my $page = $c->page($one->{r});
	my ($was, $is) = map { link_of($_) } $one->{page}, $page;

	if ($is->signed_at == $was->signed_at) {
		push @{ $one->{odd} }, join ' ', $was->id, 'to', $is->id,
		    'at', time - $is->signed_at, 's of the window'
		    if $page->{content} ne $one->{page}{content}
		    || $page->{headers}{etag} ne $one->{page}{headers}{etag};
		$one->{kept}++ if $newest ne $is->id;
	} elsif ($is->id ne $was->id) {
		$one->{switched}++;
	}
	$one->{page} = $page;
	return;
}

subtest 'the same links through a refresh' => sub {
	wait_for {
		look_again($_) for @stable;
		sleep 0.02;
		(grep { $_->{odd} } @stable)
		    || (grep { $_->{kept} } @stable)
		    && @stable == grep { $_->{switched} } @stable;
	} 240, 'a refresh';
	is_deeply([map { @{ $_->{odd} // [] } } @stable], [],
	    'no page of a window differed');
	cmp_ok(scalar(grep { $_->{kept} } @stable), '>', 0,
	    'newer ones waited for its end');
	is(scalar(grep { $_->{switched} } @stable), 3,
	    'and came into use then');
};

subtest 'less than is promised' => sub {
	my ($own, $r, $page) = @$less{qw(m r page)};
	my $ends_at = link_of($page)->ends_at;

	ends_with_it($page, $ends_at);
	wait_for { $own->asked > 1 } 90, 'another try';
	my $from = time;
	my $n = $own->asked;

	$c->page($r) while time < $from + 3;
	cmp_ok($own->asked - $n, '<=', 2 + time - $from,
	    'others are asked for, but not all the time');
	$own->tell_only(id => 'ASIAMORE');
	$page = $c->page_in_time('ASIAMORE', $r, 90);
	is_signed_by($page, 'ASIAMORE', 'they are used when they are there');
	is(link_of($page)->life, 120 + 20, '... and keep the promise');
};

subtest 'tokens are read afresh' => sub {
	my $own = $token->{m};

	is(($own->asked)[0]{headers}{authorization}, 'canary-of-file-1',
	    'the file\'s token, without the end of its line');
	wait_for { $own->asked > 1 } 90, 'the next time';
	is(($own->asked)[1]{headers}{authorization}, 'canary-of-file-2',
	    'the one that has taken its place');
};

subtest 'EC2 has forgotten its tokens' => sub {
	is_signed_by($c->page_in_time('ASIANEW', $imds->{r}, 90), 'ASIANEW',
	    'another one is asked for');
};

subtest 'when it is there again' => sub {
	$m->tell_only(id => 'ASIAAGAIN');
	is_signed_by($c->page_in_time(undef, undef, 90), 'ASIAAGAIN',
	    'there are links');
	is_signed_by($c->ask($c->path($poll)), 'ASIAAGAIN',
	    'for who was refused');
	my $again = $t->live($c->path($streamed), key => $c->key, headers => {
	    accept => 'text/event-stream', 'last-event-id' => 3 });
	my $event = $again->event(0, SOON);

	is($event->{seq}, 4, 'and a stream goes on with what it missed');
	like($event->{text}, qr/X-Amz-Credential=ASIAAGAIN%2F/,
	    '... and with the link');
	ok($again->named('end', SOON), '... to its end');
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

is($_->most_at_once, 1, 'never more than one request at a time')
    for $m, map { $_->{m} } $less, @stable, $token, $imds;
done_testing;
