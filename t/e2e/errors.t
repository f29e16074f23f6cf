# Each error of the contract's table: its envelope, its headers, its place in
# the order of checks, and what an answer must not tell.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Time::HiRes qw(time);
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $weak = $t->key($tenant, capabilities => ['jobs:write']);
my $stranger = $t->tenant;
my $job = $t->job($tenant);
my $foreign = $t->job($stranger);
my $unknown = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
my $events = "/v1/jobs/$job/events";

sub challenge ($answer) { return $answer->{headers}{'www-authenticate'} }

# The text, without the one part of it that is random.
sub without_id ($answer)
{
	my $id = $answer->{headers}{'x-request-id'};

	return $answer->{content} =~ s/\Q$id\E//gr;
}

# An answer without what must differ from request to request, and without
# how the web server marks its end.
sub essence ($answer)
{
	my %headers = %{ $answer->{headers} };
	my $id = delete $headers{'x-request-id'};

	delete @headers{qw(date keep-alive connection content-length
	    transfer-encoding)};
	return [$answer->{status}, \%headers,
	    $answer->{content} =~ s/\Q$id\E/ID/gr];
}

subtest 'no key, or not a good one: 401' => sub {
	my $none = $t->get($events);

	is_envelope($none, 401, 'UNAUTHORIZED', 'no key');
	is(challenge($none), 'Bearer', 'the challenge, without an error');
	if ($t->is_apache) {
		like($none->{json}{error}{message}, qr/CGIPassAuth On/,
		    'the message names what Apache needs');
	} else {
		unlike($none->{json}{error}{message}, qr/Apache|CGIPassAuth/,
		    'the message does not speak of Apache');
	}
	for my $bad ('Bearer sk_live_nobody', 'Bearer nothing', 'Bearer',
	    'Basic dTpw', "Bearer $key$key", "Basic $key", $key,
	    "Bearer $key $key", "Bearer $key,Bearer $key",
	    'Bearer ' . 'sk_live_' . 'x' x 3000) {
		my $answer = $t->get($events,
		    headers => { authorization => $bad });
		my $name = substr $bad, 0, 25;

		is_envelope($answer, 401, 'UNAUTHORIZED', $name);
		like(challenge($answer), qr/\ABearer\b/, "$name: challenge");
	}
	like(challenge($t->get($events, key => 'sk_live_nobody')),
	    qr/\berror="invalid_token"/, 'an unknown key is invalid_token');
};

subtest 'not capable: 403' => sub {
	my $answer = $t->get($events, key => $weak);

	is_envelope($answer, 403, 'FORBIDDEN', 'a key without jobs:read');
	like(challenge($answer), qr/\ABearer\b.*\berror="insufficient_scope"/,
	    'the challenge says insufficient_scope');
};

subtest '404 of a job' => sub {
	for my $id ($foreign, $unknown) {
		for my $path ("/v1/jobs/$id", "/v1/jobs/$id/events") {
			is_envelope($t->get($path, key => $key), 404,
			    'JOB_NOT_FOUND', $path);
		}
	}
};

my @malformed = ('X', substr($unknown, 1), $unknown . '0',
    '8' . substr($unknown, 1), '9' . substr($unknown, 1),
    'A' . substr($unknown, 1), (map { substr($unknown, 0, 25) . $_ }
	qw(I L O U i l o u), '-', '_', '%20', '%C3%A9', '%0A', '*'),
    'events', '%F0%9F%A6%96', '0', '-', '01ARZ3NDEKTSV4RRFFQ69G5FAV.json');

subtest 'a foreign, an unknown and a malformed id are told alike' => sub {
	for my $tail ('', '/events', '/events?since=1&limit=2') {
		my $wanted = essence($t->get("/v1/jobs/$foreign$tail",
		    key => $key));

		for my $id ($unknown, lc $foreign, lc $unknown, @malformed) {
			is_deeply(essence($t->get("/v1/jobs/$id$tail",
			    key => $key)), $wanted, "$id$tail");
		}
		is_deeply(essence($t->get("/v1/jobs/$_$tail", key => $key,
		    headers => { 'if-none-match' => '*' })), $wanted,
		    "$_$tail with If-None-Match: *")
		    for $foreign, $unknown, 'X';
	}
};

subtest '404 of a path' => sub {
	for my $path ('/v1/', '/v1/jobs', '/v1/jobs/', "/v1/jobs/$job/",
	    "/v1/jobs/$job/events/", "/v1/jobs/$job/other",
	    "/v1/jobs/$job/events/1", "/v1/jobs/$job/EVENTS",
	    "/v1/Jobs/$job", '/v1/tenants', "/v1/v1/jobs/$job") {
		# .htaccess and ScriptAlias have "/v1/" only
		is_envelope($t->get($path), 404, 'NOT_FOUND',
		    "$path, without a key");
		is_envelope($t->get($path, key => $key), 404, 'NOT_FOUND',
		    "$path, with a key");
	}
};

subtest 'no such method: 405' => sub {
	for my $method (qw(POST PUT PATCH DELETE PROPFIND FOO)) {
		my $answer = $t->request($method, $events);

		is_envelope($answer, 405, 'METHOD_NOT_ALLOWED', $method);
		is_deeply([sort { $a cmp $b } header_list($answer, 'allow')],
		    [qw(GET HEAD OPTIONS)], "$method: Allow");
	}
	is_envelope($t->request('POST', $events, key => $key,
	    content => '{"since": 1}'), 405, 'METHOD_NOT_ALLOWED',
	    'with a key and a body');
};

subtest 'bad parameters: 422' => sub {
	my $answer = $t->get("$events?since=five", key => $key);

	is_envelope($answer, 422, 'VALIDATION_ERROR', 'one bad parameter');
	is_deeply($answer->{json}{detail}, [{ loc => ['query', 'since'],
	    type => 'int_parsing', msg => 'Input should be a valid integer, '
	    . 'unable to parse string as an integer' }], 'detail');

	my $all = $t->get("$events?wait=x&limit=0&since=9223372036854775808",
	    key => $key);

	is_envelope($all, 422, 'VALIDATION_ERROR', 'three of them');
	is_deeply($all->{json}{detail}, [
		{ loc => ['query', 'since'], type => 'less_than_equal',
			msg => 'Input should be less than or equal to '
			    . '9223372036854775807' },
		{ loc => ['query', 'limit'], type => 'greater_than_equal',
			msg => 'Input should be greater than or equal to 1' },
		{ loc => ['query', 'wait'], type => 'int_parsing',
			msg => 'Input should be a valid integer, unable to '
			    . 'parse string as an integer' },
	], 'detail has one entry each, in the order since, limit, wait');
};

subtest 'the order of checks' => sub {
	my $bad = 'since=five';
	my @cases = (
		['POST', '/v1/nothing', undef, 405, 'method before route'],
		['POST', "$events?$bad", undef, 405, 'method before all'],
		['GET', "/v1/nothing?$bad", undef, 404, 'route before key'],
		['GET', "$events?$bad", undef, 401, 'key before parameters'],
		['GET', "/v1/jobs/X/events?$bad", undef, 401,
			'key before a malformed id'],
		['GET', "/v1/jobs/$foreign/events?$bad", 'sk_live_nobody',
			401, 'a bad key before parameters and ownership'],
		['GET', "$events?$bad", $weak, 403,
			'capability before parameters'],
		['GET', "/v1/jobs/$foreign/events?$bad", $weak, 403,
			'capability before ownership'],
		['GET', "/v1/jobs/$foreign/events?$bad", $key, 422,
			'parameters before ownership'],
		['GET', "/v1/jobs/X/events?$bad", $key, 422,
			'parameters before a malformed id'],
		['GET', "/v1/jobs/$foreign/events", $key, 404,
			'ownership at last'],
	);

	for (@cases) {
		my ($method, $path, $with, $status, $name) = @$_;

		is($t->request($method, $path, key => $with,
		    headers => { 'if-none-match' => '*' })->{status}, $status,
		    $name);
	}
};

subtest 'no two answers share a request id' => sub {
	my %seen;

	$seen{ $t->get($events)->{headers}{'x-request-id'} }++ for 1 .. 20;
	is(keys %seen, 20, 'twenty of twenty');
};

# The counters of the event table, after all who read it have gone.
sub reads
{
	$t->stop_servers;
	wait_for {
		$t->sql("SELECT count(*) FROM pg_stat_activity
		    WHERE usename = 'jobtail_web'") eq '0'
	} 5, 'the readers to go';
	my $n = $t->sql("SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0)
	    FROM pg_stat_user_tables
	    WHERE schemaname = 'jobtail' AND relname = 'job_event'");

	$t->start;
	return $n;
}

subtest 'no event is read before ownership holds' => sub {
	my $before = reads();

	for my $path ("/v1/jobs/$foreign/events", "/v1/jobs/$unknown/events",
	    '/v1/jobs/X/events', "/v1/jobs/$foreign", "/v1/jobs/$unknown",
	    "$events?since=five") {
		$t->get($path, key => $key, headers => $_)
		    for {}, { 'if-none-match' => '*' };
		$t->get($path, key => $_) for $weak, 'sk_live_nobody';
		$t->get($path);
	}
	my $after = reads();

	is($after, $before, 'the event table was not touched');
	$t->get($events, key => $key);
	cmp_ok(reads(), '>', $after, 'by its owner it is');
};

subtest '500 tells nothing' => sub {
	my $name = 'jobtail.public_events(bigint, bigint, int)';
	my $tell = qr/public_events|gone|function|SQL|jobtail[._]|zero|SECRET|22012|42883/i;

	$t->allow_log(qr/error .*status=500/);
	$t->sql("ALTER FUNCTION $name RENAME TO gone");
	$t->sql("CREATE FUNCTION jobtail.public_events(job_id bigint,
	    since bigint, max_events int) RETURNS TABLE (seq bigint,
	    event_type text, stage text, message text, artifacts jsonb,
	    extra jsonb, created_at timestamptz) LANGUAGE plpgsql STABLE AS
	    \$\$ BEGIN RAISE EXCEPTION 'SECRET of %', 1 / 0; END \$\$");
	is($t->get('/v1/jobs/X/events', key => $key)->{status}, 404,
	    'what does not need it is answered');
	my $failing = $t->get($events, key => $key);

	is_envelope($failing, 500, 'INTERNAL', 'a function that fails');
	unlike(without_id($failing), $tell, 'why is not told');

	$t->sql("DROP FUNCTION $name");
	my $missing = $t->get($events, key => $key);

	is_envelope($missing, 500, 'INTERNAL', 'a function that is missing');
	unlike(without_id($missing), $tell, 'which is not told');
	$t->sql('ALTER FUNCTION jobtail.gone(bigint, bigint, int)
	    RENAME TO public_events');
	is($t->get($events, key => $key)->{status}, 200, 'and it is over');
};

subtest '503 while the database is away' => sub {
	$t->allow_log(qr/(?:warn|error) .*/);
	$t->pg->stop;
	for (1 .. 5) {
		my $begin = time;
		my $answer = $t->get($events, key => $key);

		is_envelope($answer, 503, 'UNAVAILABLE', "answer $_");
		like($answer->{headers}{'retry-after'}, qr/\A[1-5]\z/,
		    'Retry-After is 1 to 5');
		cmp_ok(time - $begin, '<', 2.5, 'in time');
		unlike(without_id($answer), qr/postgres|socket|connect|server/i,
		    'without a word of the database');
	}
	is($t->get('/v1/nothing')->{status}, 404,
	    'what needs no database is answered');
	is($t->get($events)->{status}, 401, 'a missing key too');
	$t->pg->start;
	wait_for { $t->get($events, key => $key)->{status} == 200 } 10,
	    'the database to be found again';
	pass('and it comes back');
};

done_testing;
