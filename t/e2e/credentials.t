#!/usr/bin/perl
# Credentials of each source, behind each front: whose the links are, what was
# asked of whom, and what there is when nobody gives any.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Front;
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Test;
use Time::HiRes qw(time);

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $metadata = Jobtail::Metadata->new(dir => $dir);
my $proxy = Jobtail::Metadata->new(dir => $dir);

# whose credentials are not in the settings, but in the environment
my %unset = (s3_access_key_id => undef, s3_secret_key_file => undef);
my $t = setup(conf => { %unset, store => 'none' });
my $c = Jobtail::Credentials->new($t);

# The process of a request, or of many; several where the front starts them.
my $is_alone = !Jobtail::Front::starts(Jobtail::Front::chosen());

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);

mkdir $t->dir . '/home';

my $nobody = Jobtail::Metadata->new(dir => $dir)->stop;
my $other = Jobtail::Metadata->new(dir => $dir)->tell_only(
    id => 'ASIAOTHER');
my %of = (
	env => { id => 'ASIAENV', env => {
		AWS_ACCESS_KEY_ID => 'ASIAENV',
		AWS_SECRET_ACCESS_KEY => secret_of('ASIAENV'),
		AWS_SESSION_TOKEN => token_of('ASIAENV'),
	} },
	profile => { id => 'ASIAFILE', env => {
		AWS_SHARED_CREDENTIALS_FILE => file_of($t, 'shared',
		    section('default', 'ASIAFILE')),
	} },
	credential_process => { id => 'ASIAPROCESS', conf => {
		s3_credential_process => script($t, 'process',
		    "echo '" . credentials_of('ASIAPROCESS') . "'\n"),
	} },
	container => { env => {
		AWS_CONTAINER_CREDENTIALS_FULL_URI =>
		    $metadata->url . '/v1/credentials',
		AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary/of-container',
	} },
	imds => { env => {
		AWS_EC2_METADATA_SERVICE_ENDPOINT => $metadata->url,
	} },
	'web-identity' => { env => {
		AWS_WEB_IDENTITY_TOKEN_FILE => file_of($t, 'web',
		    "canary.of+web/identity==\n"),
		AWS_ROLE_ARN => 'arn:aws:iam::123456789012:role/renders',
		AWS_ROLE_SESSION_NAME => 'timeline+1',
		AWS_ENDPOINT_URL_STS => $metadata->url,
		AWS_REGION => 'eu-central-1',
	} },
);

# Starts everything with that source; what the stub grants has this id.
sub start_with ($source, $id, %conf)
{
	$metadata->tell_only(id => $id);
	$t->environment(HOME => $t->dir . '/home', proxies($proxy),
	    %{ $of{$source}{env} // {} });
	$t->reconfigure(%unset, credentials => $source,
	    %{ $of{$source}{conf} // {} }, %conf);
	return $of{$source}{id} // $id;
}

# What has been asked since then.
sub asked_since ($n, $kind = undef)
{
	my @asked = $metadata->asked($kind);

	return splice @asked, $n;
}

my $n = 0;

for my $source (sort keys %of) {
	subtest $source => sub {
		my $id = start_with($source, 'ASIA' . ++$n);
		my $page = $c->page_in_time;

		is_signed_by($page, $id, 'the page');
		is_signed_by($c->ask("/v1/jobs/$c->{with}"), $id, 'the job');
		is(() = $c->ask($c->path($c->{with}) . '?since=1')->{content}
		    =~ /X-Amz-Security-Token=/g, 2, 'part of the page');
		is($c->page_without->{status}, 200, 'a page without links');

		my $lines = $t->get($c->path($c->{with}), key => $c->key,
		    headers => { accept => 'application/x-ndjson' });

		is($lines->{status}, 200, 'the stream');
		is(() = $lines->{content} =~ /X-Amz-Credential=$id%2F/g, 2,
		    '... has the same links');
		unlike($lines->{content}, qr/event: bye|"error"/,
		    '... and comes to its end');
		is(scalar(complaints($t->responder->log_lines)), 0,
		    'nothing to complain of') if $is_alone;
	};
}

# --- how it was asked ---

sub is_once_if_alone ($count, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $is_alone ? is($count, 1, "$name once")
	    : cmp_ok($count, '>=', 1, $name);
}

subtest 'what a container\'s endpoint is asked' => sub {
	my @asked = $metadata->asked('container');

	is_once_if_alone(scalar @asked, 'it is asked');
	is($asked[0]{method}, 'GET', 'GET');
	is($asked[0]{path}, '/v1/credentials', 'the path');
	is($asked[0]{headers}{authorization}, 'canary/of-container',
	    'the token as it is');
	is($asked[0]{body}, '', 'no body');
};

subtest 'what EC2\'s metadata is asked' => sub {
	my @token = $metadata->asked('token');
	my @rest = ($metadata->asked('role'), $metadata->asked('imds'));

	is_once_if_alone(scalar @token, 'a token');
	is_once_if_alone(scalar $metadata->asked('imds'), 'credentials');
	is($token[0]{headers}{'x-aws-ec2-metadata-token-ttl-seconds'}, 21600,
	    'for six hours');
	is(grep({ ($_->{headers}{'x-aws-ec2-metadata-token'} // '')
	    !~ m{\Acanary/imds-token-\d+\z} } @rest), 0,
	    'nothing without a token');
	is(grep({ defined $_->{headers}{'x-forwarded-for'} } @token), 0,
	    'nothing that looks like a proxy\'s');
};

subtest 'what STS is asked' => sub {
	my @asked = $metadata->asked('sts');
	my %form = map { map { s/%([0-9A-Fa-f]{2})/chr hex $1/ger }
	    split /=/, $_, 2 } split /&/, $asked[0]{body};

	is_once_if_alone(scalar @asked, 'it is asked');
	is("$asked[0]{method} $asked[0]{path}", 'POST /', 'POST, no query');
	like($asked[0]{headers}{'content-type'},
	    qr{\Aapplication/x-www-form-urlencoded\b}, 'a form');
	is($asked[0]{headers}{accept}, 'application/json', 'JSON is wanted');
	is_deeply(\%form, {
		Action => 'AssumeRoleWithWebIdentity',
		Version => '2011-06-15',
		RoleArn => 'arn:aws:iam::123456789012:role/renders',
		RoleSessionName => 'timeline+1',
		WebIdentityToken => 'canary.of+web/identity==',
	}, 'what is in it');
};

# --- nobody answers ---

for my $source (qw(container imds web-identity)) {
	subtest "$source is down" => sub {
		$metadata->stop;
		start_with($source, 'ASIA' . ++$n);
		is_without($c->page, 'a page with links');
		is_without($c->ask("/v1/jobs/$c->{with}"), 'a job with links');
		is($c->page_without->{status}, 200, 'a page without links');
		is($c->ask("/v1/jobs/$c->{without}")->{status}, 200,
		    'a job without links');
		is($c->ask('/v1/jobs/' . ('0' x 26) . '/events')->{status},
		    404, 'what is not there is not there');
		if ($is_alone) {
			my @said = said_by($t->responder);

			is(scalar @said, 1, 'one line in the log');
			is_deeply(subset($said[0], qw(level store source)),
			    { level => 'error', store => '',
				source => $source }, '... of whom it is');
		}
		$metadata->start;
		is_signed_by($c->page_in_time(undef, undef, 60), "ASIA$n",
		    'when it is there again');
	};
}

subtest 'there is no file' => sub {
	$of{profile}{env} = { AWS_SHARED_CREDENTIALS_FILE =>
		$t->dir . '/planted/late' };
	start_with('profile', 'ASIANONE');
	is_without($c->page, 'a page with links');
	is($c->page_without->{status}, 200, 'a page without links');
	file_of($t, 'late', section('default', 'AKIALATE'));
	is_signed_by($c->page_in_time(undef, undef, 60), 'AKIALATE',
	    'when it is there');
};

# What mod_cgi would make an environment variable of.
subtest 'a header is no proxy' => sub {
	start_with('imds', 'ASIAHEADER');
	my %headers = map { $_ => $proxy->url } qw(proxy http-proxy https-proxy
	    all-proxy aws-ec2-metadata-service-endpoint);
	my $page = wait_for {
		my $answer = $t->get($c->path($c->{with}), key => $c->key,
		    headers => \%headers);

		$answer->{status} == 200 ? $answer : undef;
	} 30, 'a page';

	is_signed_by($page, 'ASIAHEADER', 'the links');
	ok($proxy->is_untouched, 'and nobody was led astray');
};

# --- several stores ---

subtest 'stores of their own' => sub {
	my %store = (
		store => 's3', s3_region => 'eu-central-1',
		s3_endpoint => 'https://s3.eu-central-1.example.org',
		s3_bucket => 'renders',
	);

	my $both = $t->job($c->{tenant});

	$c->event($both, 'stage', store => $_) for qw(one two three), undef;
	$t->environment(HOME => $t->dir . '/home', proxies($proxy),
	    (map { %{ $of{$_}{env} // {} } } qw(env container)),
	    AWS_EC2_METADATA_SERVICE_ENDPOINT => $other->url);
	$metadata->tell_only(id => 'ASIASTUB');
	$t->reconfigure(%unset, credentials => 'env',
	    'store one' => { %store, credentials => 'container' },
	    'store two' => { %store, credentials => 'imds' },
	    'store three' => { %store, s3_access_key_id => 'AKIASTATIC',
		s3_secret_key_file => file_of($t, 'static',
		    secret_of('AKIASTATIC')) });
	my $page = wait_for {
		my $answer = $c->ask($c->path($both));

		$answer->{status} == 200 ? $answer : undef;
	} 30, 'links of all stores';
	my @links = Jobtail::Link->all($page);

	is(@links, 4, 'a link in each');
	is_deeply([map { $_->id } @links],
	    [qw(ASIASTUB ASIAOTHER AKIASTATIC ASIAENV)], 'whose they are');
	is(grep({ !$_->is_signed_with(secret_of($_->id)) } @links), 0,
	    'signed by theirs');
	is_deeply([map { $_->token } @links], [map { $_->id eq 'AKIASTATIC'
	    ? undef : token_of($_->id) } @links], 'with their tokens');
};

subtest 'one store of two is down' => sub {
	my $other = $t->job($c->{tenant});

	$c->event($other, 'stage', store => 'one');
	$t->environment(HOME => $t->dir . '/home', %{ $of{env}{env} },
	    AWS_CONTAINER_CREDENTIALS_FULL_URI => $nobody->url . '/v1/x');
	$t->reconfigure(%unset, credentials => 'env', 'store one' => {
		s3_region => 'eu-central-1', s3_bucket => 'renders',
		credentials => 'container' });
	is_signed_by($c->page_in_time, 'ASIAENV', 'the one gives links');
	is_without($c->ask($c->path($other)), 'the other does not');
	is_signed_by($c->page, 'ASIAENV', 'still the one does');
};

# --- the program by itself ---

subtest 'what -tt says' => sub {
	for my $source (sort keys %of) {
		my %env = (HOME => $t->dir . '/home', proxies($proxy),
		    %{ $of{$source}{env} // {} });
		my %conf = (%unset, credentials => $source,
		    %{ $of{$source}{conf} // {} }, 'store one' => undef);
		my $id = $of{$source}{id} // 'ASIASTUB';

		$metadata->tell_only(id => 'ASIASTUB');
		$id = 'AKIALATE' if $source eq 'profile';
		my ($status, $text) = $c->run(\%conf, \%env, '-tt');

		is($status, 0, "$source is found") or diag $text;
		like($text, qr/^credentials: \Q$source\E: .*\b$id\b/m,
		    '... and said');
		($status, $text) = $c->run(\%conf, \%env, '-T');
		is($status, 0, '-T');
		like($text, qr/^credentials = \Q$source\E$/m, '... has it');
	}
	my ($status, $text) = $c->run({ %unset, credentials => 'imds',
		'store one' => undef }, { HOME => $t->dir . '/home',
		AWS_EC2_METADATA_SERVICE_ENDPOINT => $nobody->url }, '-tt');

	is($status, 1, 'nobody there is no success');
	like($text, qr/^credentials: imds: /m, '... and said');
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

ok($proxy->is_untouched, 'nobody went by a proxy of the environment');
is($metadata->most_at_once, 1, 'never more than one request at a time')
    if $is_alone;
done_testing;
