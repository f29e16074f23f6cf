#!/usr/bin/perl
# Endpoints that are down, slow, without an end, too large, elsewhere, or that
# say what is no credential.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::IP;
use JSON::PP ();
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Process qw(free_port find_program spawn);
use Jobtail::Test;
use Time::HiRes qw(time);

# what a kernel may hold for a reader who has left: of two sockets
use constant KERNEL_HOLDS => 16 * 1024 * 1024;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $elsewhere = Jobtail::Metadata->new(dir => $dir);
my $proxy = Jobtail::Metadata->new(dir => $dir);

my %unset = (s3_access_key_id => undef, s3_secret_key_file => undef);
my $t = setup(front => 0, conf => { %unset, store => 'none' });
my $c = Jobtail::Credentials->new($t);

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /,
    qr/ warn clock ahead_s=/);
mkdir $t->dir . '/home';

my $web = file_of($t, 'web', 'canary-of-web-identity');

# The variables that lead a source to an address; its last request's kind.
my %of = (
	container => sub ($url) { return (
		AWS_CONTAINER_CREDENTIALS_FULL_URI => "$url/v1/credentials",
		AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary-of-container',
	) },
	imds => sub ($url) { return (
		AWS_EC2_METADATA_SERVICE_ENDPOINT => $url,
	) },
	'web-identity' => sub ($url) { return (
		AWS_ENDPOINT_URL_STS => $url,
		AWS_WEB_IDENTITY_TOKEN_FILE => $web,
		AWS_ROLE_ARN => 'arn:aws:iam::123456789012:role/renders',
		AWS_REGION => 'eu-central-1',
	) },
);
my %kind_of = (container => 'container', imds => 'imds',
    'web-identity' => 'sts');

sub env ($source, $url)
{
	return { HOME => $t->dir . '/home', proxies($proxy),
		$of{$source}->($url) };
}

sub conf ($source) { return { %unset, credentials => $source } }

sub started ($source, $url)
{
	return $t->beside(conf => { %{ conf($source) }, workers => 1 },
	    env => env($source, $url));
}

# A port whose queue is full: who connects hears nothing.
sub black_hole ()
{
	my $listener = IO::Socket::INET->new(Listen => 1,
	    LocalAddr => '127.0.0.1') or die "listen: $!\n";
	my @waiting = map { IO::Socket::INET->new(Blocking => 0,
	    PeerAddr => '127.0.0.1', PeerPort => $listener->sockport) } 1 .. 8;

	return { url => 'http://127.0.0.1:' . $listener->sockport,
		kept => [$listener, @waiting] };
}

# --- the ways in which an endpoint is of no use ---

# What is done by those who are asked for the last thing, or for each.
my %odd = (
	hang => 1, drip => 1, endless => 1, endless_head => 1, large => 1,
	chunked => 1, redirect => 1, short => 1, close => 1,
);
my %told = (
	'no success' => { status => 500 },
	'not yours' => { status => 403, body => '{"m":"canary-of-error"}' },
	'no content' => { status => 204, body => '' },
	'a page' => { type => 'text/html', body =>
		'<html><body>sign in, canary</body></html>' },
	'a page that calls itself JSON' => { body => '<html>canary</html>' },
	'nothing' => { body => '' },
);

# One of each, with an endpoint of its own, all at the same time.
sub odd_ones ($source)
{
	my $last = $kind_of{$source};
	my @all;

	for my $how (sort keys %odd) {
		push @all, [$how, how => { $last => $how },
		    location => $elsewhere->url . '/v1/credentials'];
		push @all, ["$how at once", how => { all => $how },
		    location => $elsewhere->url . '/latest/api/token']
		    if $source eq 'imds' && $how =~ /hang|redirect|large/;
	}
	push @all, map { [$_, %{ $told{$_} }] } sort keys %told;
	return map {
		my ($name, %orders) = @$_;
		my $m = Jobtail::Metadata->new(dir => $dir);

		$m->tell_only(%orders);
		{ name => $name, metadata => $m, orders => \%orders,
			r => started($source, $m->url) };
	} @all;
}

sub is_refused ($one)
{
	my ($r, $m) = @$one{qw(r metadata)};

	is_without($c->page($r), "$one->{name}: pages with links");
	is($c->page_without($r)->{status}, 200, '... pages without');
	my ($said) = said_by($r);

	is($said->{level}, 'error', '... a line in the log');
	like($said->{reason}, qr/\S/, '... with a reason');
	my ($asked) = $m->asked;

	ok($asked, '... after it was asked');
	my ($most) = sort { $b <=> $a } map { $_->{n_sent} // 0 } $m->events;

	cmp_ok($most, '<', KERNEL_HOLDS, '... most of 100 MB is not taken')
	    if $one->{name} =~ /endless|large|chunked/;
	return;
}

for my $source (sort keys %of) {
	subtest "$source in many ways" => sub {
		my @all = odd_ones($source);

		is_refused($_) for @all;
		$_->{metadata}->tell_only(id => 'ASIACURED') for @all;
		is_signed_by($c->page_in_time(undef, $_->{r}, 90),
		    'ASIACURED', "$_->{name}: is over") for @all;
		is($_->{metadata}->most_at_once, 1,
		    "$_->{name}: one request at a time") for @all;
		$t->stop_beside;
	};
}

subtest 'nobody is there' => sub {
	my $hole = black_hole;
	my $port = free_port;
	my @all = map { [$_, started($_, "http://127.0.0.1:$port")],
	    ["$_ in a black hole", started($_, $hole->{url})] } sort keys %of;

	for (@all) {
		my ($name, $r) = @$_;

		is_without($c->page($r), "$name: pages with links");
		is($c->page_without($r)->{status}, 200, '... without');
	}
	is((said_by($_->[1]))[0]{level}, 'error', "$_->[0]: said")
	    for @all;
	$t->stop_beside;
};

# A certificate that nobody vouches for is as good as nobody.
subtest 'an endpoint that has to prove who it is' => sub {
	my $port = free_port;
	my $url = "https://127.0.0.1:$port";
	my $www = $t->dir . '/planted/www';
	my $said = qx(mkdir -p $www/v1 && openssl req -x509 -days 2 -nodes \\
	    -newkey rsa:2048 -batch -keyout $www/key -out $www/crt \\
	    -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>&1);

	is($?, 0, 'a certificate') or diag $said;
	chmod 0755, $www;
	spew("$www/v1/credentials", Jobtail::Metadata::document('container',
	    id => 'ASIATLS'));
	my $pid = spawn(cmd => ['sh', '-c', "cd $www && exec openssl "
	    . "s_server -WWW -accept 127.0.0.1:$port -key key -cert crt"],
	    log => "$www/log");

	wait_for { IO::Socket::INET->new("127.0.0.1:$port") } 10, 's_server';
	for my $source (qw(container web-identity)) {
		my $r = started($source, $url);

		is_without($c->page($r), "$source: no links");
		like((said_by($r))[0]{reason}, qr/certificate/i,
		    '... because of it');
	}
	my ($status, $text) = $c->run(conf('container'),
	    { %{ env('container', $url) }, AWS_CA_BUNDLE => "$www/crt" },
	    '-tt');

	is($status, 0, 'unless somebody does') or diag $text;
	like($text, qr/^credentials: container: .*ASIATLS/m, '... whose');
	$t->stop_beside;
	Jobtail::Process::stop($pid);
	like(slurp("$www/log"), qr/credentials/, 'then it is asked');
	is(scalar(() = slurp("$www/log") =~ /FILE:/g), 1, '... and not before');
};

# Whose clock is right is not for us to say, but somebody has to.
subtest 'an endpoint with another time' => sub {
	for my $skew (-7200, 7200) {
		my $m = Jobtail::Metadata->new(dir => $dir)->tell_only(
		    id => 'ASIASKEW', skew => $skew);
		my $r = started('container', $m->url);
		my $page = $c->page_in_time(undef, $r);
		my ($link) = Jobtail::Link->all($page);

		is_signed_by($page, 'ASIASKEW', "by $skew s: links");
		cmp_ok($link->signed_at, '<=', time, '... of our time');
		cmp_ok($link->ends_at, '>', time + 900, '... to their end');
		my $said = wait_for {
			(grep { $_->{text} =~ /\Aclock / } $r->log_lines)[0]
		} 10, 'a line about the clock';

		like($said->{text}, qr/ahead_s=@{[$skew < 0 ? '' : '-']}
		    (?:720\d|7199)\b/x, '... and the log has it');
	}
	$t->stop_beside;
};

# --- hosts that are not called at all ---

# An address of this machine that is not loopback; or else another name for it.
sub own_address ()
{
	my $socket = IO::Socket::INET->new(Proto => 'udp', PeerPort => 9,
	    PeerAddr => '192.0.2.1');
	my $address = $socket && $socket->sockhost;

	return $address && $address !~ /\A127\./ ? $address : '0.0.0.0';
}

subtest 'other hosts' => sub {
	my $own = Jobtail::Metadata->new(dir => $dir, address => '0.0.0.0');
	my $port = $own->port;
	my @hosts = (own_address, '0.0.0.0', 'metadata.example.org',
	    '127.0.0.1.example.org', "127.0.0.1:$port\@" . own_address,
	    '[::ffff:' . own_address . ']', '10.0.0.1', '169.254.170.3',
	    '169.254.169.253', '0');

	for my $source (sort keys %of) {
		for my $host (@hosts) {
			my ($status, $text) = $c->run(conf($source),
			    env($source, "http://$host:$port"), '-tt');

			is($status, 1, "$source: $host");
			like($text, qr/^credentials: \Q$source\E: /m,
			    '... is refused') or diag $text;
		}
		my ($status, $text) = $c->run(conf($source),
		    env($source, "file://$dir/"), '-tt');

		is($status, 1, "$source: no HTTP");
	}
	ok($own->is_untouched, 'nobody has called');
};

subtest 'other spellings of loopback' => sub {
	# not every container has the first
	my @all = map { my $address = $_;
		eval { Jobtail::Metadata->new(dir => $dir,
		    address => $address) } // () } '::1', '127.9.9.9';

	for my $source (sort keys %of) {
		for my $m (@all) {
			my ($status, $text) = $c->run(conf($source),
			    env($source, $m->url), '-tt');

			is($status, 0, "$source: " . $m->url)
			    or diag $text;
		}
	}
};

# --- documents that say no credential ---

my $m = Jobtail::Metadata->new(dir => $dir);
my $n_refused = 0;

sub tt ($source)
{
	return $c->run(conf($source), env($source, $m->url), '-tt');
}

# The document as text, with one thing in it replaced.
sub changed ($source, $from, $to)
{
	my $text = Jobtail::Metadata::document($kind_of{$source},
	    id => 'ASIADOC');

	$text =~ s/$from/$to/ or die "no $from in it\n";
	return $text;
}

my $secret = qr/"canary.secret[^"]*"/;
my $id = qr/"ASIADOC"/;
my $end = qr/"Expiration":("[^"]*"|\d+)/;

# What is put in place of what.
my %refused = (
	'not JSON at the end' => [qr/\z/, 'x'],
	'another document behind it' => [qr/\z/, '{}'],
	'a comma too much' => [qr/\}\z/, ',}'],
	'a comment' => [qr/\z/, '/* */'],
	'single quotes' => [$id, q('ASIADOC')],
	'bytes that are no UTF-8' => [$id, qq("ASIA\xff")],
	'a list' => [qr/\A(.*)\z/s, '[{}]'],
	'an id that is a number' => [$id, 17],
	'an id that is null' => [$id, 'null'],
	'an empty id' => [$id, '""'],
	'an id twice' => [$id, '"ASIADOC","AccessKeyId":"ASIAOTHER"'],
	'no id' => [qr/"AccessKeyId"/, '"Other"'],
	'an id in another case' => [qr/"AccessKeyId"/, '"accesskeyid"'],
	'an id of two lines' => [$id, '"ASIA\\nDOC level=error"'],
	'an id with a NUL' => [$id, '"ASIADOC\\u0000"'],
	'a secret that is a list' => [$secret, '["canary"]'],
	'a secret that is an object' => [$secret, '{"canary":1}'],
	'an empty secret' => [$secret, '""'],
	'a secret with a NUL' => [$secret, '"canary\\u0000"'],
	'a secret twice' => [qr/("SecretAccessKey":$secret)/,
		'"SecretAccessKey":"canary1","SecretAccessKey":"canary2"'],
	'no secret' => [qr/"SecretAccessKey"/, '"Other"'],
	'no token' => [qr/"(?:Session)?Token"/, '"Other"'],
	'a token that is true' => [qr/("(?:Session)?Token"):"[^"]*"/,
		'"Token":true,"SessionToken":true'],
	'an end that has been' => [$end,
		'"Expiration":"2020-01-01T00:00:00Z"'],
	'an end that is a word' => [$end, '"Expiration":"soon"'],
	'an end that is a list' => [$end, '"Expiration":[1]'],
	'an end that is no day' => [$end,
		'"Expiration":"2099-13-01T00:00:00Z"'],
	'no end' => [$end, '"Other":1'],
);

for my $source (sort keys %of) {
	subtest "documents that $source refuses" => sub {
		for my $name (sort keys %refused) {
			$m->tell_only(body =>
			    changed($source, @{ $refused{$name} }));
			my ($status, $text) = tt($source);

			is($status, 1, $name);
			like($text, qr/^credentials: \Q$source\E: .*\S/m,
			    '... and says why') or diag $text;
			unlike($text, qr/^DOC|canary/m, '... in a line');
		}

		$m->tell_only(body => '[' x 30_000);
		is((tt($source))[0], 1, 'a deep one without an end');
		$m->tell_only(body => '{"a":' x 5000 . '1' . '}' x 5000);
		is((tt($source))[0], 1, 'a deep one');
	};
}

subtest 'more that EC2 says' => sub {
	$m->tell_only(body => '{"Code":"AssumeRoleUnauthorizedAccess",'
	    . '"Message":"canary","LastUpdated":"2026-01-01T00:00:00Z"}');
	my ($status, $text) = tt('imds');

	is($status, 1, 'no success');
	like($text, qr/AssumeRoleUnauthorizedAccess/, '... by its code');
	$m->tell_only(body => changed('imds', qr/"Success"/,
	    '"Fa\\"iled\\nDOC level=error"'));
	($status, $text) = tt('imds');
	is($status, 1, 'a code of two lines');
	unlike($text, qr/^DOC/m, '... is shown in one');
	$m->tell_only(body => changed('imds', qr/"Success"/, '"Failed"'));
	is((tt('imds'))[0], 1, 'another code beside a key');
};

# It would be a header of its own.
subtest 'a token of two lines' => sub {
	my %env = (%{ env('container', $m->url) },
	    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE =>
	    file_of($t, 'lines', "canary\r\nX-Evil: 1\r\n"));
	my $n = $m->asked;

	$m->tell_only(id => 'ASIALINES');
	is(($c->run(conf('container'), \%env, '-tt'))[0], 1, 'is refused');
	is(scalar $m->asked, $n, 'nobody is asked with it');
};

# --- documents that are taken ---

for my $source (sort keys %of) {
	subtest "documents that $source takes" => sub {
		my %taken = (
			'as it is' => [qr/\z/, ''],
			'white space' => [qr/\A/, " \n\t"],
			'members more' => [qr/\}\z/,
				',"More":[1,{"AccessKeyId":"X"}]}'],
			'escapes' => [$id, '"ASIA\\u0044\\u004fC"'],
			'an end with a fraction' => [$end,
				'"Expiration":"2099-01-01T00:00:00.5Z"'],
			'an end with an offset' => [$end,
				'"Expiration":"2099-01-01T00:00:00+02:00"'],
			$source ne 'web-identity' ? () : (
			'an end in text' => [$end,
				'"Expiration":"2099-01-01T00:00:00Z"'],
			'an end in thousand millions' => [$end,
				'"Expiration":4.0709088E9'],
			'an end in parts of a second' => [$end,
				'"Expiration":4070908800.25']),
		);

		for my $name (sort keys %taken) {
			$m->tell_only(body =>
			    changed($source, @{ $taken{$name} }));
			my ($status, $text) = tt($source);

			is($status, 0, $name) or diag $text;
			like($text, qr/^credentials: \Q$source\E: .*ASIADOC/m,
			    '... and whose');
		}
		for my $skew (-86400, 86400) {
			$m->tell_only(id => 'ASIADOC', skew => $skew);
			is((tt($source))[0], 0, "a clock by $skew s");
		}
		$m->tell_only(id => 'ASIADOC', pad => 65536);
		is((tt($source))[0], 0, 'as much as may be');
		$m->tell_only(id => 'ASIADOC', pad => 65537);
		is((tt($source))[0], 1, 'a byte more');
		$m->tell_only(id => 'ASIADOC', how => { all => 'slow' });
		is((tt($source))[0], 0, 'slowly');
	};
}

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

ok($elsewhere->is_untouched, 'nobody followed a redirection');
ok($proxy->is_untouched, 'nobody went by a proxy of the environment');
done_testing;
