# The 200 document: exact members and types, the law of latest_seq, order,
# what is hidden, and text and numbers that pass through unharmed.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use B ();
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);

sub page ($job, $query = '', %o)
{
	return $t->get("/v1/jobs/$job/events$query", key => $key, %o);
}

sub seqs ($page) { return [map { $_->{seq} } @{ $page->{json}{events} }] }

# An integer in the JSON text, not a string that looks like one.
sub is_integer ($value, $name)
{
	my $flags = B::svref_2object(\$value)->FLAGS;

	return ok(($flags & B::SVf_IOK) && !($flags & B::SVf_POK), $name);
}

# The bytes of the member in the answer, as PostgreSQL prints that jsonb.
sub passes ($page, $member, $document, $name)
{
	my $printed = $t->sql('SELECT ' . Jobtail::Test::jsonb($document)
	    . '::text');

	return like($page->{content}, qr/"\Q$member\E":\s*\Q$printed\E[,}]/,
	    $name);
}

my $job = $t->job($tenant);
my $stage = $t->event($job, 'stage', message => 'rendering',
    stage => 'render', extra => { cost => 3 }, artifacts => [
	{ key => 'out/a b/é+1 (=&$).png', kind => 'on_model_render',
		role => 'intermediate', label => 'front', meta => { w => 2 } },
	{ key => 'out/2.png', kind => 'catalog_image', role => 'final',
		label => undef, meta => {} },
    ]);

subtest 'the document' => sub {
	my $page = page($job);
	my ($queued, $second) = @{ $page->{json}{events} };

	is($page->{status}, 200, 'status');
	is($page->{headers}{'content-type'}, 'application/json',
	    'the type, without a charset');
	is_deeply([sort keys %{ $page->{json} }],
	    [qw(events latest_seq public_id)], 'members');
	is($page->{json}{public_id}, $job, 'public_id');
	is_ulid($page->{json}{public_id}, 'which is a ULID');
	is_integer($page->{json}{latest_seq}, 'latest_seq is an integer');
	is(@{ $page->{json}{events} }, 2, 'two events');

	is_deeply([sort keys %$_], [qw(artifacts created_at event_type extra
	    message seq stage visibility)], "members of event $_->{seq}")
	    for $queued, $second;
	is_integer($_->{seq}, "seq $_->{seq} is an integer")
	    for $queued, $second;
	is_deeply(subset($queued, qw(event_type visibility stage message
	    artifacts extra)), { event_type => 'queued',
	    visibility => 'public', stage => undef, message => 'queued',
	    artifacts => [], extra => {} }, 'the event that create_job makes');
	is_deeply(subset($second, qw(seq event_type visibility stage message
	    extra)), { seq => $stage, event_type => 'stage',
	    visibility => 'public', stage => 'render',
	    message => 'rendering', extra => { cost => 3 } },
	    'the event that was appended');

	my ($one, $two) = @{ $second->{artifacts} };

	is_deeply([sort keys %$_], [qw(image_url kind label meta role)],
	    'members of an artifact') for $one, $two;
	is_deeply(subset($one, qw(kind role label meta)),
	    { kind => 'on_model_render', role => 'intermediate',
		label => 'front', meta => { w => 2 } }, 'the first one');
	is_deeply(subset($two, qw(kind role label meta)),
	    { kind => 'catalog_image', role => 'final', label => undef,
		meta => {} }, 'the second one');
	like($one->{image_url}, qr{\Ahttps://[^?]+
	    /out/a%20b/%C3%A9%2B1%20%28%3D%26%24%29\.png\?
	    .*X-Amz-Signature=[0-9a-f]{64}}x, 'a presigned URL');
	unlike($page->{content} =~ s/"image_url":\s*"[^"]*"//gr,
	    qr/"key"|out\/|renders/, 'key and bucket are nowhere else');
	like($page->{headers}{'jobtail-artifacts-expire'},
	    qr/\A\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\z/,
	    'Jobtail-Artifacts-Expire is an HTTP date');
};

subtest 'the law of latest_seq' => sub {
	my $last = $stage;

	is(page($job)->{json}{latest_seq}, $last, 'the last event here');
	is_deeply(seqs(page($job, '?since=0')), seqs(page($job)),
	    'since=0 is all');
	is_deeply(seqs(page($job, '?since=-5')), seqs(page($job)),
	    'so is a negative since');
	is_deeply(page($job, "?since=$last")->{json},
	    { public_id => $job, events => [], latest_seq => $last },
	    'nothing new: since, echoed');

	my $ahead = page($job, '?since=' . ($last + 1000));

	is_deeply($ahead->{json}, { public_id => $job, events => [],
	    latest_seq => $last + 1000 }, 'past the tail: since, echoed');
	is($ahead->{headers}{'jobtail-cursor'}, 'ahead', 'and said so');
	is(page($job, "?since=$last")->{headers}{'jobtail-cursor'}, undef,
	    'at the tail is not past it');

	my $limited = page($job, '?limit=1');

	is_deeply($limited->{json}{latest_seq}, seqs($limited)->[-1],
	    'a cut page: its own last one, never the maximum');
	cmp_ok($limited->{json}{latest_seq}, '<', $last, 'which is smaller');

	is(page($job, '?since=9223372036854775807')->{json}{latest_seq},
	    9223372036854775807, 'the largest since');
	is(page($job, '?since=-9223372036854775808')->{json}{latest_seq},
	    $last, 'the smallest since');
};

subtest 'internal events' => sub {
	my $job = $t->job($tenant);
	my $hidden = $t->event($job, 'stage', visibility => 'internal',
	    message => 'SECRET', extra => { secret => 'SECRET' });
	my $page = page($job);

	is(@{ $page->{json}{events} }, 1, 'are not shown');
	unlike($page->{content}, qr/SECRET/, 'in no way');
	cmp_ok($page->{json}{latest_seq}, '<', $hidden,
	    'and latest_seq stays at the public one');

	my $behind = page($job, "?since=$page->{json}{latest_seq}");

	is_deeply($behind->{json}, { public_id => $job, events => [],
	    latest_seq => $page->{json}{latest_seq} },
	    'a poll behind it is empty');
	is(page($job, "?since=$hidden")->{headers}{'jobtail-cursor'}, undef,
	    'a cursor at an internal event is not ahead');

	my $shown = $t->event($job, 'stage');

	is_deeply(seqs(page($job, "?since=$page->{json}{latest_seq}")),
	    [$shown], 'the next public one comes');
	cmp_ok($shown, '>', $hidden, 'with a hole before it');
};

subtest 'a job without public events' => sub {
	my $job = $t->job($tenant);

	$t->sql("SET session_replication_role = replica;
	    UPDATE jobtail.job_event SET visibility = 'internal'
	    WHERE job_id = (SELECT id FROM jobtail.job
		WHERE public_id = '$job')");
	is_deeply(page($job)->{json}, { public_id => $job, events => [],
	    latest_seq => undef }, 'no cursor: null');
	is_deeply(page($job, '?since=0')->{json}, { public_id => $job,
	    events => [], latest_seq => 0 }, 'a cursor: echoed');
};

subtest 'ascending, however they were written' => sub {
	my $job = $t->job($tenant);
	my $n = 60;

	$t->sql("SELECT " . Jobtail::Test::event_call($job, 'stage')
	    . " FROM generate_series(1, $n)");
	my $seqs = seqs(page($job));

	is(@$seqs, $n + 1, 'all of them');
	is_deeply($seqs, [sort { $a <=> $b } @$seqs], 'in order');
};

subtest 'types of events' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'a_type_of_the_future');
	is(page($job)->{json}{events}[-1]{event_type},
	    'a_type_of_the_future', 'an unknown one passes');
	$t->event($job, 'failed', message => 'out of memory',
	    extra => { error => 'OOM' });
	is_deeply(subset(page($job)->{json}{events}[-1], qw(event_type
	    message extra)), { event_type => 'failed',
	    message => 'out of memory', extra => { error => 'OOM' } },
	    'failed');
};

subtest 'awkward text' => sub {
	my $job = $t->job($tenant);

	for my $message ('naïve – 日本語 – עברית – 🦖', "e\x{301} \x{200b}\x{feff}",
	    "\x{2028}\x{2029}", "\x{10ffff}\x{fffd}", q("\\/'`<>&), "\t\n\r",
	    join('', map { chr } 1 .. 31, 127, 128, 159), '{"a":1}', ' ',
	    "\\u0041\\n", 'x' x 65536) {
		$t->sql('SELECT ' . Jobtail::Test::event_call($job, 'stage',
		    message => $message, stage => substr $message, 0, 20));
		my $page = page($job);

		ok($page->{json}, 'JSON') or next;
		is($page->{json}{events}[-1]{message}, $message,
		    'a message of ' . length($message));
		is($page->{json}{events}[-1]{stage},
		    substr($message, 0, 20), 'and as a stage');
		ok(utf8::decode(my $bytes = $page->{content}), 'UTF-8');
	}
};

subtest 'extra and meta pass through' => sub {
	my %documents = (
		'numbers beyond 64 bits' =>
		    '{"n": 123456789012345678901234567890, "m": -9223372036854775809}',
		'long fractions' =>
		    '{"pi": 3.14159265358979323846264338327950288419716939937510}',
		'trailing zeros' => '{"a": 1.0, "b": 1.500, "c": 0.00}',
		'exponents' => '{"a": 1e40, "b": 1E-40, "c": 123e-2}',
		'the ends of 64 bits' =>
		    '{"a": 9223372036854775807, "b": -9223372036854775808, "c": 18446744073709551615}',
		'deep nesting' => '{"a": ' . '[' x 60 . ']' x 60 . '}',
		'deep objects' => '{"a": ' x 60 . 'null' . '}' x 60,
		'text' => '{"é🦖": "\"\\\\ \/ \u2028 \u0001 \ud83e\udd96"}',
		'names like ours' =>
		    '{"key": "v", "seq": 1, "events": [], "image_url": null}',
		'empty things' => '{"": {}, "a": [], "b": "", "c": null}',
		'booleans' => '{"t": true, "f": false}',
	);

	for my $name (sort keys %documents) {
		my $job = $t->job($tenant);

		$t->event($job, 'stage', extra => $documents{$name},
		    artifacts => qq([{"key": "k", "kind": "x", "role": "final", "label": null, "meta": $documents{$name}}]));
		my $page = page($job);

		ok($page->{json}, "$name: JSON");
		passes($page, 'extra', $documents{$name}, "$name: extra");
		passes($page, 'meta', $documents{$name}, "$name: meta");
	}
};

subtest 'artifacts with little in them' => sub {
	my $job = $t->job($tenant);

	$t->event($job, 'succeeded', artifacts =>
	    [{ key => 'a.png', kind => 'catalog_image', role => 'final' }]);
	is_deeply(subset(page($job)->{json}{events}[-1]{artifacts}[0],
	    qw(kind role label meta)), { kind => 'catalog_image',
	    role => 'final', label => undef, meta => {} },
	    'no label is null, no meta is {}');
};

subtest 'created_at' => sub {
	my $job = $t->job($tenant);
	my %printed = (
		'2026-01-02 03:04:05+00' => '2026-01-02T03:04:05Z',
		'2026-01-02 03:04:05.5+00' => '2026-01-02T03:04:05.500000Z',
		'2026-01-02 03:04:05.000001+00' =>
		    '2026-01-02T03:04:05.000001Z',
		'2026-01-02 03:04:05.123456+02' =>
		    '2026-01-02T01:04:05.123456Z',
		'1999-12-31 23:59:59.999999+00' =>
		    '1999-12-31T23:59:59.999999Z',
		'2024-02-29 00:00:00+00' => '2024-02-29T00:00:00Z',
		'1969-12-31 23:59:59.25+00' => '1969-12-31T23:59:59.250000Z',
		'0044-03-15 12:00:00+00' => '0044-03-15T12:00:00Z',
	);

	for my $stored (sort keys %printed) {
		$t->sql("SET session_replication_role = replica;
		    UPDATE jobtail.job_event SET created_at = '$stored'
		    WHERE job_id = (SELECT id FROM jobtail.job
			WHERE public_id = '$job')");
		is(page($job)->{json}{events}[0]{created_at},
		    $printed{$stored}, $stored);
	}
};

subtest 'the id in either case' => sub {
	my $page = page(lc $job);

	is($page->{status}, 200, 'lower case is found');
	is($page->{json}{public_id}, $job, 'and written in upper case');
};

subtest 'live and test' => sub {
	my $other = $t->tenant(schema => 'jobtail_test');
	my $test_key = $t->key($other, schema => 'jobtail_test');
	my $test_job = $t->job($other, schema => 'jobtail_test');

	like($key, qr/\Ask_live_/, 'a live key');
	like($test_key, qr/\Ask_test_/, 'a test key');
	is(page($test_job, '', key => $test_key)->{status}, 200,
	    'a test key reads a test job');
	is(page($test_job)->{json}{error}{code}, 'JOB_NOT_FOUND',
	    'a live key does not');
	is(page($job, '', key => $test_key)->{json}{error}{code},
	    'JOB_NOT_FOUND', 'nor a test key a live job');

	$t->job($tenant, public_id => '01ARZ3NDEKTSV4RRFFQ69G5FAV');
	$t->job($other, schema => 'jobtail_test',
	    public_id => '01ARZ3NDEKTSV4RRFFQ69G5FAV');
	$t->event('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'stage',
	    message => 'only here', schema => 'jobtail_test');
	is(@{ page('01ARZ3NDEKTSV4RRFFQ69G5FAV')->{json}{events} }, 1,
	    'the same id in both is two jobs');
	is(page('01ARZ3NDEKTSV4RRFFQ69G5FAV', '', key => $test_key)
	    ->{json}{events}[-1]{message}, 'only here', 'each of its own');
};

subtest 'headers of an open timeline' => sub {
	my $headers = page($job)->{headers};

	is($headers->{'jobtail-up-to-date'}, 'true', 'Jobtail-Up-To-Date');
	is($headers->{'jobtail-closed'}, undef, 'no Jobtail-Closed');
	is($headers->{'jobtail-job-status'}, 'IN_PROGRESS',
	    'Jobtail-Job-Status');
	like($headers->{'jobtail-last-event-age'}, qr/\A\d+\z/,
	    'Jobtail-Last-Event-Age');
	is_ulid($headers->{'x-request-id'}, 'X-Request-Id');
};

subtest 'X-Poll-Interval follows the age of the last event' => sub {
	my $job = $t->job($tenant);

	for ([0, 2], [58, 2], [62, 5], [595, 5], [605, 15], [90000, 15]) {
		my ($age, $interval) = @$_;

		$t->sql("SET session_replication_role = replica;
		    UPDATE jobtail.job_event
		    SET created_at = now() - interval '$age seconds'
		    WHERE job_id = (SELECT id FROM jobtail.job
			WHERE public_id = '$job')");
		my $headers = page($job)->{headers};

		is($headers->{'x-poll-interval'}, $interval, "$age s");
		cmp_ok(abs $headers->{'jobtail-last-event-age'} - $age, '<=',
		    2, 'and the age is said');
	}
};

subtest 'a closed timeline' => sub {
	my $job = $t->job($tenant);
	my $end = $t->event($job, 'succeeded');
	my $page = page($job);

	is($page->{headers}{'jobtail-closed'}, 'true', 'Jobtail-Closed');
	is($page->{headers}{'jobtail-up-to-date'}, 'true',
	    'Jobtail-Up-To-Date');
	is($page->{headers}{'jobtail-job-status'}, 'SUCCESS', 'status');
	is($page->{headers}{'jobtail-last-event-age'}, undef, 'no age');
	is($page->{headers}{'x-poll-interval'}, undef, 'no interval');
	is(page($job, "?since=$end")->{headers}{'jobtail-closed'}, 'true',
	    'closed too when the end is at since');

	my $cut = page($job, '?limit=1');

	is($cut->{headers}{'jobtail-closed'}, undef,
	    'a cut page is not closed');
	is($cut->{headers}{'jobtail-up-to-date'}, undef, 'nor up to date');
};

subtest 'what one does not ask for changes nothing' => sub {
	my $plain = page($job)->{content};

	for my $headers ({ accept => 'text/html' }, { accept => '*/*;q=0' },
	    { accept => 'application/json' }, { 'x-other' => 'y' },
	    { 'accept-language' => 'de' }, { range => 'bytes=0-3' }) {
		my $page = page($job, '?unknown=1&Since=99&since[]=99',
		    headers => $headers);

		is($page->{status}, 200, join ' ', %$headers);
		is_deeply([$page->{json}], [page($job)->{json}], 'the same');
	}
	is(page($job)->{content}, $plain, 'the bytes do not change');
};

done_testing;
