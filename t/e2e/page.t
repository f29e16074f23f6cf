#!/usr/bin/perl
# The page for browsers, in a browser: what its user sees while a job goes on,
# and when servers stop meanwhile.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../demo/lib";
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use POSIX qw(strftime);
use Time::Local qw(timegm);
use Demo::Picture qw(draw);
use Jobtail::Browser;
use Jobtail::Front;
use Jobtail::Process qw(give_away);
use Jobtail::Test;

my $browser = Jobtail::Browser->new;
my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = '5f0c37be91';

sub secret ($name, @lines)
{
	my $path = spew("$dir/$name", join('', map { "$_\n" } @lines), 0600);

	give_away($path);
	return $path;
}

chmod 0755, $dir;
make_path("$dir/media/artifacts");
spew("$dir/media/artifacts/a.png", draw(20));
spew("$dir/media/artifacts/notes.txt", "no picture\n");

# Artifacts are on another host than the page, as they would be.
my $media = Jobtail::Front->new(dir => $dir, kind => 'nginx',
    socket => "$dir/nobody", media_root => "$dir/media",
    media_secret => $secret)->start;
my %conf = (
	ticket_keys_file => secret('ticket_keys', 'a1b2c3d4' x 8),
	closed_grace => '1s',
	store => 'secure_link',
	secure_link_base => $media->url . '/artifacts',
	secure_link_secret_file => secret('secure_link', $secret),
	map { $_ => undef } qw(s3_endpoint s3_region s3_bucket
	    s3_access_key_id s3_secret_key_file),
);
my $t = setup(front => 'nginx', conf => \%conf);
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my @tickets;

# A ticket as an application's server gets it.
sub ticket ($job, $with = $key)
{
	my $answer = $t->get("/v1/jobs/$job/events?ticket=new", key => $with);

	push @tickets, $answer->{json}{ticket} // die "no ticket: "
	    . "$answer->{status} $answer->{content}\n";
	return $tickets[-1];
}

sub page ($job, $ticket, %o)
{
	return $browser->open($t->front->url
	    . "/timeline.html#job=$job&ticket=$ticket", %o);
}

# A new job with its page, which is live.
sub live (%o)
{
	my $job = $t->job($tenant);
	my $page = page($job, ticket($job, $o{key} // $key), %o);

	is($page->state('live'), 'live', 'the page is live');
	return ($job, $page);
}

# Lines of the web server's log about a job's events.
sub requests ($job)
{
	return grep { m{/v1/jobs/$job/events"} } split /\n/,
	    $t->front->accesses;
}

subtest 'the file' => sub {
	my $answer = $t->get('/timeline.html');
	my $headers = $answer->{headers};

	is($answer->{status}, 200, 'is there');
	is($headers->{'content-type'}, 'text/html; charset=utf-8', 'type');
	is($headers->{'content-security-policy'}, "frame-ancestors 'self'",
	    'only this host may frame it');
	is($headers->{'referrer-policy'}, 'no-referrer', 'no Referer');
	is($headers->{'x-content-type-options'}, 'nosniff', 'no sniffing');
	is($headers->{'cache-control'}, 'no-cache', 'asked for each time');
	is($t->get('/timeline.html', headers => { 'if-none-match' =>
		$headers->{etag} })->{status}, 304, 'and seldom sent');
	is($t->request('POST', '/timeline.html')->{status}, 405, 'no POST');
};

subtest 'events appear as they are written' => sub {
	my ($job, $page) = live();
	my $heading = '#events > li:last-child';

	is_deeply($page->shown(1), [['queued', undef]], 'what was there');
	$t->event($job, 'stage', stage => 'draft', message => 'Begun');
	is_deeply($page->shown(2)->[1], ['draft', 'Begun'], 'a stage');
	$t->event($job, 'stage', message => 'No. 2', visibility => 'internal');
	$t->event($job, 'note', stage => 'draft', message => "two\nlines");
	is_deeply($page->shown(3)->[2], ['note · draft', "two\nlines"],
	    'another type; and nothing internal');

	my $json = $t->get("/v1/jobs/$job/events", key => $key)->{json};
	my $created = $json->{events}[2]{created_at};
	my ($y, $mo, $d, $h, $mi, $s) = $created =~ /(\d+)/g;
	my $local = timegm($s, $mi, $h, $d, $mo - 1, $y) + 5.5 * 3600;
	my $hour = strftime('%H:%M:%S', gmtime $local);

	is($page->run("document.querySelector('$heading time').title"),
	    $created, 'the time, as it was sent');
	like($page->run("document.querySelector('$heading time').textContent"),
	    qr/\b$hour\b/, 'and in local time');
	is_deeply([$page->said], [], 'the console is empty');
	$page->close;
};

subtest 'text is text' => sub {
	my ($job, $page) = live();
	my $evil = q{<img src=x onerror="document.title='evil'">}
	    . q{<script>document.title='evil'</script>&lt;"'`${1}};

	$t->event($job, "<b>$evil", stage => "<i>$evil", message => $evil,
	    artifacts => [{ key => 'a.png', kind => "\"><u>$evil",
		role => 'final', label => "'><s>$evil" }]);
	is_deeply($page->shown(2)->[1], ["<b>$evil · <i>$evil", $evil],
	    'shown as it is');
	is($page->run(q{document.querySelector('figcaption').textContent}),
	    "'><s>$evil · \"><u>$evil · final", 'of an artifact too');
	is_deeply($page->run(q{[...document.querySelectorAll(
	    'b, i, u, s, #events script, img')].map((e) => e.alt)}),
	    ["'><s>$evil"], 'and no element comes of it');
	is($page->words, 'Live', 'nor does it run');
	is_deeply([$page->said], [], 'nor does it try to');
	$page->close;
};

subtest 'artifacts' => sub {
	my ($job, $page) = live();

	$t->event($job, 'stage', artifacts => [
	    { key => 'a.png', kind => 'render', role => 'intermediate',
		label => 'front' },
	    { key => 'notes.txt', kind => 'notes', role => 'final' },
	    { key => 'gone.png', kind => 'lost', role => 'final' }]);
	$page->shown(2);
	ok(eval { wait_for { $page->run(q{
	    document.querySelectorAll('img').length === 1
		&& document.querySelector('img').naturalWidth
	}) == 320 } 15, 'the picture' }, 'a picture is seen');
	is_deeply($page->run(q{[...document.querySelectorAll('figure')].map(
	    (figure) => [figure.querySelector('a').textContent,
		figure.querySelector('figcaption').textContent])}),
	    [['', 'front · render · intermediate'], ['notes', 'notes · final'],
		['lost', 'lost · final']], 'what is none is a link');
	is($page->run(q{document.querySelector('img').alt}), 'front',
	    'and the picture has a name');

	my @links = @{ $page->run(q{[...document.querySelectorAll('a')].map(
	    (link) => link.href)}) };
	my @files = grep { $_->{type} eq 'image' && $_->{url} =~ /^http/ }
	    $page->asked;

	is_deeply([sort map { $_->{url} } @files], [sort @links],
	    'each is where its link leads');
	is_deeply([grep { length } map { $_->{headers}{referer} } @files], [],
	    'and is asked for without a Referer');
	$page->close;
};

subtest 'on a small screen, in the dark' => sub {
	my ($job, $page) = live(width => 320, dark => 1);

	$t->event($job, 'stage', stage => 's' x 80, message => 'm' x 500,
	    artifacts => [{ key => 'a.png', kind => 'k' x 90,
		role => 'final' }]);
	$page->shown(2);
	is($page->run('document.documentElement.scrollWidth'), 320,
	    'nothing is wider than the screen');
	cmp_ok($page->run(q{getComputedStyle(document.body).backgroundColor
	    .match(/\d+/g).reduce((sum, n) => sum + Number(n), 0)}), '<', 200,
	    'the background is dark');
	$page->close;
};

for my $end (['succeeded', 'Succeeded'], ['failed', 'Failed']) {
	subtest "the end: $end->[0]" => sub {
		my ($job, $page) = live();

		$t->event($job, $end->[0], message => 'that was it');
		is($page->state($end->[0]), $end->[0], 'the state');
		is($page->words, $end->[1], 'in words');
		like($page->run('document.title'), qr/\A$end->[1]\b/,
		    'and in the title');
		is_deeply($page->shown(2)->[1], [$end->[0], 'that was it'],
		    'with its event');
		$page->close;
		my $late = page($job, ticket($job));

		is($late->state($end->[0]), $end->[0],
		    'the same for who comes later');
		is(@{ $late->shown(2) }, 2, 'with all events');
		is($late->asked_api, 1, 'by one request');
		$late->close;
	};
}

subtest 'a restart' => sub {
	my ($job, $page) = live();
	my ($over, $other) = live();

	my $responder = $t->responder;

	$t->allow_front(qr/connect\(\) to unix:/);
	ok($responder->stop, 'the responder stops with streams open');
	for ($page, $other) {
		is($_->state('reconnecting'), 'reconnecting', 'seen');
	}
	$t->event($job, 'stage', message => 'meanwhile');
	$t->event($over, 'succeeded', visibility => 'internal');
	my $count = wait_for {
		$page->run(q{document.getElementById('count').textContent})
	} 20, 'the page to wait';
	my ($seconds) = $count =~ /\Ain (\d+) s\z/;

	cmp_ok($seconds // -1, '<=', 30, "the page waits ($count)");
	$responder->start;
	is($page->state('live', 60), 'live', 'live again');
	is_deeply($page->shown(2), [['queued', undef],
		['stage', 'meanwhile']], 'each event once');
	is($other->state('succeeded', 60), 'succeeded',
	    'an end that brought no event is seen');
	is(@{ $other->shown(1) }, 1, 'with what there was');
	$_->close for $page, $other;
};

# --- streams of two seconds ---

$t->reconfigure(%conf, sse_max => '2s');

my ($over, $ended) = live();
$t->event($over, 'succeeded');
is($ended->state('succeeded'), 'succeeded', 'one page has come to its end');

my $foreign = $t->job($tenant);
my $other_tenant = $t->tenant;
my $other_job = $t->job($other_tenant);
my @refused;

# One letter in the middle: the last one may have bits that nobody looks at.
sub changed ($ticket)
{
	my $middle = length($ticket) / 2;

	substr $ticket, $middle, 1,
	    substr($ticket, $middle, 1) eq 'a' ? 'b' : 'a';
	return $ticket;
}

subtest 'tickets that open nothing' => sub {
	my $job = $t->job($tenant);
	my $good = ticket($job);
	my %bad = (
		'made up' => [$job, 'good'],
		'for another job' => [$job, ticket($foreign)],
		'of another tenant' => [$job, ticket($other_job,
		    $t->key($other_tenant))],
		'cut' => [$job, substr $good, 0, -1],
		'with a letter changed' => [$job, changed($good)],
		'for a foreign job' => [$other_job, $good],
		'that is a key' => [$job, $key],
	);

	for my $what (sort keys %bad) {
		my $page = page($bad{$what}->@*);

		is($page->state('error'), 'error', "one $what");
		like($page->words, qr/\A[A-Z].{10,}\.\z/, '... is told');
		is($page->asked_api, 2, '... after two requests');
		push @refused, $page;
	}
};

subtest 'addresses that are not whole' => sub {
	my $job = $t->job($tenant);
	my $url = $t->front->url . '/timeline.html';

	for my $what ('', '#', "#job=$job", "#ticket=x", "#job=x&ticket=x",
	    "#job=$job&ticket=", "#job=$job/../x&ticket=x",
	    "#job=$job&ticket=x&base=//example.org",
	    "#job=$job&ticket=x&base=http://example.org",
	    "#job=$job&ticket=x&base=/a%3Fb") {
		my $page = $browser->open("$url$what");

		is($page->state('error'), 'error', "'$what' is told");
		is($page->asked_api, 0, '... without a request');
		$page->close;
	}
};

subtest 'a key that is revoked' => sub {
	my $lost = $t->key($tenant);
	my ($job, $page) = live(key => $lost);

	$t->sql("SELECT jobtail.revoke_api_key('$lost')");
	is($page->state('error'), 'error', 'ends it');
	like($page->words, qr/\A[A-Z].{10,}\.\z/, 'with a word');
	push @refused, $page;
};

subtest 'streams that are hung up' => sub {
	my ($job, $page) = live();
	my @before = map { scalar $_->asked_api } $ended, @refused;
	my $n_ended = requests($over);
	my $n = 0;

	while ($page->asked_api < 4) {
		$t->event($job, 'stage', message => 'no. ' . ++$n);
		last if @{ $page->shown($n + 1) } <= $n;
	}
	is_deeply([map { $_->[1] } @{ $page->shown($n + 1) }],
	    [undef, map { "no. $_" } 1 .. $n], 'each event once, in order');
	is(grep({ defined $_->{headers}{'last-event-id'} } $page->asked_api), 3,
	    'by the number of the last one');
	is($page->state('live'), 'live', 'live again');
	is_deeply([$page->said], [], 'the console is empty');

	is_deeply([map { scalar $_->asked_api } $ended, @refused], \@before,
	    'meanwhile nobody asked who had come to an end');
	is(requests($over), $n_ended, 'says the web server too');
	$_->close for $page, $ended, @refused;
};

subtest 'a ticket that is over' => sub {
	$t->reconfigure(%conf, sse_max => '2s', ticket_ttl => '3s');
	my ($job, $page) = live();

	is($page->state('error'), 'error', 'ends the page when it comes back');
	$t->event($job, 'stage', message => 'meanwhile');
	$page->run(q{location.hash = location.hash.replace(/ticket=.*/,
	    'ticket=} . ticket($job) . q{')});
	is($page->state('live'), 'live', 'a new one behind the "#" goes on');
	is(@{ $page->shown(2) }, 2, 'with all events');
	$page->close;
};

subtest 'tickets are in no log of requests' => sub {
	my $log = $t->front->accesses . $media->accesses;

	cmp_ok(@tickets, '>', 10, 'there were some');
	is_deeply([grep { index($log, $_) >= 0 } @tickets], [], 'none is');
	unlike($log, qr/[?#]/, 'nor any other query');
};

done_testing;
