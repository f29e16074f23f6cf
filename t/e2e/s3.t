#!/usr/bin/perl
# Links into S3, held against a server that checks every signature.
use v5.36;
use utf8;
use Encode qw(encode);
use File::Find qw(find);
use File::Temp qw(tempdir);
use FindBin;
use POSIX qw(strftime);
use Time::HiRes qw(time);
use Time::Local qw(timegm);
use lib "$FindBin::Bin/../lib";
use Jobtail::Process qw(give_away);
use Jobtail::Swift;
use Jobtail::Test;

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output, Test::More->builder->todo_output;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $swift = Jobtail::Swift->new(dir => "$dir/swift")->start;

# Words that stand in no other place than a key or the bucket's name.
my $bucket = 'pantry7';
my $word = 'larder9';
my @keys = (
	"$word/plain.png",
	"$word/a b/é+1 (=&\$).png",
	"$word/+ = ! * ' , ; : @ ~ % # ?",
	"$word/- _ . ~ AZaz09.png",
	"$word/\"double\" 'single' `back` \\ <b>|^{}[].png",
	"$word/100%25 %2F %zz %",
	"$word/日本語/🦖 e\x{301} ß.png",
	"$word//two///slashes.png",
	"$word/./one/../dot/....png",
	"/$word/slash first",
	"$word/slash last/",
	"$word/tab\tline\nbell\a\x{7f}\x{85}\x{a0}.png",
	"$word/?X-Amz-Expires=604800&X-Amz-Signature=0#",
	"$word/" . 'é' x 500,
);
my %bytes;

for my $i (0 .. $#keys) {
	$bytes{ $keys[$i] } = "object $i\0\xff\r\n" . 'x' x $i;
	$swift->put($bucket, encode('UTF-8', $keys[$i]), $bytes{ $keys[$i] });
}
$swift->put('other7', $keys[0], 'of the other bucket');

sub secret ($name, $text)
{
	my $path = spew("$dir/$name", "$text\n", 0600);

	give_away($path);
	return $path;
}

sub conf (%more)
{
	return $swift->settings($bucket, secret('right', $swift->secret_key),
	    log_level => 'debug', %more);
}

my $t = setup(conf => { conf() });

# of the key with dots, which clients other than ours change
$t->allow_log(qr/ warn store name="" reason="browsers take/);

my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant, request => { image_key => "$word/request.png" });

$t->event($job, 'stage', artifacts => [map { artifact($_) } @keys[0 .. 4]]);
$t->event($job, 'succeeded',
    artifacts => [map { artifact($_) } @keys[5 .. $#keys]]);

sub artifact ($name)
{
	return { key => $name, kind => 'catalog_image', role => 'final',
		label => 'front', meta => { w => 1 } };
}

sub page ($of = $job, $more = '')
{
	return $t->get("/v1/jobs/$of/events$more", key => $key);
}

sub links ($page)
{
	return map { $_->{image_url} } map { @{ $_->{artifacts} } }
	    @{ $page->{json}{events} };
}

sub parameters ($link)
{
	return map { split /=/, $_, 2 } split /&/, $link =~ s/\A[^?]*\?//r;
}

sub signed_at ($link)
{
	my %p = parameters($link);
	my ($y, $mon, @rest) = $p{'X-Amz-Date'}
	    =~ /\A(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\z/
	    or die "no time: $link\n";

	return timegm(reverse(@rest), $mon - 1, $y);
}

sub ends_at ($link)
{
	return signed_at($link) + { parameters($link) }->{'X-Amz-Expires'};
}

# One that the server said about a link.
sub is_refused ($link, $why, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $answer = $swift->fetch($link);

	return is_deeply([$answer->{status},
	    $answer->{content} =~ $why ? "$why" : $answer->{content}],
	    [403, "$why"], $name);
}

my $no_match = qr/SignatureDoesNotMatch/;

# Key by key: where the link leads, and what is there.
sub all_work ($page, $base)
{
	my @links = links($page);

	is(@links, @keys, 'a link for each artifact');
	for my $i (0 .. $#links) {
		my $name = $keys[$i] =~ s/[^[:print:]]/./gr;
		my $path = encode('UTF-8', $keys[$i])
		    =~ s{([^A-Za-z0-9_.~/-])}{sprintf '%%%02X', ord $1}ger;
		my $answer = $swift->fetch($links[$i]);

		is($links[$i] =~ s/\?.*//r, "$base/$path",
		    substr "address of $name", 0, 60);
		is($answer->{status}, 200, '... is let in');
		ok($answer->{content} eq $bytes{ $keys[$i] },
		    '... to the right bytes');
	}
	return;
}

subtest 'the bucket in the path' => sub {
	all_work(page, $swift->endpoint . "/$bucket");
};

subtest 'a job\'s result' => sub {
	my $answer = $t->get("/v1/jobs/$job", key => $key);
	my @links = map { $_->{image_url} } @{ $answer->{json}{result} };

	is(@links, @keys - 5, 'the artifacts of the last event');
	is($swift->fetch($links[0])->{content}, $bytes{ $keys[5] },
	    'a link works');
};

subtest 'a link that was changed' => sub {
	my ($link, $other) = links(page);
	my %p = parameters($link);
	my $swap = sub ($name, $value) {
		$link =~ s/\Q$name=$p{$name}\E/$name=$value/r;
	};
	my $sum = $p{'X-Amz-Signature'};
	my $second = substr($p{'X-Amz-Date'}, 14, 1) eq '0' ? 1 : 0;
	my $forged = substr($sum, 0, 63)
	    . (substr($sum, 63) eq '0' ? '1' : '0');
	my %expires = map { $_ => $p{'X-Amz-Expires'} + $_ } -1, 1;

	is(length $sum, 64, 'a signature of 32 bytes');
	is($swift->fetch($link)->{status}, 200, 'unchanged it works');
	is_refused($swap->('X-Amz-Signature', $forged), $no_match,
	    'signature');
	is_refused($swap->('X-Amz-Signature', substr $sum, 0, 63), $no_match,
	    'signature cut');
	is_refused($link =~ s/&X-Amz-Signature=\w+//r, qr/AccessDenied/,
	    'no signature');
	like($swift->fetch($link =~ s/\?.*//r)->{status}, qr/\A4/,
	    'nothing at all');
	is_refused($swap->('X-Amz-Expires', $expires{$_}), $no_match,
	    "life by $_ s") for sort keys %expires;
	is_refused($swap->('X-Amz-Expires', 604800), $no_match, 'a week');
	is_refused($swap->('X-Amz-Date', $p{'X-Amz-Date'}
	    =~ s/\dZ\z/${second}Z/r), $no_match, 'date');
	is_refused($link =~ s/plain\.png/plain.pnh/r, $no_match, 'key');
	is_refused($other =~ s/\?.*//r . $link =~ s/\A[^?]*//r, $no_match,
	    'the key of another artifact');
	is_refused($link =~ s/$bucket/other7/r, $no_match, 'bucket');
	is_refused($link =~ s/127\.0\.0\.1/localhost/r, $no_match, 'host');
	is_refused("$link&response-content-type=text%2Fhtml", $no_match,
	    'a parameter more');

	my ($place) = $link =~ m{\Ahttp://[^/]+(/.*)};
	my ($host) = $link =~ m{\Ahttp://([^/]+)};

	for my $method (qw(PUT DELETE HEAD)) {
		is(Jobtail::Swift::ask($host =~ s/.*://r, $host, $place,
		    $method)->{status}, 403, "$method with it");
	}
	is($swift->fetch($link)->{content}, $bytes{ $keys[0] },
	    'and the object is as it was');
};

subtest 'what the links of a page share' => sub {
	my $now = int time;
	my $page = page;
	my @links = links($page);
	my %p = parameters($links[0]);
	my %queries = map { $_ => 1 }
	    map { s/\A[^?]*\?|&X-Amz-Signature=[0-9a-f]{64}\z//gr } @links;
	my $day = substr $p{'X-Amz-Date'}, 0, 8;

	is(keys %queries, 1, 'all but the signature');
	is_deeply([sort keys %p], [map { "X-Amz-$_" } qw(Algorithm Credential
	    Date Expires Signature SignedHeaders)], 'the parameters');
	is($p{'X-Amz-Credential'}, 'test%3Atester%2F' . $day
	    . '%2Fus-east-1%2Fs3%2Faws4_request', 'whose they are');
	is($p{'X-Amz-Expires'}, 900 + 300, 'life and window');
	cmp_ok(signed_at($links[0]), '<=', time, 'signed, not in the future');
	cmp_ok(signed_at($links[0]), '>', $now - 300, 'within the window');
	cmp_ok(ends_at($links[0]), '>=', $now + 900, 'the promised life');
	is($page->{headers}{'jobtail-artifacts-expire'},
	    strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime ends_at($links[0])),
	    'Jobtail-Artifacts-Expire');
};

# Two pages of the same window, but not of the same second; when it rolls over
# in between both are asked for again.
sub pages_of_a_window
{
	my $pages = wait_for {
		my $one = page;
		my $at = int time;

		wait_for { int time > $at } 5, 'the next second';
		my $two = page;

		time < signed_at((links($one))[0]) + 300 ? [$one, $two] : undef;
	} 20, 'two answers of a window';

	return @$pages;
}

subtest 'the same within the window' => sub {
	my ($one, $two) = pages_of_a_window;
	my $last = page($job, '?since=2');

	is($two->{content}, $one->{content}, 'byte by byte');
	is($two->{headers}{etag}, $one->{headers}{etag}, 'the tag');
	is_deeply([links($last)], [(links($one))[5 .. $#keys]],
	    'on another page of the job')
	    if signed_at((links($last))[0]) == signed_at((links($one))[0]);
	is($t->get("/v1/jobs/$job/events", key => $key,
	    headers => { 'if-none-match' => $one->{headers}{etag} })
	    ->{status}, 304, 'which a client need not read again')
	    if time < signed_at((links($one))[0]) + 300;
};

subtest 'jobs roll over at moments of their own' => sub {
	my %phases;

	for (1 .. 6) {
		my $id = $t->job($tenant);

		$t->event($id, 'stage', artifacts => [artifact($keys[0])]);
		$phases{ signed_at((links(page($id)))[0]) % 300 } = 1;
	}
	cmp_ok(keys %phases, '>', 1, 'not all at one');
};

# An answer without its links.
sub rest_of ($answer)
{
	return $answer->{content} =~ s/"image_url":\s*"[^"]*"//gr
	    . join "\n", map { ref $_ ? @$_ : $_ }
	    %{ $answer->{headers} };
}

subtest 'key and bucket are in links alone' => sub {
	my $tag = page->{headers}{etag};
	my $broken = $t->job($tenant);

	$t->allow_log(qr/cause="an artifact was left out/);
	$t->event($broken, 'stage', artifacts => [map { artifact($_) }
	    @keys[0, 1]]);
	$t->sql("SET session_replication_role = replica;
	    UPDATE jobtail.job_event
	    SET artifacts = jsonb_set(artifacts, '{0,kind}', '7')
	    WHERE artifacts <> '[]' AND job_id = (SELECT id FROM jobtail.job
		WHERE public_id = '$broken')");
	for my $path ("/v1/jobs/$job/events", "/v1/jobs/$job",
	    "/v1/jobs/$job/events?limit=2", "/v1/jobs/$broken/events",
	    "/v1/jobs/$broken") {
		my $answer = $t->get($path, key => $key);

		is($answer->{status}, 200, $path);
		like($answer->{content}, qr/$bucket.*$word/s, '... has links');
		unlike(rest_of($answer), qr/$bucket|$word/,
		    '... and nothing else tells');
	}
	is(links(page($broken)), 1, 'an artifact that is none is left out');
	unlike(rest_of($t->get("/v1/jobs/$job/events", key => $key,
	    headers => { 'if-none-match' => $tag })), qr/$bucket|$word/,
	    'nor does 304');
	unlike(rest_of($t->request('HEAD', "/v1/jobs/$job/events",
	    key => $key)), qr/$bucket|$word/, 'nor HEAD');
};

# --- other settings ---

subtest 'the bucket in the host' => sub {
	$t->reconfigure(conf(s3_addressing => 'virtual',
	    s3_endpoint => $swift->virtual_endpoint));
	all_work(page, $swift->virtual_endpoint =~ s{//}{//$bucket.}r);
	my ($link) = links(page);

	is_refused($link =~ s/$bucket/other7/r, $no_match, 'another bucket');
};

subtest 'the window rolls over' => sub {
	$t->reconfigure(conf(artifact_ttl => '60s', artifact_window => '2s'));
	my @old = links(page);
	my $seen = wait_for {
		my @now = links(page);

		$now[0] ne $old[0] ? \@now : undef;
	} 10, 'other links';
	my @new = @$seen;

	is(signed_at($new[0]) - signed_at($old[0]), 2, 'to the next')
	    if signed_at($new[0]) <= signed_at($old[0]) + 2;
	is((signed_at($new[0]) - signed_at($old[0])) % 2, 0,
	    'by whole windows');
	is(grep({ signed_at($_) == signed_at($new[0]) } @new), @keys,
	    'all links together');
	is({ parameters($new[0]) }->{'X-Amz-Expires'}, 62, 'life and window');
	is($swift->fetch($old[0])->{status}, 200, 'the old one works on');
	is($swift->fetch($new[0])->{status}, 200, 'so does the new one');
};

subtest 'the end of a link' => sub {
	$t->reconfigure(conf(artifact_ttl => '1s', artifact_window => '0'));
	my $link = wait_for {
		my ($fresh) = links(page);

		$swift->fetch($fresh)->{status} == 200 ? $fresh : undef;
	} 10, 'a link that works';

	is({ parameters($link) }->{'X-Amz-Expires'}, 1, 'a life of 1 s');
	wait_for { $swift->fetch($link)->{status} != 200 } 10, 'its end';
	cmp_ok(time, '>=', ends_at($link), 'not before it');
	is_refused($link, qr/has expired/, 'but then');
	is(scalar page($job)->{headers}{'cache-control'} =~ /max-age=(\d+)/
	    ? $1 : undef, 1, 'a closed page is kept for as long as it holds');
};

subtest 'the wrong credentials' => sub {
	$t->reconfigure(conf(s3_secret_key_file => secret('wrong',
	    'tasting')));
	is_refused($_, $no_match, 'secret') for (links(page))[0, 1];
	$t->reconfigure(conf(s3_access_key_id => 'test:taster'));
	is_refused((links(page))[0], $no_match, 'key id');
	$t->reconfigure(conf(s3_region => 'eu-central-1'));
	isnt($swift->fetch((links(page))[0])->{status}, 200, 'region');
};

subtest 'key and bucket are in no log' => sub {
	my ($n, @told) = (0);

	$t->stop_servers;
	find({ no_chdir => 1, wanted => sub {
		return $File::Find::prune = 1 if m{/pg\z};
		return if !-f || /conf\z|secret/;
		for my $line (split /\n/, slurp($_)) {
			$n++ if $line =~ m{/v1/jobs/};
			push @told, "$_: $line"
			    if $line =~ /$bucket|$word|X-Amz/i;
		}
	} }, $t->dir);
	cmp_ok($n, '>', 20, 'there are lines of requests');
	is_deeply(\@told, [], 'and none tells');
	cmp_ok(scalar(grep { $_->{text} =~ /\Astore name="" reason="browsers/ }
	    $t->log_lines), '>', 0, 'but that a key has dots is told');
};

ok($swift->stop, 'Swift ends in time');
done_testing;
