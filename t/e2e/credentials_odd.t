#!/usr/bin/perl
# Endpoints that are down, slow, without an end, too large or elsewhere.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use IO::Socket::INET;
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

sub env ($source, $url)
{
	return { HOME => $t->dir . '/home', proxies($proxy),
		led_to($t, $source, $url) };
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
	my $last = kind_of($source);
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

for my $source (endpoints) {
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
	    ["$_ in a black hole", started($_, $hole->{url})] } endpoints;

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
	my $pid = spawn(cmd => [find_program('setpriv'), '--pdeathsig',
		'KILL', 'sh', '-c', "cd $www && exec openssl s_server "
		. "-WWW -accept 127.0.0.1:$port -key key -cert crt"],
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

	for my $source (endpoints) {
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

	for my $source (endpoints) {
		for my $m (@all) {
			my ($status, $text) = $c->run(conf($source),
			    env($source, $m->url), '-tt');

			is($status, 0, "$source: " . $m->url)
			    or diag $text;
		}
	}
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

ok($elsewhere->is_untouched, 'nobody followed a redirection');
ok($proxy->is_untouched, 'nobody went by a proxy of the environment');
done_testing;
