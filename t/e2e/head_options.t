# HEAD: the same checks and headers, without a body. OPTIONS: what there is.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

my $t = setup(conf => { artifact_window => '24h' });
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $weak = $t->key($tenant, capabilities => ['jobs:write']);
my $foreign = $t->job($t->tenant);
my $job = $t->job($tenant);
my $closed = $t->job($tenant);

$t->event($job, 'stage', artifacts =>
    [{ key => 'a.png', kind => 'catalog_image', role => 'final' }]);
$t->event($closed, 'succeeded');

# What may differ between two requests, or belongs to the connection.
sub lasting ($answer)
{
	my %headers = %{ $answer->{headers} };

	delete @headers{qw(date x-request-id content-length keep-alive
	    transfer-encoding connection jobtail-last-event-age retry-after)};
	return \%headers;
}

my @paths = ("/v1/jobs/$job/events", "/v1/jobs/$job",
    "/v1/jobs/$job/events?limit=1", "/v1/jobs/$job/events?since=999",
    "/v1/jobs/$closed/events", "/v1/jobs/$closed");

subtest 'HEAD is GET without a body' => sub {
	for my $path (@paths) {
		my $get = $t->get($path, key => $key);
		my $head = $t->request('HEAD', $path, key => $key);

		is($head->{status}, 200, "$path: status");
		is($head->{content}, '', 'no body');
		is_deeply(lasting($head), lasting($get), 'the same headers');
		is_ulid($head->{headers}{'x-request-id'}, 'X-Request-Id');
	}
};

subtest 'HEAD makes the same checks' => sub {
	for (['/v1/nothing', $key, 404], ["/v1/jobs/$job/events", undef, 401],
	    ["/v1/jobs/$job/events", 'sk_live_nobody', 401],
	    ["/v1/jobs/$job/events", $weak, 403],
	    ["/v1/jobs/$job/events?since=five", $key, 422],
	    ["/v1/jobs/$foreign/events", $key, 404],
	    ["/v1/jobs/X", $key, 404]) {
		my ($path, $with, $status) = @$_;
		my $get = $t->get($path, key => $with);
		my $head = $t->request('HEAD', $path, key => $with);

		is($head->{status}, $status, "$path: $status");
		is($head->{content}, '', 'no body');
		is_deeply(lasting($head), lasting($get), 'the same headers');
	}
};

subtest 'HEAD with a tag' => sub {
	for my $path (@paths) {
		my $tag = $t->get($path, key => $key)->{headers}{etag};
		my $head = $t->request('HEAD', $path, key => $key,
		    headers => { 'if-none-match' => $tag });

		is($head->{status}, 304, $path);
	}
};

subtest 'HEAD is never held' => sub {
	my $head = $t->request('HEAD', "/v1/jobs/$job/events?since=999&wait=5",
	    key => $key);

	is($head->{status}, 200, 'it is answered');
};

subtest 'a HEAD answer ends where it should' => sub {
	my $answer = $t->raw("HEAD /v1/jobs/$job/events HTTP/1.1\r\n"
	    . "Host: x\r\nAuthorization: Bearer $key\r\n"
	    . "Connection: close\r\n\r\n");

	like($answer, qr/\AHTTP\/1\.1 200 [^\n]*\r\n/, 'status');
	like($answer, qr/\r\n\r\n\z/, 'nothing behind the headers');
};

subtest 'OPTIONS' => sub {
	for my $path ("/v1/jobs/$job/events", "/v1/jobs/$job",
	    "/v1/jobs/$foreign", '/v1/jobs/X/events',
	    "/v1/jobs/$job/events?since=five") {
		for my $with (undef, $key, 'sk_live_nobody') {
			my $answer = $t->request('OPTIONS', $path,
			    key => $with);

			is($answer->{status}, 204, "$path: 204");
			is($answer->{content}, '', 'no body');
			is_deeply([sort { $a cmp $b }
			    header_list($answer, 'allow')],
			    [qw(GET HEAD OPTIONS)], 'Allow');
			is_ulid($answer->{headers}{'x-request-id'},
			    'X-Request-Id');
		}
	}
	is_envelope($t->request('OPTIONS', '/v1/nothing'), 404, 'NOT_FOUND',
	    'where there is nothing');
};

done_testing;
