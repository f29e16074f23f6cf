#!/usr/bin/perl
# jobtailctl sign: the responder's URLs, and what stores say to them: Swift,
# which checks S3's signatures, nginx, which checks secure_link's, and stubs.
use v5.36;
use utf8;
use Encode qw(encode);
use File::Path qw(make_path);
use FindBin;
use POSIX qw(strftime);
use lib "$FindBin::Bin/../lib";
use Jobtail::Ctl;
use Jobtail::Front;
use Jobtail::Process qw(free_port give_away);
use Jobtail::Responder;
use Jobtail::Stub;
use Jobtail::Swift;
use Jobtail::Test;

my %canary = map { $_ => "canary-of-$_-7d3" } qw(s3 token link wrong);
my $word = 'larder9';
my $t;

# --- the stores ---

my $place = File::Temp->newdir('jobtail-XXXXXXXX', TMPDIR => 1);
chmod 0755, "$place";
my $swift = Jobtail::Swift->new(dir => "$place/swift")->start;
my @keys = map { encode('UTF-8', $_) } "$word/plain.png",
    "$word/a b/é+1 (=&\$).png", "$word/日本語/🦖.png", "$word/100%25 #?.png",
    "-$word", '--verify', "$word/two\nlines\t\a.png", "$word//x///y";
my @disk_keys = grep { !m{//} } @keys;

for my $name (@keys) {
	$swift->put('pantry7', $name, "object $name");
}
$swift->put('pantry7', "$word/empty", '');
make_path("$place/media/artifacts/$word/" . encode('UTF-8', '日本語'),
    "$place/media/artifacts/$word/a b");
spew("$place/media/artifacts/$_", "file $_") for @disk_keys;
spew("$place/media/artifacts/$word/empty", '');

my $media = Jobtail::Front->new(dir => "$place", kind => 'nginx',
    socket => "$place/nobody", media_root => "$place/media",
    media_secret => $canary{link})->start;

# Written once: programs that are still running may be reading it.
sub secret ($name, $text)
{
	my $path = "$place/secret-$name";

	return $path if -e $path && slurp($path) eq "$text\n";
	give_away(spew($path, "$text\n", 0600));
	return $path;
}

my @times = (artifact_ttl => '900s', artifact_window => '0s');

sub swift_store (%more)
{
	return { $swift->settings('pantry7',
		secret('swift', $swift->secret_key), @times, %more) };
}

# One that nobody but a stub believes.
sub stub_store ($url, %more)
{
	return swift_store(s3_endpoint => $url, s3_bucket => 'media',
	    s3_region => 'us-east-1', s3_access_key_id => 'AKIDEXAMPLE',
	    s3_secret_key_file => secret('s3', $canary{s3}),
	    s3_session_token_file => secret('token', $canary{token}), %more);
}

sub link_store (%more)
{
	return {
		store => 'secure_link',
		secure_link_base => $media->url . '/artifacts',
		secure_link_secret_file => secret('link', $canary{link}),
		@times, %more,
	};
}

my %conf = (
	log_level => 'debug',
	%{ swift_store() },
	'store disk' => link_store(),
	'store nowhere' => { store => 'none' },
	'store saved' => swift_store(
	    s3_response_content_disposition => 'attachment',
	    s3_response_cache_control => 'private, max-age=77'),
	'store amazon' => stub_store(undef),
);

$t = setup(conf => \%conf);
my $dir = $t->dir . '/ctl';

mkdir $dir;

# --- the command ---

my ($n_files, @told, @signed) = (0);

sub ctl (@args) { return Jobtail::Ctl->new(dir => $dir, args => \@args) }

# So that sanitizers can look into its memory.
sub file ($conf)
{
	return Jobtail::Responder::write_conf("$dir/conf." . ++$n_files,
	    { dumpable => 'yes', %$conf });
}

my $settings = file($t->conf);

# With the settings of all stores: exit status, lines and complaints.
sub sign (@args) { return sign_by($settings, @args) }

sub sign_by ($file, @args) { return ended(ctl('-c', $file, 'sign', @args)) }

sub ended ($c)
{
	my $status = $c->status(60);

	push @told, $c->errors;
	push @signed, $c->lines;
	return ($status, [$c->lines], [split /\n/, $c->errors]);
}

# One key is tried in a store of these settings.
sub try_in ($store, $key = "$word/plain.png", @args)
{
	my ($status, $urls, $words) = sign_by(file($store), '--verify',
	    @args, '--', $key);

	is(scalar @$urls, 1, 'its URL is printed');
	is(scalar @$words, 1, 'one line tells');
	return ($status, $words->[0] // '');
}

sub refuses ($name, $store, $wanted, @more)
{
	return subtest $name => sub {
		my ($status, $words) = try_in($store, @more);

		is($status, 3, 'the status tells too');
		like($words, qr/\Ajobtailctl: [^:]*: $wanted\z/, 'and why');
	};
}

# What takes long, taken up at the end: a store that says nothing, and one
# that stops in the middle of its head.
my @silent;

for my $answer (sub { sleep 60 },
    sub ($s, $) { print $s "HTTP/1.1 200 OK\r\nDate: "; sleep 60 }) {
	my $stub = Jobtail::Stub->new(dir => $dir, answers => [$answer]);

	push @silent, [$stub, ctl('-c', file(stub_store($stub->url)),
	    'sign', '--verify', 'k')];
}

my $tenant = $t->tenant;
my $key = $t->key($tenant);

# What the responder gives for all keys in the store, and ours, of the same
# second.
sub both ($store, @names)
{
	my $job = $t->job($tenant);

	$t->event($job, 'stage', artifacts => [map { { key => $_,
	    kind => 'catalog_image', role => 'final',
	    defined $store ? (store => $store) : () } }
	    map { Encode::decode('UTF-8', $_) } @names]);
	my $looks = wait_for {
		my $page = $t->get("/v1/jobs/$job/events", key => $key);
		my ($status, $urls) = sign(defined $store
		    ? ('--store', $store) : (), '--', @names);
		my @links = map { $_->{image_url} } map { @{ $_->{artifacts} } }
		    @{ $page->{json}{events} };
		my ($ours, $theirs) = map { /(?:X-Amz-Date|expires)=(\w+)/ }
		    $urls->[0], $links[0];

		$ours eq $theirs ? [$status, $urls, \@links] : undef;
	} 20, 'two looks in the same second';

	return @$looks;
}

subtest 'the URLs are the responder\'s' => sub {
	for (['', undef, @keys], ['disk', 'disk', @disk_keys],
	    ['saved', 'saved', @keys], ['amazon', 'amazon', @keys]) {
		my ($name, $store, @names) = @$_;
		my ($status, $ours, $theirs) = both($store, @names);

		is(scalar @$ours, @names, "$name: a line each");
		is_deeply($ours, $theirs, '... byte by byte, in order');
		is($status, 0, '... and all is well');
	}
};

subtest 'a window' => sub {
	my $file = file({ %{ $t->conf }, artifact_window => '86400s' });
	my $looks = wait_for {
		my ($status, $urls) = sign_by($file, 'a', 'b');
		my $at = int time;

		wait_for { int time > $at } 5, 'the next second';
		my (undef, $again) = sign_by($file, 'a', 'b');

		# a window ends once a day
		"@$again" eq "@$urls" ? [$status, $urls] : undef;
	} 20, 'two answers that are the same, seconds apart';
	my ($status, $urls) = @$looks;

	is($status, 0, 'URLs');
	like($_, qr/&X-Amz-Expires=87300&/, 'life and window') for @$urls;
};

# Some start programs with an ear that is closed to the end of children.
subtest 'a key that a program gives' => sub {
	my $program = spew("$place/key", qq(#!/bin/sh\nprintf '{"Version":1,)
	    . qq("AccessKeyId":"AKIDOFPROGRAM","SecretAccessKey":"%s"}' )
	    . "$canary{s3}\n", 0755);
	my $file = file(swift_store(s3_access_key_id => undef,
	    s3_secret_key_file => undef, credentials => 'credential_process',
	    s3_credential_process => $program));

	for my $chld (qw(DEFAULT IGNORE)) {
		my ($status, $urls, $words) = ended(Jobtail::Ctl->new(
		    dir => $dir, cmd => [$^X, '-e',
			qq(\$SIG{CHLD} = '$chld'; exec \@ARGV)],
		    args => ['-c', $file, 'sign', 'a', 'b']));

		is($status, 0, "with SIGCHLD's action $chld: it is had");
		is(scalar(grep { /Credential=AKIDOFPROGRAM%2F/ } @$urls), 2,
		    '... and signs');
		is_deeply($words, [], '... without a word');
	}
};

subtest 'a program that gives none' => sub {
	my $program = spew("$place/no-key", "#!/bin/sh\nexit 3\n", 0755);
	my ($status, $urls, $words) = sign_by(file(swift_store(
	    s3_access_key_id => undef, s3_secret_key_file => undef,
	    credentials => 'credential_process',
	    s3_credential_process => $program)), '--verify', 'a', 'b', 'c');

	is($status, 3, 'the status says so');
	is_deeply($urls, [], 'there are no URLs');
	like($words->[0], qr/ error credentials .*"the program ended with sta/,
	    'the log says why, once');
	is_deeply([@$words[1 .. $#$words]], [map { "jobtailctl: $_: there is "
	    . "no URL: the store '' has no credentials now" } qw(a b c)],
	    'and all keys are told the same');
};

subtest 'the settings come from where jobtail has them' => sub {
	local $ENV{JOBTAIL_S3_BUCKET} = 'cellar7';
	my ($status, $urls) = sign('k');

	is($status, 0, 'a URL');
	like($urls->[0], qr{/cellar7/k\?}, 'the environment wins');
};

# --- stores that let it in ---

subtest 'Swift lets all in' => sub {
	my ($status, $urls, $words) = sign('--verify', '--', @keys,
	    "$word/empty");

	is($status, 0, 'the status says so');
	is(scalar @$urls, @keys + 1, 'URLs alone are printed');
	is(scalar(grep { !m{\Ahttp://\S+\z} } @$urls), 0, 'one a line');
	is(scalar @$words, @keys + 1, 'a line each is told');
	is(scalar(grep { /\Ajobtailctl: .*: 206; the first byte is there\z/ }
	    @$words), scalar @keys, 'a byte');
	like($words->[6], qr/: \Q$word\E\/two\\nlines\\t\\u0007\.png: 206/,
	    'a key cannot give orders');
	like($words->[-1], qr/empty: 416 InvalidRange: .*; it is there, and empty/,
	    'or none');
	is($swift->fetch($urls->[0])->{content}, "object $keys[0]",
	    'and a URL works');
};

subtest 'nginx lets all in' => sub {
	my ($status, $urls, $words) = sign('--verify', '--store=disk', '--',
	    @disk_keys, "$word/empty");

	is($status, 0, 'the status says so');
	is(scalar(grep { /: 206; the first byte is there\z/ } @$words),
	    scalar @disk_keys, 'a byte');
	like($words->[-1], qr/empty: (?:200|416); it is there, and empty\z/,
	    'or none');
};

subtest 'one of several is not there' => sub {
	my ($status, $urls, $words) = sign('--verify', $keys[0], 'no/such',
	    $keys[1]);

	is($status, 3, 'which the status tells');
	is_deeply([map { /: (\d+)/ } @$words], [206, 404, 206],
	    'and all are tried');
	like($words->[1], 
	    qr{\Ajobtailctl: no/such: 404 .*; the signature is good, there is no},
	    'told');
};

# --- Swift, and the usual mistakes ---

refuses('a wrong secret', swift_store(s3_secret_key_file =>
    secret('wrong', $canary{wrong})), qr/403 SignatureDoesNotMatch: .*; /
    . 's3_secret_key_file has not the secret of s3_access_key_id');
refuses('a wrong region', swift_store(s3_region => 'eu-west-9'),
    qr/400 AuthorizationQueryParametersError: .*; set s3_region = us-east-1/);
refuses('no such bucket', swift_store(s3_bucket => 'attic7'),
    qr/404 NoSuchBucket: .*; check s3_bucket and s3_endpoint/);
refuses('virtual to a store of the other kind', swift_store(
    s3_endpoint => $swift->endpoint =~ s/127\.0\.0\.1/localhost/r,
    s3_addressing => 'virtual'), qr/404 NoSuchBucket: .*; the store took /
    . "$word, the first part of the key, for the bucket: set "
    . 's3_addressing = path');
refuses('a bucket before a host that knows none', swift_store(
    s3_endpoint => 'http://' . 'x' x 64 . '.example.org',
    s3_addressing => 'virtual'), qr/no answer: .*resolve.*; check /
    . 's3_endpoint; where that is right, the store wants the bucket in the '
    . 'path: set s3_addressing = path');

subtest 'a key with dots' => sub {
	my ($status, $urls, $words) = sign('--verify',
	    "x/../$word/plain.png");

	is($status, 3, 'the status tells');
	like($words->[0], qr/ warn store name="" reason="browsers take/,
	    'the signer warns');
	like($words->[1], qr{403 SignatureDoesNotMatch: .*; clients take /\./ and},
	    'and the store');
};

# A proxy that has its own idea of the host.
sub relay ($socket, $stub)
{
	my ($path) = ($stub->requests)[-1]{head} =~ /\AGET (\S+)/;
	my $answer = Jobtail::Swift::ask($swift->{port}{proxy},
	    'swift.example.org:8080', $path);

	print $socket Jobtail::Stub::answer($answer->{status},
	    $answer->{content});
	return;
}

{
	my $proxy = Jobtail::Stub->new(dir => $dir, answers => [\&relay]);

	refuses('a proxy that changes Host', swift_store(
	    s3_endpoint => $proxy->url), qr/403 SignatureDoesNotMatch: .*; the /
	    . 'store was asked as swift\.example\.org:8080, which is not what '
	    . 'was signed: have the proxy .* or set s3_endpoint .*');
}

# --- nginx ---

refuses('a wrong secret of links', link_store(secure_link_secret_file =>
    secret('wrong', $canary{wrong})),
    qr/403; compare secure_link_secret_file .*/);
refuses('a wrong base of links', link_store(secure_link_base =>
    $media->url . '/artifacts/..'), qr/40[34]; .*secure_link_base.*/);
refuses('no such file', link_store(), qr/404; there is no such file: .*/,
    "$word/nix");

# --- other answers ---

sub xml ($code, $message, $more = '')
{
	return qq(<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>$code)
	    . "</Code><Message>$message</Message>$more<RequestId>1</RequestId>"
	    . '</Error>';
}

sub answer { return Jobtail::Stub::answer(@_) }

sub date ($off)
{
	return strftime '%a, %d %b %Y %H:%M:%S GMT', gmtime time + $off;
}

sub stub_refuses ($name, $answer, $wanted)
{
	my $stub = Jobtail::Stub->new(dir => $dir, answers => [$answer]);

	refuses($name, stub_store($stub->url), $wanted, 'k');
	return ($stub->requests)[0]{head};
}

my $head = stub_refuses('a clock that is behind', answer(403,
    xml('RequestTimeTooSkewed', 'Too large.'), Date => date(3600)),
    qr/403 RequestTimeTooSkewed: Too large; set this machine's clock, which /
    . 'is 3(?:600|59\d) s behind the store\'s');
like($head, qr/\AGET \S+X-Amz-Security-Token=\S+ HTTP/, 'GET');
like($head, qr/^Range: bytes=0-0\r$/m, 'of one byte');
stub_refuses('a clock that is ahead', answer(403,
    xml('AccessDenied', 'Request is not yet valid'), Date => date(-600)),
    qr/.*clock, which is (?:600|60\d) s ahead of the store's/);
stub_refuses('another region', answer(301, xml('PermanentRedirect', 'Elsewhere',
    '<Endpoint>media.s3.eu-west-1.amazonaws.com</Endpoint>'),
    'x-amz-bucket-region' => 'eu-west-1'),
    qr/301 PermanentRedirect: Elsewhere; set s3_region = eu-west-1 and /
    . 's3_endpoint to that region\'s address');
stub_refuses('another host', answer(307, xml('TemporaryRedirect', 'Elsewhere',
    '<Endpoint>media.s3-eu-west-1.amazonaws.com</Endpoint>')),
    qr/307 .*; the bucket is at s3-eu-west-1\.amazonaws\.com: change /
    . 's3_endpoint to that');
stub_refuses('a token that is over', answer(400, xml('ExpiredToken', 'Over.',
    "<Token-0>$canary{token}</Token-0>")), qr/.*s3_session_token_file.*/);
stub_refuses('what was asked for', sub ($s, $stub) {
	my ($url) = ($stub->requests)[-1]{head} =~ /\AGET (\S+)/;

	print $s answer(403, xml('AccessDenied', "No: $url" =~ s/&/&amp;/gr));
    }, qr/403 AccessDenied; the access key's owner needs .*/);
stub_refuses('orders to a terminal', answer(403, xml("\e[2J\x{9b}",
    "a\nb\r\e]0;x\a" . 'x' x 3000)),
    qr/403 \\u001b\[2J\\x9b: a\\nb\\r\\u001b\]0;x\\u0007x+/);
stub_refuses('a page', answer(200, "<!DOCTYPE html>\n<p>Hello."),
    qr/200; a byte was asked for, and a page came: .*\?/);
stub_refuses('an error that is none', answer(404, '<html>'),
    qr/404; no S3 store answers like that: check s3_endpoint/);
stub_refuses('no HTTP', "SSH-2.0-OpenSSH_9.2\r\n",
    qr/no answer: .*; check s3_endpoint: what listens there\?/);
stub_refuses('nothing', '', qr/no answer: .*; check s3_endpoint: .*/);
stub_refuses('a head without an end', sub ($s, $) {
	my $line = 'X: ' . 'x' x 1000 . "\r\n";

	print $s "HTTP/1.1 206 OK\r\n";
	1 while print $s $line;
    }, qr/no answer: the answer is larger than it may be; .*/);
stub_refuses('an error without an end', sub ($s, $) {
	print $s answer(403, xml('AccessDenied', 'No'),
	    'Content-Length' => undef);
	1 while print $s 'x' x 65536;
    }, qr/403 AccessDenied: No; .*s3:GetObject.*/);
stub_refuses('a link of nginx that is over', answer(410, ''), qr/410; no S3.*/);
refuses('nobody', stub_store('http://127.0.0.1:' . free_port),
    qr/no answer: .*; check s3_endpoint, and what is in between/, 'k');

subtest 'a store that knows no ranges' => sub {
	my $sent = 0;
	my $stub = Jobtail::Stub->new(dir => $dir, answers => [
		sub ($s, $stub) {
			my $piece = 'x' x 65536;

			print $s answer(200, '', 'Content-Length' => undef);
			$sent += length $piece while print $s $piece;
			$stub->note("sent $sent");
		} ]);
	my ($status, $words) = try_in(stub_store($stub->url), 'k');

	is($status, 0, 'is good');
	like($words, qr/: 200; it is there, and all is sent for the byte/,
	    'and that is told');
	wait_for { $stub->requests == 2 } 10, 'the end';
	my ($size) = ($stub->requests)[1]{head} =~ /sent (\d+)/;

	cmp_ok($size, '<', 20e6, 'it hung up at its ceiling');
};

subtest 'a byte, and then no more' => sub {
	my $stub = Jobtail::Stub->new(dir => $dir,
	    answers => [answer(206, 'x', 'Content-Length' => 10)]);
	my ($status, $words) = try_in(stub_store($stub->url), 'k');

	is($status, 0, 'is what was asked for');
	like($words, qr/: 206; the first byte is there\z/, 'told');
};

subtest 'a clock that is wrong, and a store that does not mind' => sub {
	my $stub = Jobtail::Stub->new(dir => $dir,
	    answers => [answer(206, 'x', Date => date(900))]);
	my ($status, $words) = try_in(stub_store($stub->url), 'k');

	is($status, 0, 'is good');
	like($words, qr/: 206; set this machine's clock, which is \d+ s behind/,
	    'but told');
};

subtest 'an answer out of a cache' => sub {
	my ($old, $odd) = map { Jobtail::Stub->new(dir => $dir,
	    answers => [answer(206, 'x', Date => date(-7200), Age => $_)]) }
	    7200, '2 h';

	for (['is as old as it says', $old],
	    ['... or of no known time', $odd]) {
		my ($name, $stub) = @$_;
		my ($status, $words) = try_in(stub_store($stub->url), 'k');

		is($status, 0, 'is good');
		like($words, qr/: 206; the first byte is there\z/, $name);
	}
};

subtest 'TLS' => sub {
	refuses('where there is none', stub_store(
	    $media->url =~ s/http/https/r), qr/no answer: .*; check /
	    . 's3_endpoint: is it https:\/\/ on that port, or http:\/\/\?', 'k');
	mkdir "$dir/tls";
	my $front = Jobtail::Front->new(kind => 'nginx', tls => 1,
	    dir => "$dir/tls", socket => $t->responder->socket_path)->start;

	refuses('a certificate of one\'s own', stub_store($front->url),
	    qr/no answer: .*certificate.*; if .* give its file to --cacert/,
	    'k');
	refuses('with --cacert', stub_store($front->url), qr/404; no S3 .*/,
	    'k', '--cacert', $front->{certificate});
	refuses('another host\'s', stub_store($front->url
	    =~ s/127\.0\.0\.1|localhost/other.localhost/r),
	    qr/no answer: .*; the certificate is another host's: check .*/,
	    'k', '--cacert', $front->{certificate});
	ok($front->stop, 'the server ends');
};

subtest 'a proxy of the environment' => sub {
	my $by = sub ($proxy, $store) {
		my ($status, $urls, $words) = ended(Jobtail::Ctl->new(
		    dir => $dir, cmd => ['env', '-u', 'no_proxy', '-u',
			'NO_PROXY', "all_proxy=" . $proxy->url],
		    args => ['-c', file($store), 'sign', '--verify', 'k']));

		return ($status, "@$words");
	};
	my $proxy = Jobtail::Stub->new(dir => $dir,
	    answers => [answer(206, 'x'), (answer(407, 'x')) x 2]);
	my ($status, $words) = $by->($proxy,
	    stub_store('http://s3.example.org'));

	is($status, 0, 'is asked');
	like(($proxy->requests)[0]{head},
	    qr{\AGET http://s3\.example\.org/media/k\?}, '... for the URL');
	($status, $words) = $by->($proxy, stub_store('https://s3.example.org'));
	is($status, 3, 'may refuse');
	like(($proxy->requests)[1]{head}, qr{\ACONNECT s3\.example\.org:443 },
	    '... and learns the host alone');
	like($words, qr/no answer: .*; check the proxy of the environment\z/,
	    '... which is told');
	($status, $words) = $by->($proxy, stub_store('http://s3.example.org'));
	is($status, 3, 'may refuse without TLS');
	like($words, qr/407; check the proxy of the environment\z/,
	    '... which is told too');
};

my $user = Jobtail::Process::drop_user();
my @as = defined $user ? ('setpriv', "--reuid=$user",
    '--regid=' . (getpwnam $user)[3], '--clear-groups') : ();

subtest 'its memory is for root alone' => sub {
	for (undef, 'no', 'yes') {
		my $stub = Jobtail::Stub->new(dir => $dir,
		    answers => [sub { sleep 60 }]);
		my $c = Jobtail::Ctl->new(dir => $dir, cmd => \@as, args => [
			'-c', file({ %{ stub_store($stub->url) },
			    dumpable => $_ }), 'sign', '--verify', 'k']);

		wait_for { $stub->requests == 1 } 10, 'the question';
		my $proc = '/proc/' . $c->pid;
		my ($of) = slurp("$proc/status") =~ /^Uid:\s+(\d+)/m;

		is((stat "$proc/mem")[4], ($_ // '') eq 'yes' ? $of : 0,
		    'dumpable ' . ($_ // 'not set'));
		$c->signal('KILL');
		is($c->status, 'signal 9', '... and ends when it is told to');
	}
};

# --- what needs no store ---

subtest 'stores without URLs' => sub {
	for (['unknown', 'nix', qr/the settings have no \[store nix\]/],
	    ['empty', '', qr/the settings have no \[store \]/],
	    ['none', 'nowhere', qr/\[store nowhere\] has store = none/]) {
		my ($name, $store, $wanted) = @$_;
		my ($status, $urls, $words) = sign('--store', $store, 'k');

		is($status, 3, "$name: refused");
		is_deeply($urls, [], '... no URL');
		like("@$words", qr/\Ajobtailctl: $wanted/, '... told');
	}
	my ($status, $urls, $words) = sign_by(file({ store => 'none' }), 'k');

	is($status, 3, 'the default store: refused');
	like("@$words", qr/the default store has store = none/, '... told');
};

subtest 'settings that are wrong are told as jobtail tells them' => sub {
	for ({ s3_regio => 'x' }, { s3_bucket => undef },
	    { s3_endpoint => 'ftp://x' }, { workers => 'many' },
	    { 'store disk' => { %{ $conf{'store disk'} },
		secure_link_secret_file => "$place/nix" } }) {
		my $file = file({ %{ $t->conf }, %$_ });
		my $theirs = qx{@{[Jobtail::Responder::binary()]} -c $file -t 2>&1};
		my ($status, $urls, $words) = sign_by($file, 'k');

		is($status, 3, (keys %$_)[0] . ' is wrong');
		is_deeply($words, ['jobtailctl: '
		    . $theirs =~ s/\Ajobtail\[\d+\]: error |\n\z//gr], 'told');
	}
	my ($status, undef, $words) = sign_by("$dir/nix", 'k');

	is($status, 3, 'no such file');
	like("@$words", qr/nix: No such file .*; name a file .* with -c/, 'told');
};

subtest 'usage' => sub {
	my $usage = qr/^usage: jobtailctl \[-c FILE\] sign /m;

	for (['no key', [sign => ()], $usage],
	    ['an empty key', [sign => ''], $usage],
	    ['an unknown option', [sign => '--nix', 'k'], $usage],
	    ['-c behind the command', [sign => '-c', 'x', 'k'], $usage],
	    ['a key that looks like an option', [sign => '-k'], $usage],
	    ['--cacert alone', [sign => '--cacert', 'x', 'k'], $usage],
	    ['-c without a file', ['-c'], qr/^usage: /m],
	    ['-c without a command', ['-c', 'x'], qr/^usage: /m],
	    ['-c and no command', ['-c', 'x', 'nix'], qr/^usage: /m],
	    ['settings for follow', ['-c', $settings, 'follow', 'https://x'],
		qr/follow takes no settings; leave -c out/]) {
		my ($name, $args, $wanted) = @$_;
		my ($status, $urls, $words) = ended(ctl(@$args));

		is($status, 2, $name);
		is_deeply($urls, [], '... no output');
		like(join("\n", @$words), $wanted, '... told');
	}
	my ($status, $lines) = ended(ctl('sign', '--help'));

	is($status, 0, '--help');
	like("@$lines", $usage, '... the usage');
};

subtest 'standard output that is full' => sub {
	my $c = Jobtail::Ctl->new(dir => $dir, cmd => ['sh', '-c',
	    'exec "$@" >/dev/full', 'sh'],
	    args => ['-c', $settings, 'sign', 'a', 'b']);

	is($c->status, 3, 'is told by the status');
	like($c->errors, qr/\Ajobtailctl: standard output: .*\n\z/,
	    'and once in words');
};

subtest 'silence' => sub {
	for (@silent) {
		my ($stub, $c) = @$_;
		my ($status, $urls, $words) = ended($c);

		is($status, 3, 'is no answer');
		is(scalar @$urls, 1, 'the URL is printed');
		like("@$words", qr/: no answer: .*; check s3_endpoint, and what/,
		    'told');
	}
};

subtest 'no secret is told' => sub {
	my $all = join "\n", @told;

	cmp_ok(scalar @told, '>', 40, 'there are complaints');
	is(index($all, $canary{$_}), -1, "$_ is in none")
	    for sort keys %canary;
	is(scalar(grep { index($all, $_) >= 0 } $swift->secret_key,
	    'X-Amz-Signature', 'md5='), 0, 'nor is Swift\'s, nor a URL');
	is(scalar(grep { index(join("\n", @signed), $canary{$_}) >= 0 }
	    qw(s3 link wrong)), 0, 'and URLs have no secret');
};

is_deeply([Jobtail::Ctl::reports($dir)], [], 'the sanitizer is silent');
ok($media->stop, 'the nginx for the files ends');
ok($swift->stop, 'Swift ends in time');
done_testing;
