# CORS: whom browsers let read the answers, and what they are told before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $weak = $t->key($tenant, capabilities => ['jobs:write']);
my $job = $t->job($tenant);
my $closed = $t->job($tenant);
my $foreign = $t->job($t->tenant);
my $path = "/v1/jobs/$job/events";
my $app = 'https://app.example.org';
my $dev = 'http://localhost:3000';

$t->event($job, 'stage', artifacts =>
    [{ key => 'a.png', kind => 'catalog_image', role => 'final' }]);
$t->event($closed, 'succeeded');

# Names of CORS headers that an answer has.
sub cors_of ($answer)
{
	return [sort grep { /\Aaccess-control/ } keys %{ $answer->{headers} }];
}

sub vary ($answer) { return [sort map { lc } header_list($answer, 'vary')] }

# What a page there would do: method, path, and more as for request.
sub from ($origin, $method, $target, %o)
{
	my %headers = (%{ $o{headers} // {} }, origin => $origin);

	return $t->request($method, $target, %o, headers => \%headers);
}

# Answers of every kind, without those that need the database to be away.
sub each_kind ($origin)
{
	my $tag = $t->get($path, key => $key)->{headers}{etag};

	return map {
		my ($status, $method, $target, %o) = @$_;

		[$status, "$method $target",
		    from($origin, $method, $target, %o)]
	} (
		[200, 'GET', $path, key => $key],
		[200, 'GET', "$path?limit=1", key => $key],
		[200, 'GET', "$path?since=99&wait=0", key => $key],
		[200, 'GET', "/v1/jobs/$closed/events", key => $key],
		[200, 'GET', "/v1/jobs/$job", key => $key],
		[200, 'GET', "$path?ticket=new", key => $key],
		[200, 'HEAD', $path, key => $key],
		[304, 'GET', $path, key => $key,
			headers => { 'if-none-match' => $tag }],
		[401, 'GET', $path],
		[401, 'GET', $path, key => 'sk_live_nobody'],
		[401, 'GET', "$path?ticket=x"],
		[403, 'GET', $path, key => $weak],
		[404, 'GET', "/v1/jobs/$foreign/events", key => $key],
		[404, 'GET', '/v1/jobs/X', key => $key],
		[404, 'GET', '/v1/nothing'],
		[404, 'HEAD', '/v1/nothing'],
		[405, 'POST', $path, key => $key],
		[422, 'GET', "$path?since=five", key => $key],
	);
}

sub preflight ($origin, $target = $path, $method = 'GET')
{
	return from($origin, 'OPTIONS', $target, headers => {
		'access-control-request-method' => $method,
		'access-control-request-headers' => 'authorization',
	});
}

sub conf (%more)
{
	return (ticket_keys_file => $t->secret('ticket_keys',
	    'the ticket key of these tests'), %more);
}

subtest 'off by default' => sub {
	$t->reconfigure(conf);
	for (each_kind($app)) {
		my ($status, $name, $answer) = @$_;

		is($answer->{status}, $status, "$name: $status");
		is_deeply(cors_of($answer), [], 'not a word of CORS');
		is_deeply([grep { /origin/ } @{ vary($answer) }], [],
		    'nor in Vary');
	}
	my $answer = preflight($app);

	is($answer->{status}, 204, 'OPTIONS');
	is_deeply(cors_of($answer), [], 'not a word of CORS');
	is_deeply(vary($answer), [], 'nor Vary');
};

subtest 'origins that are listed' => sub {
	$t->reconfigure(conf(cors_origins => "$app, $dev"));
	for my $origin ($app, $dev) {
		for (each_kind($origin)) {
			my ($status, $name, $answer) = @$_;
			my $headers = $answer->{headers};
			my %exposed = map { lc, 1 } header_list($answer,
			    'access-control-expose-headers');

			is($answer->{status}, $status, "$name: $status");
			is($headers->{'access-control-allow-origin'}, $origin,
			    'its origin, once');
			is_deeply([grep { !$exposed{$_} } grep {
				/\A(?:x-|jobtail-|etag|link|retry-after
				    |www-authenticate)/x } keys %$headers],
			    [], 'every header of ours is exposed');
			is_deeply(cors_of($answer),
			    [qw(access-control-allow-origin
			    access-control-expose-headers)], 'and that is all');
			is(grep({ $_ eq 'origin' } @{ vary($answer) }), 1,
			    'Vary names Origin');
		}
	}
	is_deeply(vary(from($app, 'GET', $path, key => $key)),
	    [qw(accept authorization origin)], 'beside what it names anyway');
};

my @hostile = ('null', '*', 'https://example.org',
    (map { "https://$_" } 'app.example.or', 'app.example.orgx',
	'app-example.org', 'appxexample.org'),
    'https://app.example.org.', 'https://app.example.org/',
    'https://app.example.org/x', 'https://app.example.org:443',
    'https://app.example.org:8443', 'https://app.example.org.evil.example',
    'https://x.app.example.org', 'https://xapp.example.org',
    'https://app.example.org@evil.example', 'https://u@app.example.org',
    'https://APP.EXAMPLE.ORG', 'HTTPS://app.example.org',
    'http://app.example.org', 'https://app.example.org%00',
    'https://app.example.org,', "$app $dev", "$app,$dev", "$app, $app",
    "\"$app\"", 'http://localhost', 'http://localhost:30000',
    'http://127.0.0.1:3000', 'file://', [$app, $dev], [$app, $app],
    ['https://evil.example', $app], [$app, 'https://evil.example']);

subtest 'origins that are not' => sub {
	for my $origin (@hostile) {
		my $name = ref $origin ? join ' and ', @$origin : $origin;

		for my $answer (from($origin, 'GET', $path, key => $key),
		    from($origin, 'GET', $path), preflight($origin)) {
			is_deeply(cors_of($answer), [],
			    "$answer->{status} to $name");
			is(grep({ $_ eq 'origin' } @{ vary($answer) }), 1,
			    'but Vary names Origin');
		}
	}
	my $none = $t->get($path, key => $key);

	is_deeply(cors_of($none), [], 'no origin at all');
	is_deeply(vary($none), [qw(accept authorization origin)],
	    'Vary names Origin');
};

sub is_preflight ($answer, $origin, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest $name => sub {
		my $headers = $answer->{headers};

		is($answer->{status}, 204, 'status');
		is($answer->{content}, '', 'no body');
		is($headers->{'access-control-allow-origin'}, $origin,
		    'Allow-Origin');
		is_deeply([sort { $a cmp $b } header_list($answer, $_)],
		    [qw(GET HEAD OPTIONS)], $_)
		    for 'access-control-allow-methods', 'allow';
		is_deeply([sort { $a cmp $b } header_list($answer,
		    'access-control-allow-headers')],
		    [qw(Accept Authorization Cache-Control If-None-Match
			Last-Event-ID Prefer X-Shopify-Hmac-Sha256)],
		    'Allow-Headers');
		is($headers->{'access-control-max-age'}, 600, 'Max-Age');
		is($headers->{'access-control-allow-credentials'}, undef,
		    'no credentials');
		is_deeply(vary($answer), ['origin'], 'Vary');
	};
}

subtest 'preflight' => sub {
	is_preflight(preflight($_), $_, $_) for $app, $dev;
	for my $target ("/v1/jobs/$job", "/v1/jobs/$foreign/events",
	    '/v1/jobs/X', "$path?since=five", "$path?ticket=x",
	    "$path?ticket=new") {
		is_preflight(preflight($app, $target), $app, $target);
	}
	is_preflight(preflight($app, $path, $_), $app, "for $_")
	    for qw(HEAD DELETE x);
	my $plain = from($app, 'OPTIONS', $path);

	is($plain->{status}, 204, 'an OPTIONS that is none');
	is($plain->{headers}{'access-control-allow-methods'}, undef,
	    'is not told about methods');
	is(preflight($app, '/v1/nothing')->{status}, 404,
	    'where there is nothing');
};

subtest 'it needs no database' => sub {
	$t->allow_log(qr/warn .*status=503/);
	$t->pg->stop;
	is_preflight(preflight($app), $app, 'preflight');
	my $answer = from($app, 'GET', $path, key => $key);

	is($answer->{status}, 503, 'that there is none');
	is($answer->{headers}{'access-control-allow-origin'}, $app,
	    'can be read');
	$t->pg->start;
	wait_for { $t->get($path, key => $key)->{status} == 200 } 10,
	    'the database to be found again';
};

# a shared host has no say in this
if ($t->front->kind !~ /htaccess/) {
	subtest 'errors of the server itself are as ever' => sub {
		my $answer = $t->raw("TRACE $path HTTP/1.1\r\nHost: x\r\n"
		    . "Origin: $app\r\nConnection: close\r\n\r\n");

		like($answer, qr/\AHTTP\/1\.1 405 /, 'status');
		like($answer, qr/"code":"METHOD_NOT_ALLOWED"/, 'envelope');
		unlike($answer, qr/^(?:Access-Control|Vary)/mi, 'no CORS');
	};
}

done_testing;
