#!/usr/bin/perl
# The addresses that are asked for credentials when nobody names others, in a
# network of the test's own that has nothing but them.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use IO::Socket::INET;
use POSIX qw(strftime);
use Socket qw(AF_INET SOCK_DGRAM inet_aton);
use Test::More;
use lib "$FindBin::Bin/../lib";
use Jobtail::Process qw(spew slurp);
use Jobtail::Responder;

exec 'unshare', $> == 0 ? '-n' : '-rn', $^X, $0, 'inside'
    or die "unshare: $!\n" if !@ARGV;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my @servers;

END {
	local $?;
	kill KILL => @servers;
}

# --- the network ---

# netdevice(7): what ifconfig would do.
use constant { SIOCSIFADDR => 0x8916, SIOCSIFFLAGS => 0x8914, IFF_UP => 1 };

sub bring_up (%addresses)
{
	socket my $s, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
	my $up = pack 'a16 s x22', 'lo', IFF_UP;

	ioctl $s, SIOCSIFFLAGS, $up or die "lo: $!\n";
	for my $alias (sort keys %addresses) {
		my $address = pack 'a16 S x2 a4 x16', $alias, AF_INET,
		    inet_aton $addresses{$alias};

		ioctl $s, SIOCSIFADDR, $address or die "$alias: $!\n";
	}
	return;
}

# Answers each path with its text, and notes who asked for what.
sub serve ($address, %texts)
{
	my $listener = IO::Socket::INET->new(Listen => 8,
	    LocalAddr => $address, LocalPort => 80) or die "$address: $!\n";
	my $pid = fork // die "fork: $!\n";

	if ($pid) {
		push @servers, $pid;
		return;
	}
	@servers = ();
	while (my $socket = $listener->accept) {
		my $head = '';

		sysread $socket, $head, 4096, length $head or last
		    while $head !~ /\r\n\r\n\z/;
		my ($what) = $head =~ /\A(\S+ \S+)/;

		open my $log, '>>', "$dir/asked";
		print $log "$address $what\n";
		close $log;
		my $text = $texts{ $what // '' } // '';

		print $socket 'HTTP/1.1 ', length $text ? 200 : 404, " X\r\n",
		    'Content-Length: ', length $text,
		    "\r\nConnection: close\r\n\r\n$text";
		close $socket;
	}
	POSIX::_exit(0);
}

sub key ($id)
{
	my $end = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + 3600);

	return qq({"Code":"Success","AccessKeyId":"$id","SecretAccessKey":"s",)
	    . qq("Token":"t","Expiration":"$end"});
}

# --- the program ---

# What -tt says of credentials, and who was asked.
sub check ($source, %env)
{
	my $conf = Jobtail::Responder::write_conf("$dir/conf", {
		database => "host=$dir", credentials => $source,
		s3_region => 'eu-west-1', s3_bucket => 'media' });

	unlink "$dir/asked";
	my $pid = open my $out, '-|';
	if ($pid == 0) {
		@servers = ();
		open STDERR, '>', "$dir/errors";
		%ENV = (PATH => $ENV{PATH}, HOME => $dir, %env,
		    Jobtail::Responder::sanitizer_env($dir));
		exec Jobtail::Responder::binary(), '-c', $conf, '-tt';
	}
	my @said = map { /\Acredentials: (.*)/ ? $1 : () } <$out>;

	close $out;
	return ($said[0] // '', [split /\n/, slurp("$dir/asked")]);
}

bring_up('lo:1' => '169.254.170.2', 'lo:2' => '169.254.169.254');
serve('169.254.170.2', 'GET /v2/credentials/x' => key('ASIAECS'));
serve('169.254.169.254', 'PUT /latest/api/token' => 'token',
    'GET /latest/meta-data/iam/security-credentials/' => 'role',
    'GET /latest/meta-data/iam/security-credentials/role' =>
    key('ASIAEC2'));

my %relative = (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI =>
    '/v2/credentials/x');
my $sts = spew("$dir/token", "token\n");
my %web = (AWS_WEB_IDENTITY_TOKEN_FILE => $sts, AWS_ROLE_ARN => 'arn:aws:x');

subtest 'ECS' => sub {
	my ($said, $asked) = check('container', %relative);

	like($said, qr/\Acontainer: ok, key ASIAECS until /, 'its key');
	is_deeply($asked, ['169.254.170.2 GET /v2/credentials/x'],
	    'was asked for at its address');
	for my $path ('v2', '@127.0.0.1/', '.example.org/', ':80/x') {
		($said, $asked) = check('container',
		    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI => $path);
		like($said, qr/\Acontainer: not to be used: .* must be a path/,
		    "no path: $path");
		is_deeply($asked, [], '... asks nobody');
	}
};

subtest 'EC2' => sub {
	my ($said, $asked) = check('imds');

	like($said, qr/\Aimds: ok, key ASIAEC2 until /, 'its key');
	is_deeply($asked, [map { "169.254.169.254 $_" }
	    'PUT /latest/api/token',
	    'GET /latest/meta-data/iam/security-credentials/',
	    'GET /latest/meta-data/iam/security-credentials/role'],
	    'was asked for at its address');
};

# There is nobody who could answer, or say where they are.
subtest 'STS' => sub {
	my %hosts = (
		'of the store' => ['sts.eu-west-1.amazonaws.com'],
		'of the environment' => ['sts.us-gov-east-1.amazonaws.com',
			AWS_REGION => 'us-gov-east-1'],
		'of China' => ['sts.cn-north-1.amazonaws.com.cn',
			AWS_DEFAULT_REGION => 'cn-north-1'],
	);

	for my $name (sort keys %hosts) {
		my ($host, %env) = @{ $hosts{$name} };
		my ($said, $asked) = check('web-identity', %web, %env);

		like($said, qr/\Aweb-identity: not to be used: .*\b\Q$host\E$/,
		    $name);
	}
	for my $region ('evil.example/', 'EU', '', '@x') {
		my ($said) = check('web-identity', %web,
		    AWS_REGION => $region);

		like($said, $region eq ''
		    ? qr/sts\.eu-west-1\.amazonaws\.com$/
		    : qr/AWS_REGION is no region's name/,
		    "the region '$region'");
	}
};

is_deeply([Jobtail::Responder::sanitizer_reports($dir)], [],
    'the sanitizer is silent');
done_testing;
