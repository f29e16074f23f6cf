#!/usr/bin/perl
# The page for browsers, and answers that come seldom: each of them is made
# up, so that neither a database nor the responder is here.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Jobtail::Browser;
use Jobtail::Front;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);

my $browser = Jobtail::Browser->new;
my $file = Jobtail::Front::top() . '/nginx/html/timeline.html';
my $json = JSON::PP->new->canonical;

sub page ($answers, $more = '')
{
	return $browser->open('/timeline.html#job='
	    . "01ARZ3NDEKTSV4RRFFQ69G5FAV&ticket=a+b%26c$more",
	    file => $file, answers => $answers);
}

sub frame ($seq, %event)
{
	my $data = $json->encode({ event_type => 'stage', stage => undef,
	    message => "no. $seq", artifacts => [], extra => {},
	    visibility => 'public', created_at => '2026-11-24T20:15:00Z',
	    %event, seq => 0 });

	return "id: $seq\ndata: $data\n\n";
}

sub named ($name, %data)
{
	return "event: $name\ndata: " . $json->encode(\%data) . "\n\n";
}

sub stream (@frames)
{
	return { status => 200,
		headers => { 'Content-Type' => 'text/event-stream' },
		body => join '', "retry: 10\n\n", @frames };
}

my $end = named('end', status => 'SUCCESS', latest_seq => 9);

# An answer to the plain request.
sub plain ($status, $body, %headers)
{
	return { status => $status, body => $body, headers => {
		'Content-Type' => 'application/json', %headers } };
}

sub envelope ($status)
{
	return plain($status, $json->encode({ error => { code => 'X',
	    message => "This is $status.", request_id => 'x' } }));
}

sub closed ($status, @events)
{
	return plain(200, $json->encode({ events => \@events }),
	    'Jobtail-Closed' => 'true', 'Jobtail-Job-Status' => $status);
}

sub messages ($page, $n) { return [map { $_->[1] } @{ $page->shown($n) }] }

# The queries of what was asked, and in which form.
sub asked ($page)
{
	return [map {
		my ($query) = $_->{url} =~ /\?ticket=a%20b%26c(.*)/;
		my $id = $_->{headers}{'last-event-id'};

		($_->{headers}{accept} =~ /event-stream/ ? 'stream' : 'plain')
		    . ($query // ' without the ticket')
		    . (defined $id ? " after $id" : '');
	} $page->asked_api];
}

subtest 'order and repetition' => sub {
	my $page = page([stream(frame(2), frame(7), frame(2), frame(5),
	    frame(7), frame(1), frame(10), frame(9), $end)]);

	is($page->state('succeeded'), 'succeeded', 'the end');
	is_deeply(messages($page, 6), [map { "no. $_" } 1, 2, 5, 7, 9, 10],
	    'by number, each once');
};

subtest 'numbers that are too long for JavaScript' => sub {
	my @seqs = map { "922337203685477580$_" } 4 .. 7;
	my $page = page([stream(map { frame($_) } @seqs[0, 2, 1, 3]),
	    { status => 204 },
	    closed('FAILURE')]);

	is($page->state('failed'), 'failed', 'the end');
	is_deeply(messages($page, 4), [map { "no. $_" } @seqs], 'each once');
	is_deeply(asked($page), ['stream', "stream after $seqs[-1]",
	    "plain&since=$seqs[-1]"], 'and the cursor is whole');
};

subtest 'images from odd addresses' => sub {
	my @odd = ('javascript:document.title="evil"', 'data:image/png;base64,',
	    'file:///etc/passwd', '//example.org/x', '/x', 'x', '',
	    " https://example.org/x", "java\nscript:x", 'blob:x', undef);
	my $page = page([stream(frame(1, artifacts => [map {
	    { image_url => $_, kind => 'odd', role => 'final',
		label => undef } } @odd]), $end)]);

	is($page->state('succeeded'), 'succeeded', 'the end');
	is($page->run(q{document.querySelectorAll('figure').length}),
	    scalar @odd, 'are told of');
	is($page->run(q{document.querySelectorAll('#events :is(a, img)').length}),
	    0, 'and go nowhere');
};

subtest 'a 204 when all is over' => sub {
	my $page = page([stream(frame(3)), { status => 204 },
	    closed('SUCCESS')]);

	is($page->state('succeeded'), 'succeeded', 'is found out about');
	is_deeply(asked($page), ['stream', 'stream after 3',
	    'plain&since=3'], 'by one plain request');

	$page = page([{ status => 204 }, closed('IN_PROGRESS')]);
	is($page->state('ended'), 'ended', 'also of a job without an event');
};

subtest 'an end that came between two requests' => sub {
	my $page = page([stream(frame(3)), envelope(503),
	    closed('SUCCESS', { seq => 4 }), stream(frame(4), $end)]);

	is($page->state('succeeded'), 'succeeded', 'is streamed');
	is_deeply(messages($page, 2), ['no. 3', 'no. 4'], 'with its event');
	is_deeply(asked($page), ['stream', 'stream after 3', 'plain&since=3',
	    'stream&since=3'], 'from where the page was');
};

subtest 'what is worth another try' => sub {
	my $html = { status => 502, body => '<p>' };
	my $page = page([$html, $html, envelope(503), envelope(429),
	    stream(frame(1), $end)]);

	is($page->state('succeeded'), 'succeeded', 'is tried again');
	is_deeply(asked($page), [qw(stream plain) x 2, 'stream'],
	    'each time with one plain request');
};

for my $status (400, 401, 403, 404, 414) {
	subtest "what is not: $status" => sub {
		my $page = page([(envelope($status)) x 2]);

		is($page->state('error'), 'error', 'it ends');
		is($page->words, "This is $status.", 'with the reason');
	};
}

subtest 'an error without an envelope' => sub {
	my $page = page([({ status => 404, body => '<p>' }) x 2]);

	is($page->state('error'), 'error', 'it ends');
	is($page->words, 'The server said 404.', 'with a reason');
};

subtest 'hanging up' => sub {
	my $page = page([
	    stream(frame(1), named('bye', reason => 'rotate')),
	    stream(frame(2), named('bye', reason => 'busy')),
	    stream(frame(3), named('bye', reason => 'drain')),
	    stream(named('bye', reason => 'upstream')),
	    stream(named('bye', reason => 'what we do not know')),
	    stream($end)]);

	is($page->state('succeeded'), 'succeeded', 'is no end');
	is_deeply(messages($page, 3), [map { "no. $_" } 1 .. 3], 'all events');
	is_deeply(asked($page), ['stream', 'stream after 1', 'stream after 2',
	    ('stream after 3') x 3], 'after the last one');
};

subtest 'a key that was revoked' => sub {
	my $page = page([stream(frame(1), named('bye', reason => 'revoked'),
	    frame(2))]);

	is($page->state('error'), 'error', 'ends it');
	is($page->words, 'Access to this job has ended.', 'with the reason');
	is_deeply(messages($page, 1), ['no. 1'], 'nothing after that');
};

subtest 'a timeline that was set back' => sub {
	my $page = page([stream(frame(8), frame(9),
	    named('bye', reason => 'ahead')),
	    stream(frame(1, message => 'anew'), $end)]);

	is($page->state('succeeded'), 'succeeded', 'the end');
	is_deeply(messages($page, 1), ['anew'], 'is read from its start');
	is_deeply(asked($page), ['stream', 'stream'], 'without a cursor');
};

subtest 'an API below a path' => sub {
	my $page = page([stream(frame(1), $end)], '&base=/some/api');

	is($page->state('succeeded'), 'succeeded', 'the end');
	like(($page->asked_api)[0]{url}, qr{\Ahttp://[^/]+/some/api/v1/jobs/},
	    'is asked there');
};

subtest 'another ticket behind the "#"' => sub {
	my $page = page([envelope(401), envelope(401), stream($end)]);

	is($page->state('error'), 'error', 'the first one is refused');
	$page->run(q{location.hash = location.hash.replace(/ticket=.*/,
	    'ticket=fresh')});
	is($page->state('succeeded'), 'succeeded', 'the second one is used');
	is(scalar(grep { $_->{url} =~ /ticket=fresh\z/ } $page->asked_api), 1,
	    'once');
};

$browser->stop;
done_testing;
