#!/usr/bin/perl
# Several stores at once: Swift, which checks S3's signatures, nginx, which
# checks secure_link's, one without URLs, and a name that nobody knows.
use v5.36;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use List::Util qw(min);
use POSIX qw(strftime);
use Time::HiRes qw(time);
use Time::Local qw(timegm);
use lib "$FindBin::Bin/../lib";
use Jobtail::Front;
use Jobtail::Process qw(give_away);
use Jobtail::Responder;
use Jobtail::Swift;
use Jobtail::Test;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $dir;
my $swift = Jobtail::Swift->new(dir => "$dir/swift")->start;
my %canary = map { $_ => "canary-of-$_-7d3" }
    qw(s3 token link unused spilt);
my $word = 'larder9';
my $base = 'http://media.example.org/artifacts';

$swift->put('pantry7', "$word/a b.png", 'of the default store');
$swift->put('cellar7', "$word/a b.png", 'of the second bucket');
make_path("$dir/media/artifacts/$word");
spew("$dir/media/artifacts/$word/a b.png", 'of the disk');

my $media = Jobtail::Front->new(dir => $dir, kind => 'nginx',
    socket => "$dir/nobody", media_root => "$dir/media",
    media_secret => $canary{link})->start;

sub secret ($name, $text, $mode = 0600)
{
	my $path = spew("$dir/secret-$name", "$text\n", $mode);

	give_away($path);
	return $path;
}

sub swift_store (%more)
{
	return $swift->settings('pantry7',
	    secret('swift', $swift->secret_key), %more);
}

my %ttl = (default => 900, disk => 60, saved => 3600);
my %window = (default => 300, disk => 40, saved => 70);

# life: of all URLs, else as above.
sub conf (%o)
{
	my $times = sub ($name) {
		return $o{life} ? (artifact_ttl => $o{life},
			artifact_window => 0)
		    : (artifact_ttl => $ttl{$name},
			artifact_window => $window{$name});
	};

	return (
		log_level => 'debug',
		swift_store($times->('default')),
		'store disk' => {
			store => 'secure_link',
			secure_link_base => $base,
			secure_link_secret_file =>
			    secret('link', $canary{link}),
			$times->('disk'),
		},
		'store nowhere' => { store => 'none' },
		'store saved' => {
			swift_store(s3_bucket => 'cellar7',
			    s3_response_content_disposition => 'attachment',
			    s3_response_cache_control =>
			    'private, max-age=77', $times->('saved')),
		},
		'store unused' => {
			swift_store(s3_secret_key_file =>
			    secret('s3', $canary{s3}),
			    s3_session_token_file =>
			    secret('token', $canary{token})),
		},
	);
}

my $t = setup(conf => { conf() });
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);

sub artifact ($store)
{
	return { key => "$word/a b.png", kind => 'catalog_image',
		role => 'final', label => $store // 'default',
		defined $store ? (store => $store) : () };
}

$t->event($job, 'stage', artifacts => [map { artifact($_) }
    undef, 'nowhere', 'disk', 'wrong', 'saved', 'wrong']);
$t->event($job, 'stage', artifacts => [artifact('saved')]);
$t->event($job, 'succeeded', artifacts => [artifact('disk'),
    artifact('wrong'), artifact(undef)]);
$t->allow_log(qr/ error store name="wrong" reason="no section has that name"/);

sub page ($more = '', @more)
{
	return $t->get("/v1/jobs/$job/events$more", key => $key, @more);
}

sub artifacts ($page)
{
	return map { @{ $_->{artifacts} } } @{ $page->{json}{events} };
}

# The links of the first event, by the label, which is the store.
sub links ()
{
	return map { $_->{label} => $_->{image_url} }
	    @{ page->{json}{events}[1]{artifacts} };
}

sub fetch ($link)
{
	return $swift->fetch($link) if $link !~ /\A\Q$base/;
	my ($host, $path) = $link =~ m{\Ahttp://([^/]+)(/\S*)\z};

	return Jobtail::Swift::ask($media->port, $host, $path);
}

sub signed_at ($link)
{
	my ($y, $mon, @rest) = $link
	    =~ /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/
	    or die "no time: $link\n";

	return timegm(reverse(@rest), $mon - 1, $y);
}

sub ends_at ($link)
{
	return $1 if $link =~ /&expires=(\d+)\z/;
	return signed_at($link) + ($link =~ /X-Amz-Expires=(\d+)/)[0];
}

# Runs the program to its end: its exit status and all that it printed.
sub run_it ($conf, @arguments)
{
	my $file = Jobtail::Responder::write_conf("$dir/run.conf", $conf);
	my $pid = open my $out, '-|';

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		exec Jobtail::Responder::binary(), '-c', $file, @arguments;
	}
	my $text = do { local $/; <$out> };
	close $out;
	return ($? >> 8, $text // '', $file);
}

subtest 'one event, artifacts of each store' => sub {
	my $page = page;
	my @all = artifacts($page);

	is($page->{status}, 200, 'an answer');
	is_deeply([map { $_->{label} } @all],
	    [qw(default disk saved), 'saved', qw(disk default)],
	    'none for the store without URLs, nor for the unknown one');
	is_deeply([map { sort keys %$_ } $all[0], $all[1]],
	    [(qw(image_url kind label meta role)) x 2], 'the members');
	unlike($page->{content}, qr/"store"/, 'whose store is not said');

	my %link = links;

	like($link{default}, qr{\A\Q@{[$swift->endpoint]}\E/pantry7/},
	    'where the flat keys say');
	like($link{disk}, qr{\A\Q$base/$word\E/a%20b\.png\?md5=},
	    'on the disk');
	like($link{saved}, qr{/cellar7/}, 'in another bucket');
	is(fetch($link{$_})->{status}, 200, "$_ is let in")
	    for sort keys %link;
	is(fetch($link{default})->{content}, 'of the default store',
	    'default: its bytes');
	is(fetch($link{disk})->{content}, 'of the disk', 'disk: its bytes');
	is(fetch($link{saved})->{content}, 'of the second bucket',
	    'saved: its bytes');
};

subtest 'the other forms' => sub {
	my $lines = page('', headers => { accept => 'application/x-ndjson' });

	is($lines->{status}, 200, 'lines');
	is(scalar(() = $lines->{content} =~ /"image_url"/g), 6,
	    '... have the same links');
	unlike($lines->{content}, qr/"store"/, '... and no more');
	my $detail = $t->get("/v1/jobs/$job", key => $key);

	is($detail->{status}, 200, 'the job');
	is_deeply([map { $_->{label} } @{ $detail->{json}{result} }],
	    [qw(disk default)], '... and its result');
};

subtest 'a link that was changed' => sub {
	my %link = links;

	is(fetch($link{$_} =~ s/(Signature=|md5=)(.)/$1 . ($2 eq '1' ? 2 : 1)/er)
	    ->{status}, 403, "$_: signature") for sort keys %link;
	is(fetch($link{$_} =~ s/a%20b/a%20c/r)->{status}, 403, "$_: key")
	    for sort keys %link;
	is(fetch($link{saved} =~ s/attachment/inline/r)->{status}, 403,
	    'what to answer with');
	is(fetch($link{saved} =~ s/&response-content-disposition=\w+//r)
	    ->{status}, 403, 'nothing to answer with');
};

subtest 'what the store is told to answer with' => sub {
	my %link = links;
	my $saved = fetch($link{saved})->{headers};
	my $plain = fetch($link{default})->{headers};

	is($saved->{'content-disposition'}, 'attachment',
	    'Content-Disposition');
	is($saved->{'cache-control'}, 'private, max-age=77', 'Cache-Control');
	is($plain->{'content-disposition'}, undef, 'not by another store');
};

# Each answer tells the earliest end and roll-over of the links in it.
subtest 'windows of several lengths' => sub {
	my $told = 0;

	for my $since (0, 2, 3, 4) {
		my $before = int time;
		my $page = page("?since=$since");
		my $after = int time;
		my @all = artifacts($page);
		my ($expire, $cache) = @{ $page->{headers} }{
		    'jobtail-artifacts-expire', 'cache-control'};

		if (!@all) {
			is($expire, undef, 'no links, no end');
			is($cache, 'private, max-age=3600', '... but an age');
			next;
		}
		my $end = min map { ends_at($_->{image_url}) } @all;
		my $rolls = min map { ends_at($_->{image_url})
		    - $ttl{ $_->{label} } } @all;
		my ($age) = $cache =~ /\Aprivate, max-age=(\d+)\z/;

		is($expire, strftime('%a, %d %b %Y %H:%M:%S GMT',
		    gmtime $end), "since=$since: the earliest end");
		cmp_ok($age, '<=', $rolls - $before, '... and roll-over');
		cmp_ok($age, '>=', $rolls - $after, '... no earlier');
		for (@all) {
			my $left = ends_at($_->{image_url}) - $before;

			cmp_ok($left, '>=', $ttl{ $_->{label} },
			    "... $_->{label}: its promise");
			cmp_ok($left, '<=', $ttl{ $_->{label} }
			    + $window{ $_->{label} } + 1, '... and window');
		}
		$told++;
	}
	is($told, 3, 'three pages had links');
};

subtest 'the tag goes with the shortest window' => sub {
	my $pair = wait_for {
		my $one = page;
		my $two = page;
		my $rolls = min map { ends_at($_->{image_url})
		    - $ttl{ $_->{label} } } artifacts($one);

		time < $rolls ? [$one, $two] : undef;
	} 20, 'two answers of a window';
	my ($one, $two) = @$pair;

	is($two->{content}, $one->{content}, 'the same bytes');
	is($two->{headers}{etag}, $one->{headers}{etag}, 'and tag');
};

subtest 'the unknown store is in the log' => sub {
	my @lines = map { $_->{line} } grep { $_->{text} =~ /\Astore / }
	    $t->log_lines;

	cmp_ok(scalar @lines, '>=', 1, 'there is a line');
	is(scalar @lines, 1, 'one a minute, whoever asks')
	    if !Jobtail::Front::starts(Jobtail::Front::chosen());
	like($lines[0] =~ s/left_out=\d+/left_out=N/r, qr/ error \Q@{[
	    'store name="wrong" reason="no section has that name" '
	    . "artifacts_left_out=N job=$job "
	    . 'do="add [store NAME] to the settings"']}\E\z/,
	    'which says what to do');
	is(scalar(grep { /$word/ } @lines), 0, 'without the key');
};

subtest 'the end of a link' => sub {
	$t->reconfigure(conf(life => '1s'));
	my $fresh = wait_for {
		my %now = links;

		(grep { fetch($_)->{status} != 200 } values %now)
		    ? undef : \%now;
	} 10, 'links that work';
	my %link = %$fresh;

	is(keys %link, 3, 'three of them');
	for my $name (sort keys %link) {
		wait_for { fetch($link{$name})->{status} != 200 } 10, 'its end';
		cmp_ok(time, '>=', ends_at($link{$name}), "$name: not before");
		is(fetch($link{$name})->{status}, $name eq 'disk' ? 410 : 403,
		    '... but then');
	}
};

# --- the settings ---

my %good = %{ $t->conf };
my @texts;

sub refuses ($name, $wanted, %conf)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $text, $file) = run_it({ %good, %conf }, '-t');

	push @texts, $text;
	is($status, 1, "$name: refused");
	like($text, qr/\Q$file\E:\d+: $wanted/, '... with line and store');
}

subtest 'each store is checked, and named' => sub {
	my %disk = %{ $good{'store disk'} };
	my %saved = %{ $good{'store saved'} };

	refuses('no base', 'store disk: secure_link_base must be the address',
	    'store disk' => { %disk, secure_link_base => undef });
	refuses('no secret', 'store disk: secure_link_secret_file is not set;'
	    . ' write the name of a file',
	    'store disk' => { %disk, secure_link_secret_file => undef });
	refuses('nothing at all', 'store new: s3_region is not set; write',
	    'store new' => {});
	refuses('too long a life',
	    'store saved: artifact_ttl and artifact_window must not be more',
	    'store saved' => { %saved, artifact_ttl => '168h',
		artifact_window => '1h' });
	refuses('a header that is not safe', 'store saved: '
	    . 's3_response_cache_control must be a list of public',
	    'store saved' => { %saved,
		s3_response_cache_control => 'public, x=y' });
	refuses('another one', 'store saved: s3_response_content_disposition'
	    . ' must be inline or attachment', 'store saved' => { %saved,
		s3_response_content_disposition => 'filename=x' });
	refuses('a secret that is spilt',
	    'store saved: s3_secret_key_file: others may read',
	    'store saved' => { %saved, s3_secret_key_file =>
		secret('spilt', $canary{spilt}, 0644) });
	refuses('an address', 'store saved: s3_endpoint must be',
	    'store saved' => { %saved, s3_endpoint => 'h' });
	refuses('a key that is no store\'s', "'workers' is no key of a store",
	    'store saved' => { %saved, workers => 3 });
};

subtest 'what -T prints is a file' => sub {
	my ($status, $first) = run_it(\%good, '-T');

	is($status, 0, 'printed');
	like($first, qr/^\[store $_\]$/m, "... $_")
	    for qw(disk nowhere saved unused);
	spew("$dir/again.conf", $first, 0640);
	my $again = qx{@{[Jobtail::Responder::binary()]} -c $dir/again.conf -T};

	is($again =~ s/\A#.*\n//r, $first =~ s/\A#.*\n//r,
	    'and says the same again');
	push @texts, $first, $again;
	($status, my $text) = run_it(\%good, '-tt');
	is($status, 0, '-tt is content') or diag $text;
	push @texts, $text;
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	my @lines = map { $_->{line} } $t->log_lines;

	cmp_ok(scalar @lines, '>', 10, 'there are lines in the log');
	cmp_ok(scalar @texts, '>', 10, 'and texts from the program');
	for my $name (sort keys %canary) {
		is(scalar(grep { index($_, $canary{$name}) >= 0 } @lines,
		    @texts), 0, "$name: in none");
	}
	is(scalar(grep { /$word|pantry7|cellar7/ } @lines), 0,
	    'no key and no bucket in the log');
};

ok($media->stop, 'the nginx for the files ends');
ok($swift->stop, 'Swift ends in time');
done_testing;
