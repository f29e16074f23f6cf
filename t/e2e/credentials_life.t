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
my $m = Jobtail::Metadata->new(dir => $dir);
my %conf = (s3_access_key_id => undef, s3_secret_key_file => undef,
    credentials => 'container', log_level => 'debug');
my $t = setup(front => 'nginx', conf => {%conf});
my $c = Jobtail::Credentials->new($t);
my $token_file = file_of($t, 'token', "canary-of-file-1\n");

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
mkdir $t->dir . '/home';

# Everything from the start, with what the endpoint does from then on.
sub start_with ($orders, %more)
{
	$m->tell_only(%$orders);
	$t->environment(HOME => $t->dir . '/home',
	    AWS_CONTAINER_CREDENTIALS_FULL_URI => $m->url . '/v1/credentials',
	    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => $token_file,
	    AWS_EC2_METADATA_SERVICE_ENDPOINT => $m->url);
	$t->reconfigure(%conf, %more);
	return;
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
	my $ends_at = int(time) + 1000;

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

subtest 'less than is promised' => sub {
	my $ends_at = int(time) + 300;

	start_with({ id => 'ASIALESS', ends_at => $ends_at });
	ends_with_it($c->page_in_time, $ends_at);

	my $n = $m->asked;
	my $from = time;

	wait_for { $m->asked > $n } 60, 'another try';
	ok(1, 'another one is asked for');
	$c->page while time < $from + 5;
	cmp_ok($m->asked - $n, '<=', 2 + time - $from,
	    '... but not all the time');
	$m->tell(id => 'ASIAMORE', ends_at => $ends_at + 36000);
	my $page = $c->page_in_time('ASIAMORE', undef, 90);

	is_signed_by($page, 'ASIAMORE', 'it is used when it is there');
	is(link_of($page)->life, TTL + WINDOW, '... and keeps the promise');
};

# Between two pages of a window only the time may have passed. The credential
# is near its end all the time, so another one comes soon.
subtest 'the same links through a refresh' => sub {
	start_with({ id => 'ASIASTABLE', rotate => 1, lives => 800 },
	    artifact_ttl => '20s', artifact_window => '20s');
	my ($kept, $switched, $odd) = (0, 0, 0);
	my $before = $c->page_in_time;

	wait_for {
		my $known = ($m->granted)[-1];
		my $page = $c->page;
		my ($was, $is) = (link_of($before), link_of($page));

		$odd++ if $page->{status} != 200;
		if ($is->signed_at == $was->signed_at) {
			$odd++ if $page->{content} ne $before->{content}
			    || $page->{headers}{etag}
				ne $before->{headers}{etag};
			$kept++ if $known ne $is->id;
		} elsif ($is->id ne $was->id) {
			$switched++;
		}
		$before = $page;
		sleep 0.05;
		$kept && $switched;
	} 180, 'a refresh';
	is($odd, 0, 'no page of a window differed');
	cmp_ok($kept, '>', 0, 'a newer credential waited for its end');
	cmp_ok($switched, '>', 0, 'and came into use then');
};

subtest 'tokens are read afresh' => sub {
	start_with({ id => 'ASIATOKEN', lives => 300 });
	$c->page_in_time;
	my $n = $m->asked;

	is(($m->asked)[$n - 1]{headers}{authorization}, 'canary-of-file-1',
	    'the file\'s token, without the line\'s end');
	file_of($t, 'token', 'canary-of-file-2');
	wait_for { (($m->asked)[-1])->{headers}{authorization}
	    eq 'canary-of-file-2' } 60, 'the new one';
	ok(1, 'when it is another one, that is sent');
};

subtest 'EC2\'s tokens are forgotten' => sub {
	start_with({ id => 'ASIAOLD', lives => 300 }, credentials => 'imds');
	is_signed_by($c->page_in_time, 'ASIAOLD', 'at first');
	$m->stop;
	$m->tell_only(id => 'ASIANEW');
	$m->start;
	is_signed_by($c->page_in_time('ASIANEW', undef, 90), 'ASIANEW',
	    'another token is asked for');
};

# --- the end ---

sub said_of ($level)
{
	return grep { $_->{level} eq $level }
	    complaints($t->responder->log_lines);
}

subtest 'the end comes' => sub {
	my $ends_at = int(time) + 8;

	start_with({ id => 'ASIAEND', ends_at => $ends_at });
	is_signed_by($c->page_in_time, 'ASIAEND', 'at first');
	$m->stop;
	my ($last_good, @late) = 0;

	wait_for {
		my $asked_at = time;
		my $page = $c->page;

		if ($page->{status} == 200) {
			$last_good = $asked_at;
			push @late, map { $_->ends_at } grep {
			    $_->ends_at > $ends_at } Jobtail::Link->all($page);
		}
		$page->{status} == 503 ? $page : undef;
	} 30, 'the end';
	cmp_ok(time, '>=', $ends_at, 'not before it');
	cmp_ok($last_good, '<', $ends_at, 'then no more links');
	is_deeply(\@late, [], 'and none that outlives it');
	is_without($c->page, 'a page with links');
	is($c->page_without->{status}, 200, 'a page without');
	is($c->ask("/v1/jobs/$c->{without}")->{status}, 200, 'such a job');
	cmp_ok(scalar(() = complaints($t->responder->log_lines)), '<=', 2,
	    'the log is not full of it');
	$m->tell_only(id => 'ASIABACK');
	$m->start;
	is_signed_by($c->page_in_time(undef, undef, 90), 'ASIABACK',
	    'when there are others');
};

# The rest is asked while there are none.
subtest 'who waits and who streams' => sub {
	my $ends_at = int(time) + 6;
	my @plain = ('stage', message => 'plain');

	start_with({ id => 'ASIABRIEF', ends_at => $ends_at });
	$c->page_in_time;
	my $poll = $c->job('stage');
	my $calm = $c->job('stage');
	my $streams = $c->job('stage');
	my $path = $c->path($streams);
	my $held = $t->live($c->path($poll) . '?since=2&wait=20',
	    key => $c->key);
	my $quiet = $t->live($c->path($calm) . '?since=2&wait=20',
	    key => $c->key);
	my %live = map { $_ => $t->live($path, key => $c->key,
		headers => { accept => $_ }) }
	    qw(text/event-stream application/x-ndjson);

	ok($_->event(1, SOON), 'a stream has what there is')
	    for values %live;
	$m->tell(how => { all => 'close' });
	wait_for { $c->page->{status} == 503 } 30, 'the end';
	ok($held->is_held && $quiet->is_held, 'two wait');

	$c->event($poll, 'stage');
	is_without($held->whole(SOON), 'who needs a link is refused');
	$t->event($calm, @plain);
	is($quiet->whole(SOON)->{status}, 200, 'who needs none is not');

	$t->sql("BEGIN; SELECT jobtail.append_event('$streams', 'stage',
	    'plain'); SELECT jobtail.append_event('$streams', 'stage', 'last',
	    artifacts => '[{\"key\":\"k\",\"kind\":\"x\",\"role\":\"final\",
	    \"label\":null,\"meta\":{}}]'); COMMIT");
	my $sse = $live{'text/event-stream'};
	my $lines = $live{'application/x-ndjson'};

	is_deeply($sse->named('bye', SOON), { reason => 'upstream',
		latest_seq => 3 }, 'a stream says why it ends');
	is_deeply([map { $_->{seq} } $sse->events], [1 .. 3],
	    '... after what came before');
	is($lines->whole(SOON)->{how}, 'whole', 'lines end, too');
	is_deeply([map { $_->{seq} } $lines->events], [1 .. 3],
	    '... after what came before');
	is(($lines->lines)[-1], '{"latest_seq":3,"closed":false}',
	    '... with the cursor');

	my $late = $t->live($path, key => $c->key, headers =>
	    { accept => 'text/event-stream' })->whole(SOON);

	like($late->{status}, qr/\A(?:200|503)\z/, 'who comes now');
	unlike($late->{content}, qr/"seq":4/, '... has no event without links');

	$m->tell_only(id => 'ASIAAGAIN');
	$c->page_in_time(undef, undef, 90);
	my $again = $t->live($path, key => $c->key, headers => {
	    accept => 'text/event-stream', 'last-event-id' => 3 });
	my $event = $again->event(0, SOON);

	is($event->{seq}, 4, 'from there on nothing is lost');
	like($event->{text}, qr/ASIAAGAIN/, 'and it has a link');
	$again->hang_up;
};

# One that comes while the credential lives on, but is signed when it does not.
subtest 'another one comes while they wait' => sub {
	my $ends_at = int(time) + 8;

	start_with({ id => 'ASIAOLD', ends_at => $ends_at },
	    artifact_window => '0');
	$c->page_in_time;
	my $job = $c->job('stage');
	my $held = $t->live($c->path($job) . '?since=2&wait=25',
	    key => $c->key);

	$m->tell_only(id => 'ASIANEXT');
	wait_for { time > $ends_at && (link_of($c->page)->id eq 'ASIANEXT') }
	    60, 'the end';
	ok($held->is_held, 'it waits');
	$c->event($job, 'stage');
	is_signed_by($held->whole(SOON), 'ASIANEXT', 'a link of now');
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

is($m->most_at_once, 1, 'never more than one request at a time');
done_testing;
