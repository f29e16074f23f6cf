# What belongs to the web server's files: errors of its own in the envelope,
# logs without queries, TLS and HTTP/2, artifacts on the local disk.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::MD5 qw(md5);
use MIME::Base64 qw(encode_base64url);
use Jobtail::Process qw(find_program);
use Jobtail::Test;

my $link_secret = 'b3f1c0ffee';
my $t = setup;
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my $path = "/v1/jobs/$job/events";
my $is_nginx = !$t->is_apache;

$t->event($job, 'stage', artifacts => [{ key => 'out/a b+.txt',
    kind => 'catalog_image', role => 'final' }]);

# An error that the server makes itself: the envelope, with its own id.
sub is_servers_own ($head, $body, $status, $code, $name)
{
	return subtest $name => sub {
		my $json = eval { JSON::PP->new->decode($body) } // {};
		my ($id) = $head =~ /^x-request-id: (\S+)\r?$/mi;

		like($head, qr/\AHTTP\/[\d.]+ $status\b/, 'status');
		like($head, qr/^content-type: application\/json\r?$/mi, 'type');
		like($head, qr/^cache-control: no-store\r?$/mi, 'no-store');
		is($json->{error}{code}, $code, 'code');
		like($json->{error}{message}, qr/\S/, 'message');
		is($json->{error}{request_id}, $id // '',
		    'request_id is X-Request-Id');
	};
}

sub raw_is ($bytes, @wanted)
{
	my ($head, $body) = split /\r\n\r\n/, $t->raw($bytes), 2;

	return is_servers_own($head, $body, @wanted);
}

my $host = "Host: x\r\nConnection: close\r\n";

# a shared host has no say in this
if ($t->front->kind !~ /htaccess/) {
	subtest 'errors of the server itself' => sub {
		raw_is("GARBAGE\r\n\r\n", 400, 'BAD_REQUEST', 'no HTTP');
		raw_is("GET /v1/%zz HTTP/1.1\r\n$host\r\n", 400,
		    'BAD_REQUEST', 'bad percent-encoding in the path');
		raw_is('GET /v1/' . 'a' x 9000 . " HTTP/1.1\r\n$host\r\n", 414,
		    'URI_TOO_LONG', 'a long address');
		raw_is("GET $path HTTP/1.1\r\n${host}X: " . 'a' x 9000
		    . "\r\n\r\n", 400, 'BAD_REQUEST', 'a large header');
		raw_is("TRACE $path HTTP/1.1\r\n$host\r\n", 405,
		    'METHOD_NOT_ALLOWED', 'TRACE');
	};
}

# Apache only stops reading it
if ($t->front->kind !~ /proxy_fcgi|fcgid|htaccess\z/) {
	subtest 'a large body' => sub {
		raw_is("POST $path HTTP/1.1\r\n${host}Content-Length: "
		    . "100000\r\n\r\n" . 'x' x 16384, 413,
		    'PAYLOAD_TOO_LARGE', 'is refused');
	};
}

subtest 'our own errors pass untouched' => sub {
	is_envelope($t->get('/v1/nothing'), 404, 'NOT_FOUND', 'a path');
	is_envelope($t->get("$path?limit=x", key => $key), 422,
	    'VALIDATION_ERROR', 'a parameter');
	is_envelope($t->request('DELETE', $path), 405, 'METHOD_NOT_ALLOWED',
	    'a method');
};

# there must be a daemon to be away
if ($t->front->kind =~ /nginx|proxy_fcgi/) {
	subtest 'the responder is away' => sub {
		my $daemon = $t->responder;

		$t->allow_front(qr/connect\(\) to unix:/);
		$daemon->stop;
		my $answer = $t->get($path, key => $key);

		is($answer->{status}, 503, 'status');
		is($answer->{json}{error}{code}, 'UNAVAILABLE', 'code');
		is($answer->{json}{error}{request_id},
		    $answer->{headers}{'x-request-id'}, 'request_id');
		like($answer->{headers}{'retry-after'}, qr/\A[1-5]\z/,
		    'Retry-After');
		$daemon->start;
		wait_for { $t->get($path, key => $key)->{status} == 200 } 10,
		    'it to be back';
		pass('and back');
	};
}

subtest 'the log has no query' => sub {
	$t->get("$path?since=1&marker=MARKER", key => $key);
	$t->get('/v1/nothing?marker=MARKER');
	$t->raw("GET /v1/%zz?marker=MARKER HTTP/1.1\r\n$host\r\n");
	wait_for { $t->front->accesses =~ m{/v1/nothing} } 5, 'the log';
	unlike($t->front->accesses, qr/MARKER/, 'not a word of it');
};

if ($is_nginx) {

	subtest 'the log is JSON and has the id that the client was told' =>
	    sub {
		my $id = $t->get($path, key => $key)
		    ->{headers}{'x-request-id'};

		wait_for { $t->front->accesses =~ /\Q$id\E/ } 5, 'the line';
		my ($found) = grep { /\Q$id\E/ } split /\n/,
		    $t->front->accesses;
		my $record = eval { JSON::PP->new->decode($found) };

		is($record->{path}, $path, 'path');
		is($record->{status}, 200, 'status');
		is($record->{request_id}, $id, 'request_id');
	};

	subtest 'artifacts on the local disk' => sub {
		my $root = $t->dir . '/media';

		mkdir $_ for $root, "$root/artifacts", "$root/artifacts/out";
		spew("$root/artifacts/out/a b+.txt", "an artifact\n");
		@$t{qw(media_root media_secret)} = ($root, $link_secret);
		$t->reconfigure(store => 'secure_link',
		    secure_link_base => 'http://media.example.org/artifacts',
		    secure_link_secret_file =>
			$t->secret('link_secret', $link_secret));

		my $artifact = $t->get($path, key => $key)
		    ->{json}{events}[-1]{artifacts}[0];
		my ($link) = $artifact->{image_url}
		    =~ m{\Ahttp://media\.example\.org(/artifacts/.*)\z};
		my $answer = $t->get($link);

		is($answer->{status}, 200, 'the link that the answer has');
		is($answer->{content}, "an artifact\n", 'is the file');
		like($link, qr{\A/artifacts/out/a%20b%2B\.txt
		    \?md5=[\w-]{22}&expires=\d+\z}x, 'by nginx\'s scheme');
		is($t->get($link =~ s/md5=\K(.)/$1 eq 'A' ? 'B' : 'A'/er)
		    ->{status}, 403, 'a wrong hash');
		is($t->get($link =~ s/expires=\K\d+/2000000000/r)->{status},
		    403, 'another end');
		is($t->get($link =~ s/\?.*//r)->{status}, 403, 'no hash');
		my $hash = encode_base64url(md5(
		    "1000/artifacts/out/a b+.txt $link_secret"));

		is($t->get("/artifacts/out/a%20b%2B.txt?md5=$hash&expires=1000")
		    ->{status}, 410, 'a link that is over');
		is($t->request('PUT', $link, content => 'x')->{status}, 403,
		    'it is for reading');
		delete @$t{qw(media_root media_secret)};
	};

	subtest 'the example of a whole server: TLS and HTTP/2' => sub {
		my $curl = find_program('curl');

		plan(skip_all => 'curl is not installed') if !$curl;
		$t->{tls} = 1;
		$t->reconfigure;
		my $ask = sub ($target, @more) {
			my $url = $t->front->url . $target;
			open my $out, '-|', $curl, '-sS', '-i', '--max-time',
			    20, '--cacert', $t->front->{certificate},
			    @more, $url or die "curl: $!\n";
			local $/;
			my $said = <$out>;

			close $out;
			return split /\r\n\r\n/, $said, 2;
		};
		my ($head, $body) = $ask->($path, '--http2', '-H',
		    "Authorization: Bearer $key");

		like($head, qr/\AHTTP\/2 200\b/, 'HTTP/2');
		like($head, qr/^strict-transport-security: /mi, 'HSTS');
		is(JSON::PP->new->decode($body)->{public_id}, $job,
		    'the document');
		($head) = $ask->($path, '--http1.1', '-H',
		    "Authorization: Bearer $key");
		like($head, qr/\AHTTP\/1\.1 200\b/, 'HTTP/1.1');
		($head, $body) = $ask->('/other');
		is_servers_own($head, $body, 404, 'NOT_FOUND',
		    'a path outside of the API');
		($head, $body) = $ask->('/v1');
		is_servers_own($head, $body, 404, 'NOT_FOUND', '/v1');
		my $plain = $t->get($path, key => $key, port =>
		    $t->front->{plain_port});

		is($plain->{status}, 404, 'without TLS there is nothing');
		($head, $body) = $ask->("$path?limit=1", '--compressed', '-H',
		    "Authorization: Bearer $key");
		is(JSON::PP->new->decode($body)->{public_id}, $job,
		    'compressed or not');
		$t->{tls} = 0;
	};
}

done_testing;
