# The job as a resource of its own.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Test;

my $t = setup(conf => { artifact_window => '24h' });
my $tenant = $t->tenant;
my $key = $t->key($tenant);

sub job ($id, %o) { return $t->get("/v1/jobs/$id", key => $key, %o) }

sub newest ($id)
{
	return $t->get("/v1/jobs/$id/events", key => $key)
	    ->{json}{events}[-1];
}

my @members = qw(created_at job_type latest_event public_id request result
    status);

subtest 'a new job' => sub {
	my $id = $t->job($tenant, job_type => 'ON_MODEL_RENDER');
	my $answer = job($id);
	my $json = $answer->{json};

	is($answer->{status}, 200, 'status');
	is($answer->{headers}{'content-type'}, 'application/json', 'type');
	is_deeply([sort keys %$json], \@members, 'members');
	is_deeply(subset($json, qw(public_id job_type status request result)),
	    { public_id => $id, job_type => 'ON_MODEL_RENDER',
		status => 'NOT_STARTED', request => undef, result => [] },
	    'what they are');
	like($json->{created_at},
	    qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z\z/,
	    'created_at');
	is_deeply($json->{latest_event}, newest($id),
	    'latest_event is the timeline\'s last');
	is($json->{latest_event}{event_type}, 'queued', 'which is queued');
	is(job(lc $id)->{json}{public_id}, $id, 'the id in lower case');
	is_ulid($answer->{headers}{'x-request-id'}, 'X-Request-Id');
};

subtest 'a job that succeeds' => sub {
	my $id = $t->job($tenant);

	$t->event($id, 'stage', artifacts =>
	    [{ key => 'early.png', kind => 'x', role => 'intermediate' }]);
	is(job($id)->{json}{status}, 'IN_PROGRESS', 'in progress');
	is_deeply(job($id)->{json}{result}, [],
	    'no result, whatever there is in between');
	$t->event($id, 'something_else');
	is(job($id)->{json}{status}, 'IN_PROGRESS',
	    'an unknown type leaves the status');
	is(job($id)->{json}{latest_event}{event_type}, 'something_else',
	    'and is the latest event');
	$t->event($id, 'succeeded', artifacts => [
		{ key => 'a.png', kind => 'catalog_image', role => 'final',
			label => 'front', meta => { w => 1 } },
		{ key => 'b.png', kind => 'catalog_image', role => 'final' },
	]);
	my $json = job($id)->{json};

	is($json->{status}, 'SUCCESS', 'success');
	is(@{ $json->{result} }, 2, 'a result of two artifacts');
	is_deeply($json->{result}, newest($id)->{artifacts},
	    'the artifacts of the timeline, URLs and all');
	is_deeply([sort keys %{ $json->{result}[0] }],
	    [qw(image_url kind label meta role)], 'with their members');
	is_deeply($json->{latest_event}, newest($id), 'latest_event');
};

subtest 'a job that fails' => sub {
	my $id = $t->job($tenant);

	$t->event($id, 'failed', message => 'no memory', artifacts =>
	    [{ key => 'a.png', kind => 'x', role => 'final' }]);
	my $json = job($id)->{json};

	is($json->{status}, 'FAILURE', 'failure');
	is_deeply($json->{result}, [], 'no result');
	is($json->{latest_event}{message}, 'no memory', 'latest_event');
};

subtest 'internal events' => sub {
	my $id = $t->job($tenant);

	$t->event($id, 'stage', visibility => 'internal',
	    message => 'SECRET');
	my $answer = job($id);

	is($answer->{json}{status}, 'IN_PROGRESS', 'move the status');
	is($answer->{json}{latest_event}{event_type}, 'queued',
	    'but are not the latest event');
	unlike($answer->{content}, qr/SECRET/, 'and are not shown');
	$t->sql("SET session_replication_role = replica;
	    UPDATE jobtail.job_event SET visibility = 'internal'
	    WHERE job_id = (SELECT id FROM jobtail.job
		WHERE public_id = '$id')");
	is(job($id)->{json}{latest_event}, undef,
	    'without a public one latest_event is null');
};

subtest 'request' => sub {
	my $id = $t->job($tenant, request => '{"prompt": "é 🦖", "key": "SECRET1",
	    "image_key": "SECRET2", "n": 123456789012345678901234567890,
	    "keys": ["fine"], "monkey": "fine", "key_": "fine",
	    "_key": "SECRET3", "deep": [{"a": {"mask_key": "SECRET4", "b": 1.50}}],
	    "object_key": {"inner": "SECRET5"}, "Key": "fine",
	    "keyed": {"key": "SECRET6"}}');
	my $answer = job($id);
	my $request = $answer->{json}{request};

	unlike($answer->{content}, qr/SECRET/, 'no storage key at any depth');
	is_deeply([sort keys %$request], [sort qw(prompt n keys monkey key_
	    deep Key keyed)], 'members named key or *_key are left out');
	is_deeply($request->{keyed}, {}, 'those within others, too');
	is_deeply([sort keys %{ $request->{deep}[0]{a} }], ['b'],
	    'and within arrays');
	is($request->{prompt}, 'é 🦖', 'text is unharmed');
	like($answer->{content}, qr/123456789012345678901234567890[,}]/,
	    'so are large numbers');
	like($answer->{content}, qr/"b":\s*1\.50[,}]/, 'and zeros');
	is_deeply(job($t->job($tenant, request => '{}'))->{json}{request}, {},
	    'an empty one is {}');
};

subtest 'parameters and headers' => sub {
	my $id = $t->job($tenant);
	my $headers = job($id)->{headers};

	is($headers->{'cache-control'}, 'private, no-cache', 'open');
	like($headers->{etag}, qr/\A"[^"]+"\z/, 'a tag');
	is($t->get("/v1/jobs/$id?unknown=1", key => $key)->{content},
	    job($id)->{content}, 'unknown parameters are ignored');
	is($t->get("/v1/jobs/$id")->{status}, 401, 'it needs a key');
	$t->event($id, 'failed');
	is(job($id)->{headers}{'cache-control'}, 'private, max-age=3600',
	    'closed');
};

done_testing;
