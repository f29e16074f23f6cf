#!/usr/bin/perl
# Two implementations of EventSource that share no code, Chromium's and npm's,
# see the same events in the same order, whatever is in them: what they see
# is, byte by byte, what the JSON answer has.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Jobtail::Browser;
use Jobtail::Process qw(give_away);
use Jobtail::Test;

my $browser = Jobtail::Browser->new;
my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $keys = spew("$dir/ticket_keys", 'a1b2c3d4' x 8 . "\n", 0600);
my $json = JSON::PP->new->canonical->allow_nonref;

chmod 0755, $dir;
give_away($keys);

my %conf = (ticket_keys_file => $keys, sse_max => '2s');
my $t = setup(front => 'nginx', conf => \%conf);
my $tenant = $t->tenant;
my $key = $t->key($tenant);

# What a stream's reader could take for its own.
my @texts = (
	"a\nb", "a\rb", "a\r\nb", "\n", "\r", "\r\n\r\n", "a\n\nb",
	"\n\ndata: {}\n\n", "a\ndata: b", "data:", "data: x", "id: 99",
	"a\nid: 99\n\n", "a\rid: 99\r\r", "event: end\ndata: {}\n\n",
	"retry: 0\n\n", ": comment", ":", "a\n: b\n\n",
	' leading', '  two', "\tleading", ' ', 'trailing ', '',
	"\x{feff}leading", "a\x{feff}b", "a\x{2028}b\x{2029}c", "a\x{85}b",
	(map { 'control ' . chr } 1 .. 8, 11, 12, 14 .. 31, 127 .. 159),
	'🦖 👩🏽‍🚀 e' . "\x{301} ß 日本語", "\x{10ffff}\x{fffd}\x{fdd0}",
	'\\', '\\n', '\\u0000', '\\u000a', '"', '"}', "'", '</script>', '%0a',
	'&#10;', 'null', 'true', '{"a":1}', '[]', 'x' x 65536,
	"x\n" x 1000, 'é' x 32768,
);

# Follows a job in a browser's page or in node, into the variable "got".
sub follow ($where, $url, $options = 'undefined')
{
	return $where->run(qq{
		globalThis.got = [];
		globalThis.source = new EventSource('$url', $options);
		for (const name of ['message', 'end', 'bye'])
			source.addEventListener(name, (event) => got.push(
			    {name, id: event.lastEventId, data: event.data}));
		0
	});
}

sub got ($where, @names)
{
	my %wanted = map { $_ => 1 } @names;

	return [grep { $wanted{ $_->{name} } } @{ $where->run('got') }];
}

my $job = $t->job($tenant);
my $path = "/v1/jobs/$job/events";
my $url = $t->front->url . $path;
my $ticket = $t->get("$path?ticket=new", key => $key)->{json}{ticket};
my $half = int(@texts / 2);

sub write_texts (@some)
{
	$t->sql(join '', map { 'SELECT ' . Jobtail::Test::event_call($job,
	    'stage', message => $_, stage => substr($_, 0, 100),
	    extra => { text => $_ }) . ';' } @some);
	return;
}

write_texts(@texts[0 .. $half - 1]);

# Any document of the same host will do. Node can also send the key itself.
my $page = $browser->open($t->front->url . '/');
my %client = (Chromium => $page, npm => $browser);

follow($page, "$path?ticket=$ticket");
follow($browser, $url, "{fetch: (url, init) => fetch(url, {...init,
    headers: {...init.headers, Authorization: 'Bearer $key'}})}");

subtest 'what was there is sent' => sub {
	for my $name (sort keys %client) {
		ok(eval { wait_for {
			@{ got($client{$name}, 'message') } >= $half + 1
		} 20, 'events' }, "$name has it");
	}
};

# Some of it while both are connected, some while they are not.
for my $text (@texts[$half .. $#texts]) {
	write_texts($text);
}
for my $name (sort keys %client) {
	ok(eval { wait_for {
		@{ got($client{$name}, 'message') } >= @texts + 1
		    && @{ got($client{$name}, 'bye') }
	} 60, 'events' }, "$name has what came then, on more than one stream");
}
$t->event($job, 'succeeded', message => 'the last');

my $answer = $t->get($path, key => $key);
my ($elements) = $answer->{content} =~ /"events":\[(.*)\],"latest_seq"/s;
my @seqs = map { $_->{seq} } @{ $answer->{json}{events} };

utf8::decode($elements);
is(@seqs, @texts + 2, 'the JSON answer has all events');
for my $name (sort keys %client) {
	subtest "$name, to the end" => sub {
		ok(eval { wait_for { @{ got($client{$name}, 'end') } } 30,
		    'the end' }, 'it comes');
		my @events = @{ got($client{$name}, 'message') };

		is_deeply([map { $_->{id} } @events], \@seqs,
		    'each number once, in order');
		ok(join(',', map { $_->{data} } @events) eq $elements,
		    'the data are the elements of the JSON, letter by letter');
		is_deeply([map { $json->decode($_->{data})->{message} }
		    @events], ['queued', @texts, 'the last'],
		    'and what was written');
		my ($end) = @{ got($client{$name}, 'end') };

		is_deeply($json->decode($end->{data}), { public_id => $job,
		    latest_seq => $seqs[-1], status => 'SUCCESS' },
		    'the end tells the status');
		is($client{$name}->run('got.at(-1).name'), 'end',
		    'nothing comes after it');
	};
}

subtest 'both come back once, and are sent away' => sub {
	for my $name (sort keys %client) {
		ok(eval { wait_for {
			$client{$name}->run('source.readyState') == 2
		} 20, 'a 204' }, "$name closes");
	}
	is_deeply(got($page, 'message'), got($browser, 'message'),
	    'with the same events on both sides');
};

done_testing;
