# jobtailctl follow: a job's events as they come, through restarts of all that
# is between, each once; the ends of jobs as exit statuses.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode qw(decode);
use POSIX ();
use Jobtail::Ctl;
use Jobtail::Front;
use Jobtail::Test;

# so that URLs do not change between two looks at them
my $t = setup(conf => { closed_grace => '1s', artifact_window => '86400s' });
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $dir = $t->dir . '/ctl';

mkdir $dir;
$t->allow_log(qr/status=503/);
# the responder's socket is not there for a while
$t->allow_front(qr/connect\(\) to unix:/);

sub url ($job) { return $t->front->url . "/v1/jobs/$job/events" }

sub ctl ($args, %o)
{
	return Jobtail::Ctl->new(dir => $dir, key => $key, args => $args, %o);
}

sub follow ($job, @options) { return ctl(['follow', @options, url($job)]) }

# The elements of the array as the server prints them.
sub elements ($job)
{
	my $page = $t->get("/v1/jobs/$job/events", key => $key);
	my ($events) = $page->{content} =~ /"events":\[(.*)\],"latest_seq"/s;

	return $events;
}

subtest 'events as they come' => sub {
	my $job = $t->job($tenant);
	my $c = follow($job);

	$c->wait_lines(1);
	like(($c->lines)[0], qr/\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  queued +queued\z/,
	    'the first one');
	$t->event($job, 'stage', stage => 'render', message => 'Rendering',
	    artifacts => [
		{ key => 'a.png', kind => 'on_model_render',
			role => 'intermediate', label => 'Front' },
		{ key => 'b.png', kind => 'catalog_image', role => 'final' },
	    ]);
	$c->wait_lines(6);
	my @lines = $c->lines;

	like($lines[1], qr/  render +Rendering\z/, 'time, stage and message');
	is($lines[2], '    on_model_render, intermediate: Front',
	    'kind, role and label');
	like($lines[3], qr{\A    https://\S+/a\.png\?X-Amz-\S+\z},
	    'the URL has a line of its own');
	is($lines[4], '    catalog_image, final', 'no label');
	like($lines[5], qr{\A    https://\S+/b\.png\?}, 'the other URL');
	unlike(slurp('/proc/' . $c->pid . '/cmdline'), qr/sk_(?:live|test)_/,
	    'no key in the arguments');
	$t->event($job, 'stage', message => 'nobody sees this',
	    visibility => 'internal');
	$t->event($job, 'succeeded', message => 'Done');
	is($c->status, 0, 'it ends when the job has succeeded');
	is_deeply([map { /  (\w+) +(?:queued|Rendering|Done)\z/ } $c->lines],
	    [qw(queued render succeeded)], 'all events, each once');
	is($c->errors, '', 'and no other word');
	is(index($c->output, $key), -1, 'no key in the output');
};

subtest 'as JSON' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'stage', stage => 'sta"ge', message => "a\nb\x{e9}\x1b",
	    extra => '{"big": 123456789012345678901234567890.50,'
		. ' "more": 1e400, "deep": ' . '[' x 200 . ']' x 200 . '}',
	    artifacts => [{ key => 'a b.png', kind => 'k', role => 'final',
		meta => { n => 1 } }]);
	$t->event($job, 'odd type');
	$t->event($job, 'failed', message => 'No');
	my $c = follow($job, '--json');

	is($c->status, 1, 'the job has failed');
	is(join(',', $c->lines), elements($job),
	    'its lines are the array, byte for byte');
	is(scalar(() = $c->lines), 4, 'one line an event');
};

subtest 'from an event on' => sub {
	my $job = $t->job($tenant);
	my $at = $t->event($job, 'stage', message => 'one');

	$t->event($job, 'stage', message => 'two');
	$t->event($job, 'succeeded', message => 'three');
	my $c = follow($job, '--since', $at);

	is($c->status, 0, 'the end');
	is_deeply([map { /(\w+)\z/ } $c->lines], [qw(two three)],
	    'what came after it');
	$c = follow($job, '--since', $at + 2);
	is($c->status, 0, 'from the end on: how the job ended');
	is($c->output, '', 'and nothing else');

	my $open = $t->job($tenant);

	$c = follow($open, '--since=1000');
	$c->wait_errors(qr/no event 1000 yet/);
	pass('past the end: it says so');
};

subtest 'ends' => sub {
	for (['succeeded', 'public', 0], ['failed', 'public', 1],
	    ['succeeded', 'internal', 0], ['failed', 'internal', 1]) {
		my ($type, $visibility, $status) = @$_;
		my $job = $t->job($tenant);
		my $c = follow($job);

		$c->wait_lines(1);
		$t->event($job, $type, visibility => $visibility);
		is($c->status, $status, "$type, $visibility");
		is($c->errors, '', 'without a word');
	}
};

subtest 'hostile text' => sub {
	my $job = $t->job($tenant);

	$t->event($job, "\x1b]0;x", stage => "\x9b31m",
	    message => "\x1b[2Jred\rblack\n\x{202e}\x7f\x{9f}\x{e9}",
	    artifacts => [{ key => 'k', kind => "\x1bk", role => 'final',
		label => "\tl\n" }]);
	$t->event($job, 'succeeded');
	my $c = follow($job);

	is($c->status, 0, 'shown');
	my $text = decode('UTF-8', $c->output);

	unlike($text, qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202e}]/,
	    'no control character but ends of lines');
	is(scalar(() = $text =~ /\n/g), 5, 'and no more of these');
	like($text, qr/  \\u001b\]0;x \(\\u009b31m\) \\u001b\[2Jred\\rblack\\n\\u202e\\u007f\\u009f\x{e9}$/m,
	    'they are seen');
	like($text, qr/^    \\u001bk, final: \\tl\\n$/m, 'in artifacts too');
};

# What no retry cures: status 3, at once, and what to do.
sub refuses ($name, $c, $wanted, $status = 3)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($c->status, $status, $name);
	like($c->errors, $wanted, "$name: told");
	is($c->output, '', "$name: no output");
	is(index($c->errors, $key), -1, "$name: not the key");
}

subtest 'errors that stay' => sub {
	my $job = $t->job($tenant);
	my $other = $t->job($t->tenant);

	refuses('a wrong key', ctl(['follow', url($job)],
	    key => 'sk_live_wrong'), qr/401 UNAUTHORIZED: .*; check the key/);
	refuses('no capability', ctl(['follow', url($job)],
	    key => $t->key($tenant, capabilities => ['jobs:write'])),
	    qr/403 FORBIDDEN: .*; the key needs .*jobs:read/);
	refuses('a foreign job', follow($other),
	    qr/404 JOB_NOT_FOUND: .*\(request [0-9A-Z]{26}\); check the address/);
	refuses('no id', follow('nonsense'), qr/404 JOB_NOT_FOUND/);
	refuses('no such path', ctl(['follow', $t->front->url
	    . "/base/v1/jobs/$job"]), qr/404.*; check the address/);
	refuses('no address', ctl(['follow', 'api.example.org']),
	    qr/begins with https/);
	refuses('no timeline', ctl(['follow', $t->front->url . '/']),
	    qr/the form/);
	refuses('no port', ctl(['follow', "http://127.0.0.1:99999/v1/jobs/$job"]),
	    qr/; check the address/);
	refuses('no key', ctl(['follow', url($job)], key => undef),
	    qr/set JOBTAIL_API_KEY .* or give --key-file/);
	refuses('an empty key', ctl(['follow', url($job)], key => ''),
	    qr/set JOBTAIL_API_KEY/);
	refuses('no key at all', ctl(['follow', url($job)],
	    key => "sk_live_x\r\nX: y"), qr/JOBTAIL_API_KEY holds is no API key/);
};

subtest 'the key in a file' => sub {
	my $job = $t->job($tenant);
	my $file = "$dir/key";

	$t->event($job, 'succeeded');
	for my $mode (0600, 0640, 0400) {
		spew($file, "$key\n", 0600);
		chmod $mode, $file;
		is(ctl(['follow', '--key-file', $file, url($job)],
		    key => undef)->status, 0, sprintf 'mode %04o', $mode);
		unlink $file;
	}
	spew($file, "$key\n", 0600);
	is(ctl(['follow', '--key-file', $file, url($job)],
	    key => 'sk_live_wrong')->status, 0, 'it wins');
	for my $mode (0604, 0644, 0606) {
		chmod $mode, $file;
		refuses(sprintf('mode %04o', $mode),
		    ctl(['follow', '--key-file', $file, url($job)]),
		    qr/others may read.*chmod o-rwx/);
	}
	spew($file, "$key\nmore\n", 0600);
	refuses('two lines', ctl(['follow', '--key-file', $file, url($job)]),
	    qr/key holds is no API key/);
	refuses('no file', ctl(['follow', '--key-file', "$file.not",
	    url($job)]), qr/key\.not: No such file/);
};

subtest 'usage' => sub {
	for (['nothing'], ['no such command', 'watch'],
	    ['no address', 'follow'], ['two', 'follow', 'a', 'b'],
	    ['an option', 'follow', '--hash', 'x'],
	    ['half an option', 'follow', 'x', '--since']) {
		my ($name, @args) = @$_;

		refuses($name, ctl(\@args), qr/^usage: jobtailctl follow /m, 2);
	}
	refuses('no number', ctl(['follow', '--since=five', 'x']),
	    qr/--since takes .* not 'five'/, 2);
	refuses('no integer', ctl(['follow', '--since=1.5', 'x']),
	    qr/--since takes/, 2);
	refuses('no 64 bits', ctl(['follow', '--since=9223372036854775808',
	    'x']), qr/--since takes/, 2);

	my $c = ctl(['-h']);

	is($c->status, 0, '-h');
	like($c->output, qr/^usage: jobtailctl follow /, 'the usage');
	$c = ctl(['follow', '--help']);
	is($c->status, 0, 'follow --help');
	like($c->output, qr/^usage: jobtailctl follow /, 'its usage');
	$c = ctl(['-V']);
	is($c->status, 0, '-V');
	like($c->output, qr/^jobtailctl \d+\.\d+\.\d+\njson-c .*\nlibcurl/,
	    'versions');
};

subtest 'the reader leaves, or the user' => sub {
	my $job = $t->job($tenant);
	my $c = follow($job);

	$c->wait_lines(1);
	$c->signal('INT');
	is($c->status, 'signal ' . POSIX::SIGINT(),
	    'SIGINT ends it as shells expect (130)');
	is($c->errors, '', 'quietly');

	pipe my $read, my $write or die "pipe: $!\n";
	$c = ctl(['follow', url($job)], cmd => ['sh', '-c',
	    'exec >&3 3>&-; exec "$@"', 'sh'], fd3 => $write);
	close $write;
	is(readline($read) =~ /queued/, 1, 'a reader reads a line');
	close $read;
	is($c->status, 'signal ' . POSIX::SIGPIPE(),
	    'and leaves: it ends, although no event comes');
	is($c->errors, '', 'quietly');

	$c = ctl(['follow', url($job)], cmd => ['sh', '-c',
	    'exec >&-; exec "$@"', 'sh']);
	is($c->status, 3, 'no standard output');
	like($c->errors, qr/standard output is closed/, 'told');
	$c = ctl(['follow', url($job)], cmd => ['sh', '-c',
	    'exec >/dev/full; exec "$@"', 'sh']);
	is($c->status, 3, 'a full disk');
	like($c->errors, qr/standard output: No space/, 'told');
};

# One job is followed while everything is restarted around it.
subtest 'interruptions' => sub {
	my $job = $t->job($tenant);
	my $c = follow($job, '--json');
	my @seqs = (1);
	my $wait = sub ($what) {
		push @seqs, $t->event($job, 'stage', message => $what);
		$c->wait_lines(scalar @seqs, 60);
		is(($c->lines)[-1] =~ /"message":"\Q$what\E"/, 1, $what);
	};

	$c->wait_lines(1);
	if ($t->front->kind !~ /cgid|htaccess/) {
		my $responder = $t->responder;

		ok($responder->stop, 'the responder ends');
		push @seqs, $t->event($job, 'stage', message => 'meanwhile');
		$c->wait_errors(qr/answered 50[0234].*; asking again in \d+ s/, 60);
		$responder->start;
		$wait->('the responder is back');
	}
	ok($t->front->stop, 'the web server ends');
	push @seqs, $t->event($job, 'stage', message => 'meanwhile');
	$c->wait_errors(qr/onnect.*; asking again/, 60);
	$t->front->start($t->front->port);
	$wait->('the web server is back');
	$t->front->restart;
	$wait->('the web server was restarted');
	$t->pg->stop;
	$c->wait_errors(qr/503 UNAVAILABLE.*; asking again/, 60);
	$t->pg->start;
	$wait->('the database is back');
	$t->pg->restart('immediate');
	$wait->('the database fell over');
	push @seqs, $t->event($job, 'succeeded');
	is($c->status(60), 0, 'the job succeeds');
	is_deeply([map { /\A\{"seq":(\d+),/ } $c->lines], \@seqs,
	    'each event once, in order');
	is(join(',', $c->lines), elements($job), 'and as it is');
	is(index($c->errors, $key), -1, 'no key in what it said');
};

subtest 'pages' => sub {
	my $job = $t->job($tenant);

	$t->reconfigure(%{ $t->{conf} }, max_events => 3);
	$t->sql('SELECT ' . Jobtail::Test::event_call($job, 'stage')
	    . ' FROM generate_series(1, 100)');
	$t->event($job, 'succeeded');
	my $c = follow($job, '--json');

	is($c->status(10), 0, 'many pages, without a pause between');
	is_deeply([map { /\A\{"seq":(\d+),/ } $c->lines], [1 .. 102],
	    'each event once');
};

# The certificate that the shipped example of a server is given here.
if (!$t->is_apache) {
	subtest 'TLS' => sub {
		my $job = $t->job($tenant);

		mkdir "$dir/tls";
		my $front = Jobtail::Front->new(kind => 'nginx', tls => 1,
		    dir => "$dir/tls", socket => $t->responder->socket_path)
		    ->start;
		my $url = $front->url . "/v1/jobs/$job";

		$t->event($job, 'succeeded');
		refuses('a certificate of one\'s own', ctl(['follow', $url]),
		    qr/certificate.*--cacert/i);
		refuses('another authority', ctl(['follow', '--cacert',
		    "$dir/ca", $url]), qr/certificate.*--cacert/i);
		my $c = ctl(['follow', '--cacert', $front->{certificate},
		    $url]);

		is($c->status, 0, 'with --cacert');
		is(scalar(() = $c->lines), 2, 'events');
		ok($front->stop, 'the server ends');
	};
}

is_deeply([Jobtail::Ctl::reports($dir)], [], 'the sanitizer is silent');
is_deeply([grep { /Interrupted|Sanitizer/ } map { slurp($_) } glob "$dir/*.err"],
    [], 'nor does it speak elsewhere');

done_testing;
