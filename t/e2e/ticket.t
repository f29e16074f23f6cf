# Tickets: who gets one, what it opens, when it ends, and where it must not
# be seen.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Time::HiRes qw(time);
use Time::Local qw(timegm);
use Jobtail::Test;

my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $weak = $t->key($tenant, capabilities => ['jobs:write']);
my $job = $t->job($tenant);
my $other = $t->job($tenant);
my $foreign = $t->job($t->tenant);
my $unknown = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
my $path = "/v1/jobs/$job/events";
my $keys_file = $t->secret('ticket_keys', 'the ticket key of the first days');

$t->event($job, 'stage', message => "step $_") for 1 .. 4;

# A new ticket; it must not be found in a log at the end.
sub ticket (%o)
{
	my $of = $o{path} // $path;
	my $answer = $t->get("$of?ticket=new", key => $o{key} // $key);

	die "no ticket: $answer->{status} $answer->{content}\n"
	    if $answer->{status} != 200;
	push @{ $t->{keys} }, $answer->{json}{ticket};
	return wantarray ? @{ $answer->{json} }{qw(ticket expires_at)}
	    : $answer->{json}{ticket};
}

sub by_ticket ($ticket, $query = '', %o)
{
	return $t->get(($o{path} // $path) . "?ticket=$ticket$query", %o);
}

sub time_of ($text)
{
	my @part = $text =~ /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\z/
	    or return 0;

	return timegm(@part[5, 4, 3, 2], $part[1] - 1, $part[0]);
}

sub is_bad_ticket ($answer, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_envelope($answer, 401, 'UNAUTHORIZED', $name);
	is($answer->{headers}{'www-authenticate'},
	    'Bearer error="invalid_token"', '... with its challenge');
	return like($answer->{json}{error}{message}, qr/\bticket\b/,
	    '... and a message that names the ticket');
}

# An answer without what must differ from request to request.
sub essence ($answer)
{
	my %headers = %{ $answer->{headers} };
	my $id = delete $headers{'x-request-id'};

	delete @headers{qw(date keep-alive connection content-length
	    transfer-encoding jobtail-last-event-age)};
	return [$answer->{status}, \%headers,
	    $answer->{content} =~ s/\Q$id\E/ID/gr];
}

subtest 'off by default' => sub {
	my $wanted = essence($t->get($path, key => $key));

	for my $query ('ticket=new', 'ticket=', 'ticket=x', 'ticket') {
		is_deeply(essence($t->get("$path?$query", key => $key)),
		    $wanted, "$query is ignored");
		is_deeply(essence($t->get("$path?$query")),
		    essence($t->get($path)), 'and stands for no key');
	}
	$t->reconfigure(ticket_keys_file => $keys_file);
};

# --- making one ---

subtest 'a new ticket' => sub {
	my $begin = int time;
	my $answer = $t->get("$path?ticket=new", key => $key);
	my $headers = $answer->{headers};
	my ($ticket, $end) = @{ $answer->{json} }{qw(ticket expires_at)};

	push @{ $t->{keys} }, $ticket;
	is($answer->{status}, 200, 'status');
	is($headers->{'content-type'}, 'application/json', 'type');
	is($headers->{'cache-control'}, 'no-store', 'no-store');
	is($headers->{etag}, undef, 'no tag');
	is_ulid($headers->{'x-request-id'}, 'X-Request-Id');
	is_deeply([sort keys %{ $answer->{json} }], [qw(expires_at ticket)],
	    'members');
	like($ticket, qr/\A[\w-]{120}\z/, 'needs no encoding in a URL');
	cmp_ok(time_of($end), '>=', $begin + 300, 'five minutes');
	cmp_ok(time_of($end), '<=', time + 300, 'and no more');
	isnt(ticket(), $ticket, 'another one looks different');
	is($t->get("$path?ticket=new&since=3&limit=2&wait=0", key => $key,
		headers => { 'if-none-match' => '*' })->{status}, 200,
	    'parameters and tags change nothing');
	is(by_ticket(scalar ticket(path => "/v1/jobs/\L$job\E/events"))->{status},
	    200, 'an id in small letters is the same job');
	is($t->get("$path?ticket=new&ticket=x", key => $key)->{status}, 401,
	    'the last of two counts');
};

subtest 'HEAD and other methods' => sub {
	my $get = $t->get("$path?ticket=new", key => $key);
	my $head = $t->request('HEAD', "$path?ticket=new", key => $key);

	is_deeply(essence($head)->[1], essence($get)->[1],
	    'HEAD has the same headers');
	is($head->{content}, '', 'and no body');
	push @{ $t->{keys} }, $get->{json}{ticket};
	is_envelope($t->request('POST', "$path?ticket=new", key => $key), 405,
	    'METHOD_NOT_ALLOWED', 'POST');
	is($t->request('OPTIONS', "$path?ticket=new")->{status}, 204,
	    'OPTIONS');
};

subtest 'the checks before it' => sub {
	for ([$path, undef, 401], [$path, 'sk_live_nobody', 401],
	    [$path, $weak, 403]) {
		my ($of, $with, $status) = @$_;

		is_deeply(essence($t->get("$of?ticket=new", key => $with)),
		    essence($t->get($of, key => $with)), "as ever: $status");
	}
	is_envelope($t->get("$path?ticket=new&since=five", key => $key), 422,
	    'VALIDATION_ERROR', 'parameters');
	my $wanted = essence($t->get("/v1/jobs/$foreign/events", key => $key));

	is($wanted->[0], 404, 'ownership');
	for my $id ($foreign, $unknown, lc $foreign, 'X', '%20') {
		is_deeply(essence($t->get("/v1/jobs/$id/events?ticket=new",
		    key => $key)), $wanted, "$id");
	}
	is_envelope($t->get("/v1/jobs/$job/other?ticket=new", key => $key),
	    404, 'NOT_FOUND', 'a route');
};

# --- showing it ---

subtest 'a ticket opens the events' => sub {
	my $ticket = ticket;

	for my $query ('', '&since=2', '&limit=2', '&since=1&limit=1',
	    '&since=99') {
		is_deeply(essence(by_ticket($ticket, $query)),
		    essence($t->get("$path?a=b$query", key => $key)),
		    "as the key does: $query");
	}
	my $page = by_ticket($ticket, '&limit=2');

	is($page->{headers}{link} // '',
	    "<$path?since=2&limit=2>; rel=\"next\"", 'Link has no ticket');
	is(by_ticket($ticket, '', headers =>
		{ 'if-none-match' => by_ticket($ticket)->{headers}{etag} })
		->{status}, 304, 'tags work');
	is($t->get("$path?since=1&%74icket=$ticket")->{status}, 200,
	    'wherever it stands in the query');
	is(by_ticket($ticket, '', path => "/v1/jobs/\L$job\E/events")
		->{status}, 200, 'an id in small letters is the same job');
	my $head = $t->request('HEAD', "$path?ticket=$ticket");

	is($head->{status}, 200, 'HEAD');
	$t->event($job, 'stage', message => 'a later one');
	like(by_ticket($ticket, '&since=5')->{content}, qr/a later one/,
	    'what comes later too');
	is($t->request('POST', "$path?ticket=$ticket")->{status}, 405,
	    'POST is no way');
};

subtest 'and nothing else' => sub {
	my $ticket = ticket;

	for my $id ($other, $foreign, $unknown, 'X') {
		is_bad_ticket(by_ticket($ticket, '',
		    path => "/v1/jobs/$id/events"), "not those of $id");
	}
	my $detail = $t->get("/v1/jobs/$job?ticket=$ticket");

	is_envelope($detail, 401, 'UNAUTHORIZED', 'not the job itself');
	unlike($detail->{json}{error}{message}, qr/ticket/,
	    '... where it is an unknown parameter');
	is($t->get("/v1/jobs/$job?ticket=$_", key => $key)->{json}{job_type},
	    'CATALOG_RENDER', '... and ignored beside a key')
	    for $ticket, 'new', 'x';
	is($t->get("$path?ticket=$ticket&ticket=new")->{status}, 401,
	    'not another ticket');
	is($t->get($path, headers => { authorization => "Bearer $ticket" })
		->{status}, 401, 'not as a key');
};

subtest 'bad tickets' => sub {
	my $ticket = ticket;
	my $flip = sub ($at) {
		my $copy = $ticket;

		substr($copy, $at, 1) =~ tr/A-Za-z0-9_-/B-ZAb-za1-90\-_/;
		return $copy;
	};

	for ((map { [$_->[0], $flip->($_->[1])] } ['version', 1],
	    ['data set', 2], ['end', 12], ['random', 20], ['key', 50],
	    ['first of the MAC', 78], ['last of the MAC', 119]),
	    ['empty', ''], ['short', substr $ticket, 0, 119],
	    ['long', $ticket . 'A'], ['padded', "$ticket="],
	    ['NEW', 'NEW'], ['zeros', 'A' x 120], ['very long', 'A' x 4000],
	    ['bad encoding', "$ticket%"], ['NUL', "$ticket%00"],
	    ['space', "+$ticket"], ['UTF-8', '%C3%A9' x 20]) {
		my ($what, $bad) = @$_;

		is_bad_ticket(by_ticket($bad), $what);
		is(by_ticket($bad, '', key => $key)->{status}, 401,
		    '... beside a good key too');
	}
	is_bad_ticket(by_ticket('x', '&since=five'), 'before parameters');
	is(by_ticket($ticket, '&since=five')->{status}, 422,
	    'a good one comes to those');
	is(by_ticket($ticket, '', key => 'sk_live_nobody')->{status}, 200,
	    'a good one decides beside a bad key');
	is(by_ticket("x&ticket=$ticket")->{status}, 200,
	    'the last of two counts');
	is(by_ticket("$ticket&ticket=x")->{status}, 401, 'good or bad');
	my $leak = by_ticket($ticket, '&a=sk_live_x');

	is_envelope($leak, 401, 'UNAUTHORIZED', 'a key in the query beside it');
	unlike($leak->{json}{error}{message}, qr/ticket/, '... is told first');
};

subtest 'each data set has its own' => sub {
	my @schema = (schema => 'jobtail_test');
	my $test_tenant = $t->tenant(@schema);
	my $test_key = $t->key($test_tenant, @schema);
	my $id = '01TESTTESTTESTTESTTESTTEST';
	my $twin = "/v1/jobs/$id/events";

	$t->job($test_tenant, @schema, public_id => $id);
	$t->job($tenant, public_id => $id);
	$t->event($id, 'stage', message => 'of the test', @schema);
	$t->event($id, 'stage', message => 'of the living');
	my $test = ticket(path => $twin, key => $test_key);
	my $live = ticket(path => $twin);

	like(by_ticket($test, '', path => $twin)->{content}, qr/of the test/,
	    'a test key\'s opens the test job');
	like(by_ticket($live, '', path => $twin)->{content},
	    qr/of the living/, 'a live key\'s the live one of the same id');
	unlike(by_ticket($test, '', path => $twin, key => $key)->{content},
	    qr/of the living/, 'a live key beside it changes nothing');
	is_bad_ticket(by_ticket($test), 'a live job is not for it');
	is($t->get("$path?ticket=new", key => $test_key)->{status}, 404,
	    'nor can it be had');
};

# --- its end ---

subtest 'a ticket ends with its key' => sub {
	my ($revoked, $rotated, $weakened) = map { $t->key($tenant) } 1 .. 3;
	my $short = $t->key($tenant,
	    expires_at => "now() + interval '3 seconds'");
	my ($of_revoked, $of_rotated, $of_weakened) =
	    map { scalar ticket(key => $_) } $revoked, $rotated, $weakened;
	my ($of_short, $end) = ticket(key => $short);

	cmp_ok(time_of($end), '<=', time + 3, 'the key\'s end is its end');
	is(by_ticket($_)->{status}, 200, 'good') for $of_revoked, $of_rotated,
	    $of_weakened;
	$t->sql("SELECT jobtail.revoke_api_key('$revoked')");
	is_bad_ticket(by_ticket($of_revoked), 'revoked');
	is_bad_ticket(by_ticket($of_revoked, '', key => $key),
	    'another key does not help');
	push @{ $t->{keys} }, $t->sql("SELECT jobtail.rotate_api_key(
	    '$rotated')");
	is_bad_ticket(by_ticket($of_rotated), 'rotated');
	wait_for { by_ticket($of_short)->{status} == 401 } 10, 'its end';
	is_bad_ticket(by_ticket($of_short), 'expired');
	$t->sql("UPDATE jobtail.api_key SET capabilities = '{jobs:write}'
	    WHERE key_sha256 = sha256('$weakened')");
	is_envelope(by_ticket($of_weakened), 403, 'FORBIDDEN',
	    'what the key can no longer do, a ticket cannot');
	is(by_ticket(scalar ticket())->{status}, 200, 'others go on');
};

subtest 'a ticket ends by itself' => sub {
	$t->reconfigure(ticket_keys_file => $keys_file, ticket_ttl => '3s');
	my ($ticket, $end) = ticket;

	is(by_ticket($ticket)->{status}, 200, 'good');
	wait_for { by_ticket($ticket)->{status} == 401 } 10, 'its end';
	cmp_ok(time, '>=', time_of($end), 'not before expires_at');
	is_bad_ticket(by_ticket($ticket), 'over');
	is(by_ticket(scalar ticket())->{status}, 200, 'a new one is good');
};

subtest 'the ticket keys change' => sub {
	my @key = map { "$_ of the ticket keys" } qw(first second);
	my $set = sub (@lines) {
		$t->reconfigure(ticket_keys_file => $t->secret(
		    'ticket_keys', join "\n", @lines));
	};

	$set->($key[0]);
	my $old = ticket;

	$set->($key[1], $key[0]);
	is(by_ticket($old)->{status}, 200, 'the old key verifies');
	my $new = ticket;

	is(by_ticket($new)->{status}, 200, 'the new one signs');
	$set->($key[1]);
	is(by_ticket($new)->{status}, 200, 'and goes on');
	is_bad_ticket(by_ticket($old), 'without the old one');
};

# --- where it must not be seen ---

subtest 'no ticket in a log' => sub {
	my $ticket = ticket;
	my $id = by_ticket($ticket)->{headers}{'x-request-id'};

	by_ticket("${ticket}A");
	$t->get("/v1/nothing?ticket=$ticket");
	wait_for { $t->front->accesses =~ m{/v1/nothing} } 5, 'the log';
	unlike($t->front->accesses, qr/\Q$ticket\E|ticket=/,
	    'of the web server');
	$t->stop_servers;
	my @lines = map { $_->{line} } $t->log_lines;

	is(grep({ /id=\Q$id\E .*resource=events .*status=200/ } @lines), 1,
	    'the request is in ours');
	cmp_ok(grep({ /resource=ticket job=$job status=200/ } @lines), '>', 5,
	    'so are those that asked for one');
	is_deeply([grep { /\Q$ticket\E|ticket=/ } @lines], [],
	    'but no ticket');
	$t->start;
};

done_testing;
