#!/usr/bin/perl
# Credentials from this machine: variables, the shared files of SDKs, and what
# a program prints.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Test;
use Jobtail::Wire;

my %unset = (s3_access_key_id => undef, s3_secret_key_file => undef);
my $t = setup(front => 0, conf => { %unset, store => 'none' });
my $c = Jobtail::Credentials->new($t);
my $home = $t->dir . '/planted/home';

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
file_of($t, 'nothing', '');
mkdir $home;
chmod 0755, $home, $t->dir . '/planted';

# A responder with that source and these variables.
sub started ($source, $env, %conf)
{
	return $t->beside(env => { HOME => $home, %$env },
	    conf => { %unset, credentials => $source, %conf });
}

# Whose links such a one gives; then it ends.
sub gives ($id, $name, @start)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = started(@start);

	is_signed_by($c->page_in_time(undef, $r), $id, $name);
	$t->stop_beside;
	return;
}

# One that has none: 503, the reason, and what -tt says.
sub gives_none ($reason, $name, $source, $env, %conf)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($name, sub {
		my $r = started($source, $env, %conf);

		is_without($c->page($r), 'a page with links');
		is($c->page_without($r)->{status}, 200,
		    'a page without links');
		my ($said) = said_by($r);

		is($said->{level}, 'error', 'an error in the log');
		is($said->{source}, $source, '... whose it is');
		like($said->{reason}, $reason, '... and why');
		$t->stop_beside;
		my ($status, $text) = $c->run({ %unset,
			credentials => $source, %conf },
		    { HOME => $home, %$env }, '-tt');

		is($status, 1, '-tt is no success');
		like($text, qr/^credentials: \Q$source\E: .*$reason/m,
		    '... and says why') or diag $text;
	});
}

# --- variables ---

subtest 'variables' => sub {
	my %key = (AWS_ACCESS_KEY_ID => 'AKIAENV',
	    AWS_SECRET_ACCESS_KEY => secret_of('AKIAENV'));

	gives('AKIAENV', 'a key without a token', 'env', { %key });
	gives('AKIAENV', 'an empty token is none', 'env',
	    { %key, AWS_SESSION_TOKEN => '' });

	# they will not come later, so nothing is begun without them
	for (['nothing', qr/AWS_ACCESS_KEY_ID/],
	    ['no secret', qr/AWS_SECRET_ACCESS_KEY/,
		AWS_ACCESS_KEY_ID => 'AKIAENV'],
	    ['an empty id', qr/AWS_ACCESS_KEY_ID/,
		%key, AWS_ACCESS_KEY_ID => '']) {
		my ($name, $reason, %env) = @$_;

		for my $how ('-t', '-tt') {
			my ($status, $text) = $c->run(
			    { %unset, credentials => 'env' },
			    { HOME => $home, %env }, $how);

			is($status, 1, "$how, $name: refused");
			like($text, $reason, '... which says what is not set');
		}
	}
};

# --- shared files ---

my $shared = file_of($t, 'shared', section('default', 'AKIADEFAULT')
    . section('one', 'AKIAONE') . section('two', 'ASIATWO'));
my $config = file_of($t, 'config', section('profile one', 'AKIALATER')
    . section('profile three', 'AKIATHREE', 'region = eu-central-1')
    . section('four', 'AKIANOT'));
my %files = (AWS_SHARED_CREDENTIALS_FILE => $shared,
    AWS_CONFIG_FILE => $config);

subtest 'which profile' => sub {
	gives('AKIADEFAULT', 'none is named', 'profile', { %files });
	gives('AKIAONE', 's3_profile', 'profile', { %files,
		AWS_PROFILE => 'two', AWS_DEFAULT_PROFILE => 'two' },
	    s3_profile => 'one');
	gives('ASIATWO', 'AWS_PROFILE', 'profile', { %files,
		AWS_PROFILE => 'two', AWS_DEFAULT_PROFILE => 'one' });
	gives('AKIAONE', 'AWS_DEFAULT_PROFILE', 'profile', { %files,
		AWS_DEFAULT_PROFILE => 'one' });
	gives('AKIATHREE', 'one of the config file', 'profile', { %files },
	    s3_profile => 'three');
	gives_none(qr/four/, 'which has no such section', 'profile',
	    { %files }, s3_profile => 'four');
	gives_none(qr/nobody/, 'an unknown one', 'profile', { %files },
	    s3_profile => 'nobody');
};

subtest 'where the files are' => sub {
	mkdir "$home/.aws";
	chmod 0755, "$home/.aws";
	file_of($t, 'home/.aws/credentials', section('default', 'AKIAHOME'));
	file_of($t, 'home/.aws/config', section('profile c', 'AKIACONFIG'));
	gives('AKIAHOME', 'at home', 'profile', {});
	gives('AKIACONFIG', 'both', 'profile', {}, s3_profile => 'c');
	gives('AKIADEFAULT', 'unless they are named', 'profile', { %files });
	gives('AKIATHREE', 'one file is not there', 'profile', { %files,
		AWS_SHARED_CREDENTIALS_FILE => $t->dir . '/planted/none' },
	    s3_profile => 'three');
};

subtest 'how they are written' => sub {
	my $odd = file_of($t, 'odd', join "\n", '# aws_access_key_id = AKIAA',
	    '; aws_access_key_id = AKIAB', '', '[ other ]',
	    'aws_access_key_id = AKIAC', '', '[default]', 's3 =',
	    '    aws_access_key_id = AKIAD',
	    "\taws_secret_access_key = canary/nested", 'region=eu-central-1',
	    "aws_access_key_id=AKIAODD   ",
	    "aws_secret_access_key   =\t" . secret_of('AKIAODD') . "\r",
	    '[more]', 'aws_access_key_id = AKIAE', '');

	gives('AKIAODD', 'blocks, comments, spaces, line ends', 'profile',
	    { AWS_SHARED_CREDENTIALS_FILE => $odd });
	file_of($t, 'bare', section('default', 'AKIABARE') =~ s/\n\z//r);
	gives('AKIABARE', 'no line end at the end', 'profile',
	    { AWS_SHARED_CREDENTIALS_FILE => $t->dir . '/planted/bare' });
};

subtest 'files that are none' => sub {
	my $planted = $t->dir . '/planted';
	my $named = sub ($path) {
		return { AWS_SHARED_CREDENTIALS_FILE => $path,
			AWS_CONFIG_FILE => "$planted/nothing" };
	};

	gives_none(qr/planted|default/, 'a folder', 'profile',
	    $named->($home));
	system('mkfifo', '-m', '666', "$planted/fifo") == 0 or die "mkfifo\n";
	gives_none(qr/planted|default/, 'a pipe that nobody writes to',
	    'profile', $named->("$planted/fifo"));
	file_of($t, 'half', "[default]\naws_access_key_id = AKIAHALF\n");
	gives_none(qr/aws_secret_access_key/, 'half of a key', 'profile',
	    $named->("$planted/half"));
	file_of($t, 'large', '# ' . 'x' x 30_000_000 . "\n"
	    . section('default', 'AKIALARGE'));
	gives_none(qr/planted|default/, 'too much of it', 'profile',
	    $named->("$planted/large"));
	gives_none(qr{/dev/zero|default}, 'one without an end', 'profile',
	    $named->('/dev/zero'));
};

subtest 'files that change' => sub {
	my $name = 'moving';
	my $path = file_of($t, $name, section('default', 'AKIABEFORE'));
	my $r = started('profile', { AWS_SHARED_CREDENTIALS_FILE => $path });

	is_signed_by($c->page_in_time(undef, $r), 'AKIABEFORE', 'at first');
	file_of($t, $name, section('default', 'AKIAAFTER1'));
	is_signed_by($c->page_in_time('AKIAAFTER1', $r), 'AKIAAFTER1',
	    'another file by that name');

	# one who has come before and is answered after that
	my $job = $c->job('stage');
	my $held = Jobtail::Wire->new($r->socket_path);

	$held->send(Jobtail::Wire::request(params => Jobtail::Wire::params(
	    $c->path($job) . '?since=2&wait=25',
	    HTTP_AUTHORIZATION => 'Bearer ' . $c->key)));

	# in place, as an editor may do it: of the same size
	spew($path, section('default', 'AKIAAFTER2'), 0600);
	is_signed_by($c->page_in_time('AKIAAFTER2', $r), 'AKIAAFTER2',
	    'other bytes in the same file');
	$c->event($job, 'stage');
	is_signed_by($held->answer, 'AKIAAFTER2', 'who has waited meanwhile');
	is(scalar(complaints($r->log_lines)), 0, 'nothing to complain of');

	file_of($t, $name, "[default]\naws_access_key_id = AKIAHALF\n");
	my ($said) = said_by($r);

	is($said->{level}, 'warn', 'half of a key is complained of');
	is_signed_by($c->page($r), 'AKIAAFTER2', '... and not used');
	file_of($t, $name, section('default', 'ASIAAFTER3'));
	is_signed_by($c->page_in_time('ASIAAFTER3', $r, 60), 'ASIAAFTER3',
	    'a whole one is');
	$t->stop_beside;
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

done_testing;
