#!/usr/bin/perl
# The ways to run, to be told no, and to stop.
use v5.36;
use Fcntl ':mode';
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::UNIX;
use Jobtail::Process qw(spawn drop_user find_program);
use Jobtail::Responder;
use Jobtail::Test;
use Jobtail::Wire;
use Time::HiRes qw(time);

my $t = setup(front => 0);
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my $path = "/v1/jobs/$job/events";
my @auth = (HTTP_AUTHORIZATION => "Bearer $key");
my $n = 0;

# Runs the program to its end: its exit status and all that it printed.
sub run_it ($conf, @arguments)
{
	my $dir = $t->dir . '/run' . ++$n;

	mkdir $dir;
	my $file = Jobtail::Responder::write_conf("$dir/jobtail.conf", $conf);
	my $pid = open my $out, '-|';

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		exec Jobtail::Responder::binary(), '-c', $file, @arguments;
	}
	my $text = do { local $/; <$out> };
	close $out;
	return ($? >> 8, $text // '', $file);
}

sub refuses ($name, $wanted, %conf)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $text, $file) = run_it({ %{ $t->conf }, %conf }, '-t');

	is($status, 1, "$name: refused");
	like($text, $wanted, "$name: told what to write");
}

subtest 'an own Unix socket' => sub {
	my $socket = $t->responder->socket_path;

	is(S_IMODE((stat $socket)[2]), 0660, 'mode 0660');
	is($t->wire->ask($path, @auth)->{status}, 200, 'answers');
	my ($status, $text) = run_it({ %{ $t->conf },
		listen => "unix:$socket" });
	is($status, 1, 'a second one on it is refused');
	like($text, qr/another process answers there/, 'and told why');
	is($t->wire->ask($path, @auth)->{status}, 200, 'the first goes on');
	ok(-S $socket, 'the socket is still there');
};

# Of a process that nobody may look into, /proc is root's: one that has given
# root up, and one that never had it.
my $user = drop_user;
my @as_user = defined $user ? (find_program('setpriv')
    // die("no setpriv\n"), "--reuid=$user",
    '--regid=' . (getpwnam $user)[3], '--clear-groups') : ();

for my $as ([], @as_user ? \@as_user : ()) {
	my $what = @$as ? 'of one that was never root' : 'of the process';

	subtest "the memory $what" => sub {
		looks_into($as, $_) for undef, 'no', 'yes';
	};
}

sub looks_into ($as, $dumpable)
{
	my $r = Jobtail::Responder->new(dir => $t->dir, as => $as,
	    name => 'dumpable' . ++$n, conf => { %{ $t->conf },
		dumpable => $dumpable })->start;
	my $proc = '/proc/' . $r->pid;
	# then it has given root up
	is(Jobtail::Wire->new($r->socket_path)->ask($path, @auth)
	    ->{status}, 200, 'it answers');
	my ($of) = slurp("$proc/status") =~ /^Uid:\s+(\d+)/m;

	isnt($of, 0, 'it does not run as root') if $> == 0;
	is((stat "$proc/mem")[4], ($dumpable // '') eq 'yes' ? $of : 0,
	    'dumpable ' . ($dumpable // 'not set'));
	like(slurp("$proc/stat"), qr/\A\d+ /, '... and has figures');
	ok($r->stop, '... and ends with status 0');
}

for my $mode (qw(fd0 listen_fds)) {
	subtest $mode => sub {
		my $r = Jobtail::Responder->new(dir => $t->dir, mode => $mode,
		    name => $mode, conf => { %{ $t->conf },
			listen => '/nowhere/at/all' })->start;
		my $ask = sub { Jobtail::Wire->new($r->socket_path)
			->ask($path, @auth) };

		is($ask->()->{status}, 200, 'answers');
		is($ask->()->{status}, 200, 'and again');
		ok($r->stop, 'ends with status 0');
		is_deeply([$r->reports], [], 'no sanitizer report');
	};
}

subtest 'LISTEN_FDS that is meant for another process' => sub {
	my $r = Jobtail::Responder->new(dir => $t->dir, name => 'other_pid',
	    conf => $t->conf,
	    env => { LISTEN_FDS => 1, LISTEN_PID => 1 })->start;

	is(Jobtail::Wire->new($r->socket_path)->ask($path, @auth)->{status},
	    200, 'does not count');
	ok($r->stop, 'ends with status 0');
};

subtest 'plain CGI' => sub {
	my ($file) = Jobtail::Responder::write_conf(
	    $t->dir . '/cgi.conf', $t->conf);
	my $binary = Jobtail::Responder::binary();
	my $ask = sub (%env) {
		my $pid = open my $out, '-|';

		if ($pid == 0) {
			open STDERR, '>>', $t->dir . '/cgi.log';
			open STDIN, '<', '/dev/null';
			%ENV = (PATH => $ENV{PATH}, GATEWAY_INTERFACE =>
			    'CGI/1.1', %env,
			    Jobtail::Responder::sanitizer_env($t->dir));
			exec $binary, '-c', $file;
		}
		my $text = do { local $/; <$out> };
		close $out;
		return { exit => $? >> 8, Jobtail::Wire::parse($text // '') };
	};
	my %all = @{ Jobtail::Wire::params($path, @auth) };
	my $answer = $ask->(%all);

	is($answer->{status}, 200, 'answers');
	is($answer->{exit}, 0, 'and ends with status 0');
	is($answer->{json}{public_id}, $job, 'the document');
	is($ask->(%all, REQUEST_METHOD => 'DELETE')->{status}, 405,
	    'and 405');
	is($ask->(REQUEST_METHOD => 'GET', REQUEST_URI => $path,
		REDIRECT_HTTP_AUTHORIZATION => "Bearer $key")->{status}, 200,
	    'with REQUEST_URI and REDIRECT_HTTP_AUTHORIZATION alone');
	spew($file, "workrs = 3\n");
	$answer = $ask->(%all);
	is($answer->{status}, 500, 'settings of no use: 500');
	like(slurp($t->dir . '/cgi.log'),
	    qr/request id=$answer->{json}{error}{request_id} status=500/,
	    'with its line in the log');
	is_deeply([Jobtail::Responder::sanitizer_reports($t->dir)], [],
	    'no sanitizer report');
};

subtest 'draining' => sub {
	my $r = Jobtail::Responder->new(dir => $t->dir, name => 'drain',
	    conf => $t->conf)->start;
	my $kept = Jobtail::Wire->new($r->socket_path);
	my @half = map { Jobtail::Wire->new($r->socket_path) } 1 .. 5;
	my $whole = Jobtail::Wire::request(keep => 1,
	    params => Jobtail::Wire::params($path, @auth));

	$kept->send($whole);
	is($kept->answer->{status}, 200, 'a kept connection');
	$_->send(substr $whole, 0, 50) for @half;
	is(Jobtail::Wire->new($r->socket_path)->ask($path, @auth)->{status},
	    200, 'the halves have been seen');
	kill TERM => $r->pid;
	ok($kept->is_closed(5), 'is closed');
	wait_for { !-e $r->socket_path } 5, 'the socket to go';
	$_->send(substr $whole, 50) for @half;
	is_deeply([map { ($_->answer // {})->{status} } @half],
	    [(200) x 5], 'what had begun is answered');
	ok($r->stop, 'ends with status 0');
};

subtest 'stopping' => sub {
	for my $signal (qw(TERM INT QUIT USR1)) {
		my $r = Jobtail::Responder->new(dir => $t->dir,
		    name => "stop$signal", conf => $t->conf)->start;

		kill HUP => $r->pid;
		is(Jobtail::Wire->new($r->socket_path)
			->ask($path, @auth)->{status}, 200, 'HUP is survived');
		ok($r->stop($signal), "$signal: ends with status 0");
		ok(!-e $r->socket_path, "$signal: its socket is gone");
	}
};

subtest 'a stale socket is replaced' => sub {
	my $r = Jobtail::Responder->new(dir => $t->dir, name => 'stale',
	    conf => $t->conf)->start;
	my $socket = $r->socket_path;

	kill KILL => $r->pid;
	waitpid delete $r->{pid}, 0;
	ok(-S $socket, 'one was left');
	$r->start;
	is(Jobtail::Wire->new($socket)->ask($path, @auth)->{status}, 200,
	    'the next one answers there');
	ok($r->stop, 'ends with status 0');
};

subtest 'settings that are refused' => sub {
	my $open = $t->dir . '/open';
	spew($open, "secret\n", 0644);

	refuses('unknown', qr/:\d+: unknown key 'workrs'; did you mean 'workers'/,
	    workrs => 3);
	refuses('range', qr/:\d+: bad value '0' for workers; write a whole/,
	    workers => 0);
	refuses('unit', qr/:\d+: bad value '5d' for artifact_ttl; write 30s/,
	    artifact_ttl => '5d');
	refuses('choice', qr/:\d+: bad value 'azure' for store; write one of/,
	    store => 'azure');
	refuses('no bucket', qr/jobtail\.conf: s3_bucket is not set; write/,
	    s3_bucket => undef);
	refuses('no region', qr/jobtail\.conf: s3_region is not set; write/,
	    s3_region => undef);
	refuses('endpoint', qr/jobtail\.conf:\d+: s3_endpoint must be/, s3_endpoint => 'minio');
	refuses('open secret', qr/jobtail\.conf:\d+: s3_secret_key_file: others may read/,
	    s3_secret_key_file => $open);
	refuses('no secret', qr/s3_secret_key_file: .*No such file/,
	    s3_secret_key_file => '/nonexistent');
	refuses('link base', qr/secure_link_base must be/,
	    store => 'secure_link',
	    secure_link_secret_file => $t->secret('link', 'x'));
	refuses('base path', qr/conf:\d+: base_path must be/, base_path => 'api');
	refuses('public url', qr/public_url must be/, public_url => 'api');
	refuses('conninfo', qr/conf:\d+: database is no conninfo/,
	    database => 'host=x nonsense=y');
	refuses('a short ticket key',
	    qr/conf:\d+: ticket_keys_file: \S+ has a line 1 of less than 16/,
	    ticket_keys_file => $t->secret('ticket', 'too short'));
	refuses('three ticket keys',
	    qr/conf:\d+: ticket_keys_file: \S+ has more than 2 lines; keep/,
	    ticket_keys_file => $t->secret('ticket', join "\n",
		map { "ticket key number $_" } 1 .. 3));
	refuses('open ticket keys', qr/conf:\d+: ticket_keys_file: others may/,
	    ticket_keys_file => $open);
	refuses('ticket ttl', qr/bad value '2h' for ticket_ttl; write 30s/,
	    ticket_ttl => '2h');
	refuses('cors', qr/conf:\d+: cors_origins: '\*' is no origin; write/,
	    cors_origins => 'https://app.example.org *');
	refuses('too long a life', qr/604800s together/,
	    artifact_ttl => '604800s');
	my ($status, $text) = run_it({ %{ $t->conf },
		listen => '0.0.0.0:39999' });
	is($status, 1, 'everybody\'s TCP is refused');
	like($text, qr/not loopback/, 'and told why');
};

subtest 'what -t, -tt, -T and -V say' => sub {
	my $keys = $t->secret('ticket', "a ticket key of some length\n"
	    . 'and the one before it');
	my ($status, $text) = run_it({ %{ $t->conf },
		ticket_keys_file => $keys,
		cors_origins => 'https://app.example.org' }, '-t');
	is($status, 0, '-t');
	like($text, qr/^settings: ok$/m, 'ok');
	like($text, qr/^ticket_keys_file = \Q$keys\E$/m, 'the name of a file');
	unlike($text, qr/of some length|before it/, '... not what is in it');
	like($text, qr/^cors_origins = https:\S+$/m, 'origins');
	like($text, qr/^workers = 2$/m, 'and what would be used');
	unlike($text, qr/wJalrXUtnFEMI/, 'no secret');
	($status, $text) = run_it($t->conf, '-tt');
	is($status, 0, '-tt');
	like($text, qr/^notices: ok$/m, 'it hears itself');
	(undef, $text) = run_it({ %{ $t->conf },
		listen_database => 'host=/nonexistent' }, '-tt');
	like($text, qr/^notices: not heard, .*: connect: /m, 'or says why not');
	like($text, qr/^database: sk_live_ keys: ok$/m, 'live keys');
	like($text, qr/^database: sk_test_ keys: ok$/m, 'test keys');
	($status, $text) = run_it({ %{ $t->conf }, database =>
		'host=/nonexistent password=tiger' }, '-tt');
	is($status, 1, '-tt without a database');
	like($text, qr/not to be used: connect/, 'says so');
	unlike($text, qr/tiger/, 'no password');
	($status, $text) = run_it($t->conf, '-V');
	like($text, qr/\Ajobtail \d/, '-V');
	($status, $text) = run_it($t->conf, '--nonsense');
	is($status, 2, 'a wrong option');
	like($text, qr/usage:/, 'shows the usage');
};

done_testing;
