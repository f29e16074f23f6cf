# Keys: what they may look like, what they may do, when they end, and where
# they must not stand.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64);
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my $path = "/v1/jobs/$job/events";
my $unknown = 'sk_live_0123456789abcdefghijklmnopqrstuvwxyz';

sub status ($with, $target = $path)
{
	return $t->get($target, key => $with)->{status};
}

subtest 'how a key is sent' => sub {
	for my $value ("Bearer $key", "bearer $key", "BEARER $key") {
		is($t->get($path, headers => { authorization => $value })
		    ->{status}, 200, substr $value, 0, 8);
	}
	my $own = $t->key($tenant, key => 'sk_live_own+/=._~-key');

	is(status($own), 200, 'a key made elsewhere');
	like($key, qr/\Ask_live_[\x21-\x7e]{20,}\z/, 'a key of ours');
	unlike($t->sql('SELECT * FROM jobtail.api_key'), qr/\Q$key\E/,
	    'is not in the database');
};

subtest 'capabilities' => sub {
	for ([['jobs:read'], 200], [['ctm:read'], 200],
	    [['jobs:write', 'jobs:read'], 200], [['other', 'ctm:read'], 200],
	    [['jobs:write'], 403], [['jobs:read:all'], 403],
	    [['JOBS:READ'], 403], [['jobs'], 403]) {
		my ($capabilities, $status) = @$_;
		my $with = $t->key($tenant, capabilities => $capabilities);

		is(status($with), $status, "@$capabilities");
		is(status($with, "/v1/jobs/$job"), $status,
		    "@$capabilities: the job itself");
	}
};

# An answer to a key that does not hold, without its request id.
sub refusal ($with)
{
	my $answer = $t->get($path, key => $with);
	my %headers = %{ $answer->{headers} };
	my $id = delete $headers{'x-request-id'};

	delete @headers{qw(date connection keep-alive content-length
	    transfer-encoding)};
	return [$answer->{status}, \%headers,
	    $answer->{content} =~ s/\Q$id\E//r];
}

subtest 'keys end' => sub {
	my $refused = refusal($unknown);
	my $revoked = $t->key($tenant);
	my $short = $t->key($tenant,
	    expires_at => "now() + interval '2 seconds'");
	my $long = $t->key($tenant, expires_at => "now() + interval '1 hour'");

	is($refused->[0], 401, 'an unknown one is refused');
	is(status($revoked), 200, 'one that is not yet revoked is not');
	$t->sql("SELECT jobtail.revoke_api_key('$revoked')");
	is_deeply(refusal($revoked), $refused, 'at once when it is');
	wait_for { status($short) == 401 } 10, 'a key to expire';
	is_deeply(refusal($short), $refused, 'an expired one is told alike');
	is(status($long), 200, 'one that expires later holds');
	is(status($key), 200, 'and so do all others');
};

subtest 'rotation' => sub {
	my $old = $t->key($tenant);
	my $new = $t->sql("SELECT jobtail.rotate_api_key('$old',
	    interval '2 seconds')");

	is(status($_), 200, 'both hold for a while') for $old, $new;
	wait_for { status($old) == 401 } 10, 'the old key to end';
	is(status($new), 200, 'the new one stays');
	my $newer = $t->sql("SELECT jobtail.rotate_api_key('$new')");

	is(status($new), 401, 'without an overlap the old one ends at once');
	is(status($newer), 200, 'and the new one holds');
	push @{ $t->{keys} }, $new, $newer;
};

subtest 'a key in the query' => sub {
	for my $query ("key=$key", "x=$key", 'a=sk_live_', 'a=sk_test_x',
	    "since=$key", '%61=%73k_live_x', 'a=s%6B_test_x', 'a=1&b=sk_live_x',
	    'since=1&a=sk_live_x&a=2', '&&=sk_live_x') {
		my $answer = $t->get("$path?$query", key => $key);

		is_envelope($answer, 401, 'UNAUTHORIZED',
		    "beside a good header: " . $query =~ s/\Q$key\E/KEY/r);
		like($answer->{headers}{'www-authenticate'}, qr/\ABearer\b/,
		    'challenge');
		is($t->get("$path?$query")->{status}, 401, 'and alone');
	}
	for my $query ('a=ask_live_x', 'a=sk_live', 'a=SK_LIVE_x', 'a=sk_other_x',
	    'a=+sk_live_x') {
		is($t->get("$path?$query", key => $key)->{status}, 200,
		    "$query is none");
	}
};

subtest 'what a web server may hand over' => sub {
	my $wire = sub (@variables) {
		return $t->wire->ask($path, @variables);
	};

	is($wire->(HTTP_AUTHORIZATION => "Bearer $key")->{status}, 200,
	    'HTTP_AUTHORIZATION');
	is($wire->(REDIRECT_HTTP_AUTHORIZATION => "Bearer $key")->{status},
	    200, 'REDIRECT_HTTP_AUTHORIZATION alone');
	is($wire->(REDIRECT_HTTP_AUTHORIZATION => "Bearer $key",
	    HTTP_AUTHORIZATION => "Bearer $key")->{status}, 200, 'both');
	is($wire->(REDIRECT_HTTP_AUTHORIZATION => "Bearer $key",
	    HTTP_AUTHORIZATION => '')->{status}, 200,
	    'an empty one is none');
	is($wire->()->{status}, 401, 'neither');

	my $apache = $wire->(SERVER_SOFTWARE => 'Apache/2.4.71 (Debian)');

	is($apache->{status}, 401, 'neither, under Apache');
	like($apache->{json}{error}{message}, qr/CGIPassAuth On/,
	    'the message names CGIPassAuth On');
	for my $bad ("Bearer $key, Bearer $key", "Bearer $key,x",
	    "Bearer $key\x01", "Bearer $key\x{e9}", "Bearer\t$key\n") {
		is($wire->(HTTP_AUTHORIZATION => $bad)->{status}, 401,
		    'no second value and no odd byte');
	}
};

my $secret = 'shpss_0123456789';
my $empty = encode_base64(hmac_sha256('', $secret), '');

sub with_hmac ($value, %o)
{
	return $t->request($o{method} // 'GET', $path, key => $key,
	    headers => { 'x-shopify-hmac-sha256' => $value }, %o);
}

subtest 'X-Shopify-Hmac-Sha256' => sub {
	is(with_hmac('nonsense')->{status}, 200,
	    'is ignored unless it is set up');
	$t->reconfigure(hmac_secret_file => $t->secret('hmac', $secret));

	is(with_hmac($empty)->{status}, 200, 'that of nothing');
	is(with_hmac($empty, method => 'HEAD')->{status}, 200, 'with HEAD');
	is(status($key), 200, 'none is none');
	for my $bad ('nonsense', '=', substr($empty, 1), $empty . 'A',
	    encode_base64(hmac_sha256('', 'another'), ''), lc $empty,
	    encode_base64(hmac_sha256('body', $secret), ''),
	    unpack 'H*', hmac_sha256('', $secret)) {
		my $answer = with_hmac($bad);

		is_envelope($answer, 401, 'UNAUTHORIZED', "not <$bad>");
		like($answer->{headers}{'www-authenticate'}, qr/\ABearer\b/,
		    'challenge');
	}
	is(with_hmac($empty, content => 'body')->{status}, 401,
	    'a body fails that of nothing');
	is(with_hmac(encode_base64(hmac_sha256('body', $secret), ''),
	    content => 'body')->{status}, 401, 'and its own');
	is($t->get($path, headers => { 'x-shopify-hmac-sha256' => $empty })
	    ->{status}, 401, 'it does not stand in for a key');
	is($t->get($path, key => $unknown,
	    headers => { 'x-shopify-hmac-sha256' => $empty })->{status}, 401,
	    'nor for a good one');
};

subtest 'a data set that is not set up' => sub {
	$t->allow_log(qr/jobtail_test/);
	my $schema = 'jobtail_test';
	my $test = $t->key($t->tenant(schema => $schema), schema => $schema);

	is(status($test), 404, 'a test key, first');
	$t->sql('DROP SCHEMA jobtail_test CASCADE');
	is_envelope($t->get($path, key => $test), 401, 'UNAUTHORIZED',
	    'then it is 401');
	is(status($key), 200, 'the other one goes on');
};

done_testing;
