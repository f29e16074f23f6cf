#!/usr/bin/perl
# The order in which credentials are looked for when nobody says where they
# are, and what jobtail -tt tells of it.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Test;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);

# An endpoint for each, so that it is seen who is asked.
my %m = map { $_ => Jobtail::Metadata->new(dir => $dir) }
    qw(sts container imds);
my %conf = (s3_access_key_id => undef, s3_secret_key_file => undef,
    credentials => 'auto');
my $t = setup(front => 0, conf => { %conf, store => 'none' });
my $c = Jobtail::Credentials->new($t);

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
$m{$_}->tell_only(id => 'ASIA' . uc $_) for keys %m;
mkdir $t->dir . '/home';

my $shared = file_of($t, 'shared', section('default', 'AKIASHARED'));
my $config = file_of($t, 'config', section('default', 'AKIACONFIG'));
my $process = script($t, 'process', "echo '"
    . credentials_of('ASIAPROCESS') . "'\n");
my $with_process = file_of($t, 'with_process', "[default]\n"
    . "credential_process = $process\n");

# In the order that SDKs have: each is found when those above it are away.
my @order = (
	[env => 'AKIAENV', { AWS_ACCESS_KEY_ID => 'AKIAENV',
		AWS_SECRET_ACCESS_KEY => secret_of('AKIAENV') }],
	['web-identity' => 'ASIASTS', {
		AWS_ENDPOINT_URL_STS => $m{sts}->url,
		AWS_WEB_IDENTITY_TOKEN_FILE => file_of($t, 'web', 'canary'),
		AWS_ROLE_ARN => 'arn:aws:iam::123456789012:role/renders',
		AWS_REGION => 'eu-central-1' }],
	[profile => 'AKIASHARED', { AWS_SHARED_CREDENTIALS_FILE => $shared }],
	[container => 'ASIACONTAINER', {
		AWS_CONTAINER_CREDENTIALS_FULL_URI =>
		    $m{container}->url . '/v1/credentials',
		AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary' }],
	[imds => 'ASIAIMDS', {
		AWS_EC2_METADATA_SERVICE_ENDPOINT => $m{imds}->url }],
);

# The variables of those sources.
sub env (@sources)
{
	return { HOME => $t->dir . '/home',
		AWS_SHARED_CREDENTIALS_FILE => $t->dir . '/planted/none',
		AWS_CONFIG_FILE => $t->dir . '/planted/none',
		map { %{ $_->[2] } } @sources };
}

sub tt ($env, %more)
{
	return $c->run({ %conf, %more }, $env, '-tt');
}

# The sources that the text has lines about, in their order.
sub told ($text)
{
	return [$text =~ /^credentials: (\S+): /mg];
}

for my $i (0 .. $#order) {
	my ($source, $id) = @{ $order[$i] };

	subtest "$source, before all that follow" => sub {
		my @n = map { scalar $m{$_}->knocks } sort keys %m;
		my ($status, $text) = tt(env(@order[$i .. $#order]));
		my $told = told($text);

		is($status, 0, 'there is one') or diag $text;
		like($text, qr/^credentials: \Q$source\E: .*\b$id\b/m,
		    'whose it is');
		is($told->[-1], $source, 'the last line is about it');
		my %is_told = map { $_ => 1 } @$told;

		is_deeply([grep { !$is_told{$_} } map { $_->[0] }
		    @order[0 .. $i]], [], 'those above it have a line each');
		is(scalar(() = $text =~ /\bA[KS]IA[A-Z]+/g), 1,
		    'no other key is named');
		my @asked = grep { $m{$_}->knocks > shift @n } sort keys %m;

		is_deeply(\@asked, [{ 'web-identity' => 'sts' }->{$source}
		    // ($m{$source} ? $source : ())], 'nobody else is asked');
	};
}

subtest 'places of a profile' => sub {
	my @below = @order[3, 4];
	my $env = env(@below);
	my ($status, $text) = tt({ %$env, AWS_CONFIG_FILE => $config });

	is($status, 0, 'a key in the config file');
	like($text, qr/^credentials: profile: .*\bAKIACONFIG\b/m,
	    '... comes before a container\'s');
	($status, $text) = tt({ %$env, AWS_CONFIG_FILE => $with_process });
	is($status, 0, 'a program in the config file');
	like($text, qr/^credentials: \S+: .*\bASIAPROCESS\b/m,
	    '... comes before a container\'s');
	($status, $text) = tt({ %$env, AWS_CONFIG_FILE => $with_process,
		AWS_SHARED_CREDENTIALS_FILE => $shared });
	like($text, qr/^credentials: profile: .*\bAKIASHARED\b/m,
	    'a key in the credentials file comes before it');
	($status, $text) = tt($env, s3_credential_process => $process);
	like($text, qr/^credentials: credential_process: .*\bASIAPROCESS\b/m,
	    'a program of the store itself');
};

subtest 'none' => sub {
	my ($status, $text) = tt({ %{ env() },
		AWS_EC2_METADATA_DISABLED => 'true',
		AWS_EC2_METADATA_SERVICE_ENDPOINT => $m{imds}->url });

	is($status, 1, 'is no success');
	for my $source (map { $_->[0] } @order) {
		like($text, qr/^credentials: $source: .*\S/m,
		    "$source: what was found there");
	}
	$m{imds}->stop;
	($status, $text) = tt(env($order[-1]));
	is($status, 1, 'nor is an endpoint that is away');
	$m{imds}->start;
};

subtest 'with EC2\'s metadata switched off' => sub {
	my $n = $m{imds}->knocks;

	for my $value (qw(true TRUE True)) {
		my ($status) = $c->run({ %conf, credentials => 'imds' },
		    { %{ env($order[-1]) },
			AWS_EC2_METADATA_DISABLED => $value }, '-tt');

		is($status, 1, "$value: none");
	}
	is(scalar $m{imds}->knocks, $n, 'nobody asked it');
	my ($status) = tt({ %{ env($order[-1]) },
		AWS_EC2_METADATA_DISABLED => 'false' });

	is($status, 0, 'false: there is one');
};

subtest 'stores by name' => sub {
	my %store = (store => 's3', s3_region => 'eu-central-1',
	    s3_bucket => 'renders');
	my ($status, $text) = tt(env(@order), 'store one' => {
		%store, credentials => 'container' }, 'store two' => {
		%store, credentials => 'auto' }, 'store three' =>
	    { store => 'none' });

	is($status, 0, 'each has one') or diag $text;
	like($text, qr/^credentials: store one: container: .*ASIACONTAINER/m,
	    'by source');
	like($text, qr/^credentials: store two: env: .*AKIAENV/m, 'by order');
	like($text, qr/^credentials: env: .*AKIAENV/m, 'the one without');
	unlike($text, qr/^credentials: store three/m,
	    'none for one without links');
	($status, $text) = tt(env(@order), 'store one' => {
		%store, credentials => 'profile', s3_profile => 'nobody' });
	is($status, 1, 'one of them has none');
	like($text, qr/^credentials: store one: profile: .*nobody/m,
	    '... and which');
};

subtest 'while it runs' => sub {
	my $r = $t->beside(env => env(@order[3, 4]), conf => {%conf});

	is_signed_by($c->page_in_time(undef, $r), 'ASIACONTAINER',
	    'the first that there is');
	is($c->page_without($r)->{status}, 200, 'and a page without links');
	$t->stop_beside;
};

# It is set up, so what follows it is not meant.
subtest 'one that is away is not passed over' => sub {
	$m{container}->stop;
	my $n = $m{imds}->knocks;
	my $r = $t->beside(env => env(@order[3, 4]), conf => {%conf});

	is_without($c->page($r), 'no links');
	is((said_by($r))[0]{source}, 'container', 'the log says whose');
	is(scalar $m{imds}->knocks, $n, 'nobody else is asked');
	$m{container}->start;
	is_signed_by($c->page_in_time(undef, $r), 'ASIACONTAINER',
	    'when it is there');
	$t->stop_beside;
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

done_testing;
