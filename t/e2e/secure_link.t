#!/usr/bin/perl
# Links to files on this machine, served by nginx with the shipped location.
use v5.36;
use utf8;
use Encode qw(encode);
use File::Basename qw(dirname);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use POSIX qw(strftime);
use Time::HiRes qw(time);
use lib "$FindBin::Bin/../lib";
use Jobtail::Front;
use Jobtail::Process qw(find_program give_away);
use Jobtail::Swift;
use Jobtail::Test;

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output, Test::More->builder->todo_output;

my $under_nginx = Jobtail::Front::chosen() eq 'nginx';

if (!$under_nginx && !$ENV{JOBTAIL_NGINX} && !find_program('nginx')) {
	pass('nginx alone checks these links, and it is not here');
	Test::More::done_testing();
	exit 0;
}

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $root = "$dir/media";
my $secret = 'b2a7c1e94f';
my $word = 'larder9';
my $base = 'http://media.example.org/artifacts';
my @keys = (
	"$word/plain.png",
	"$word/a b/é+1 (=&\$).png",
	"$word/+ = ! * ' , ; : @ ~ % # ?",
	"$word/- _ . ~ AZaz09.png",
	"$word/\"double\" 'single' `back` \\ <b>|^{}[].png",
	"$word/100%25 %2F %zz %",
	"$word/日本語/🦖 e\x{301} ß.png",
	"$word/...dots/..a/.b/c...",
	"$word/tab\tline\nbell\a\x{7f}\x{85}\x{a0}.png",
	"$word/?md5=x&expires=9999999999#",
	"$word/ space/ first ",
	"$word/" . 'é' x 100 . '/' . 'è' x 100,
);
my %bytes;

make_path($root);
chmod 0755, $dir;
for my $i (0 .. $#keys) {
	$bytes{ $keys[$i] } = "file $i\0\xff\r\n" . 'x' x $i;
	put("$root/artifacts/$keys[$i]", $bytes{ $keys[$i] });
}
put("$root/outside.png", 'not an artifact');
put("$dir/elsewhere.png", 'of somebody else');
symlink "$dir/elsewhere.png", "$root/artifacts/$word/symlink.png"
    or die "symlink: $!\n";
mkdir "$root/artifacts/$word/folder";

# A file with the folders before it.
sub put ($path, $bytes)
{
	my $name = encode('UTF-8', $path);

	make_path(dirname($name));
	return spew($name, $bytes);
}

sub secret ($name, $text)
{
	my $path = spew("$dir/$name", "$text\n", 0600);

	give_away($path);
	return $path;
}

sub conf (%more)
{
	return (
		log_level => 'debug',
		store => 'secure_link',
		secure_link_base => $base,
		secure_link_secret_file => secret('right', $secret),
		map({ $_ => undef } qw(s3_endpoint s3_region s3_bucket
		    s3_access_key_id s3_secret_key_file)),
		%more,
	);
}

my @media = (media_root => $root, media_secret => $secret);
my $t = setup(conf => { conf() }, @media);

# of keys that lead upwards
$t->allow_log(qr/ warn store name="" reason="browsers take/);

# Behind another server than nginx the files have an nginx of their own.
my $media;

sub media ()
{
	return $t->front if $under_nginx;
	return $media //= Jobtail::Front->new(dir => $dir, kind => 'nginx',
	    socket => "$dir/nobody", @media)->start;
}

my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);

sub artifact ($name)
{
	return { key => $name, kind => 'catalog_image', role => 'final' };
}

$t->event($job, 'stage', artifacts => [map { artifact($_) } @keys]);

sub page ($of = $job)
{
	return $t->get("/v1/jobs/$of/events", key => $key);
}

sub links ($page)
{
	return map { $_->{image_url} } map { @{ $_->{artifacts} } }
	    @{ $page->{json}{events} };
}

# The links of a job whose artifacts are these.
sub links_to (@names)
{
	my $id = $t->job($tenant);

	$t->event($id, 'stage', artifacts => [map { artifact($_) } @names]);
	return links(page($id));
}

# The answer to a link, whose path goes out as it stands.
sub fetch ($link, $method = 'GET')
{
	my ($host, $path) = $link =~ m{\Ahttp://([^/]+)(/\S*)\z}
	    or die "no link: $link\n";

	return Jobtail::Swift::ask(media->port, $host, $path, $method);
}

sub status ($link, @more) { return fetch($link, @more)->{status} }

sub ends_at ($link) { return $link =~ /&expires=(\d+)\z/ ? $1 : die $link }

# Key by key: where the link leads, and what is there.
sub all_work ($page, $at)
{
	my @links = links($page);

	is(@links, @keys, 'a link for each artifact');
	for my $i (0 .. $#links) {
		my $name = $keys[$i] =~ s/[^[:print:]]/./gr;
		my $path = encode('UTF-8', $keys[$i])
		    =~ s{([^A-Za-z0-9_.~/-])}{sprintf '%%%02X', ord $1}ger;
		my $answer = fetch($links[$i]);

		like($links[$i],
		    qr{\A\Q$at/$path\E\?md5=[\w-]{22}&expires=\d+\z},
		    substr "address of $name", 0, 60);
		is($answer->{status}, 200, '... is let in');
		ok($answer->{content} eq $bytes{ $keys[$i] },
		    '... to the right bytes');
	}
	return;
}

subtest 'links work' => sub { all_work(page, $base) };

subtest 'what comes with the file' => sub {
	my ($link) = links(page);
	my $headers = fetch($link)->{headers};

	is($headers->{'cache-control'}, 'private, max-age=3600',
	    'kept by the browser alone');
	is($headers->{'x-content-type-options'}, 'nosniff', 'no sniffing');
	is($headers->{'referrer-policy'}, 'no-referrer', 'no Referer');
	is($headers->{'content-security-policy'},
	    "default-src 'none'; sandbox", 'no script');
	is(status($link, 'HEAD'), 200, 'HEAD is let in');
	is(status($link, $_), 403, "$_ is not") for qw(POST PUT DELETE);
};

subtest 'a link that was changed' => sub {
	my ($link, $other) = links(page);
	my ($sum) = $link =~ /md5=([\w-]+)/;
	my $end = ends_at($link);
	my $forged = (substr($sum, 0, 1) eq 'A' ? 'B' : 'A')
	    . substr $sum, 1;
	my $swap = sub ($from, $to) { $link =~ s/\Q$from\E/$to/r };
	my %changed = (
		md5 => $swap->("md5=$sum", "md5=$forged"),
		'md5 cut' => $swap->("md5=$sum", 'md5=' . substr $sum, 0, 21),
		'md5 empty' => $swap->("md5=$sum", 'md5='),
		'no md5' => $swap->("md5=$sum&", ''),
		'expires later' => $swap->("expires=$end",
		    'expires=' . ($end + 1)),
		'expires earlier' => $swap->("expires=$end",
		    'expires=' . ($end - 1)),
		'expires in the past' => $swap->("expires=$end",
		    'expires=1'),
		'expires with a zero' => $swap->("expires=$end",
		    "expires=0$end"),
		'no expires' => $swap->("&expires=$end", ''),
		'no parameters' => $link =~ s/\?.*//r,
		'path' => $swap->('plain.png', 'plain.pnh'),
		'path of another artifact' => $other =~ s/\?.*//r
		    . $link =~ s/\A[^?]*//r,
		'path upwards' => $swap->("$word/plain.png",
		    '../outside.png'),
		'path upwards, encoded' => $swap->("$word/plain.png",
		    '%2E%2E/outside.png'),
		'letters in the other case' => $swap->('plain', 'PLAIN'),
	);

	is(status($link), 200, 'unchanged it works');
	is(status($link =~ s{/plain}{/%70lain}r), 200,
	    'as it does encoded otherwise');
	for my $what (sort keys %changed) {
		isnt($changed{$what}, $link, "$what: changed");
		if ($what =~ /upwards/) {
			like(status($changed{$what}), qr/\A40[34]\z/,
			    '... is refused');
		} else {
			is(status($changed{$what}), 403, '... is refused');
		}
	}
};

subtest 'what a right link does not open' => sub {
	my ($symlink, $missing, $folder, $up, $encoded) = links_to(
	    "$word/symlink.png", "$word/missing.png", "$word/folder/",
	    '../outside.png', '%2e%2e/outside.png');

	is(status($symlink), 403, 'a symbolic link');
	is(status($missing), 404, 'a file that is not there');
	is(status($folder), 403, 'a folder');
	like(status($_), qr/\A40[34]\z/, 'what is beside the folder')
	    for $up, $encoded;
	unlike(fetch($_)->{content}, qr/not an artifact/, '... in no case')
	    for $up, $encoded;
};

subtest 'the end that the links of a page share' => sub {
	my $now = int time;
	my $page = page;
	my @links = links($page);
	my $end = ends_at($links[0]);

	is(grep({ ends_at($_) == $end } @links), @keys, 'one');
	cmp_ok($end, '>=', $now + 900, 'the promised life');
	cmp_ok($end, '<=', time + 1200, 'and at most a window more');
	is($page->{headers}{'jobtail-artifacts-expire'},
	    strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $end),
	    'Jobtail-Artifacts-Expire');
};

subtest 'the same within the window' => sub {
	my $pages = wait_for {
		my $one = page;
		my $at = int time;

		wait_for { int time > $at } 5, 'the next second';
		my $two = page;

		time < ends_at((links($one))[0]) - 900 ? [$one, $two] : undef;
	} 20, 'two answers of a window';

	is($pages->[1]{content}, $pages->[0]{content}, 'byte by byte');
};

subtest 'the key is in links alone' => sub {
	for my $path ("/v1/jobs/$job/events", "/v1/jobs/$job") {
		my $answer = $t->get($path, key => $key);
		my $rest = $answer->{content}
		    =~ s/"image_url":\s*"[^"]*"//gr . join "\n",
		    map { ref $_ ? @$_ : $_ } %{ $answer->{headers} };

		like($answer->{content}, qr/$word/, "$path has links");
		unlike($rest, qr/$word|$secret/, '... and nothing else tells');
	}
};

# --- other settings ---

subtest 'the window rolls over' => sub {
	$t->reconfigure(conf(artifact_ttl => '60s', artifact_window => '2s'));
	my @old = links(page);
	my $seen = wait_for {
		my @now = links(page);

		$now[0] ne $old[0] ? \@now : undef;
	} 10, 'other links';
	my @new = @$seen;

	is((ends_at($new[0]) - ends_at($old[0])) % 2, 0, 'by whole windows');
	cmp_ok(ends_at($new[0]), '>', ends_at($old[0]), 'to a later end');
	is(grep({ ends_at($_) == ends_at($new[0]) } @new), @keys,
	    'all links together');
	is(status($old[0]), 200, 'the old one works on');
	is(status($new[0]), 200, 'so does the new one');
};

subtest 'the end of a link' => sub {
	$t->reconfigure(conf(artifact_ttl => '1s', artifact_window => '0'));
	my $link = wait_for {
		my ($fresh) = links(page);

		status($fresh) == 200 ? $fresh : undef;
	} 10, 'a link that works';
	my $end = ends_at($link);

	wait_for { status($link) != 200 } 10, 'its end';
	cmp_ok(time, '>=', $end, 'not before it');
	is(status($link), 410, 'but then');
	is(status($link =~ s/plain/other/r), 403, 'a wrong one stays wrong');
};

subtest 'a base with a folder more, and a slash at the end' => sub {
	$t->reconfigure(conf(secure_link_base => "$base/$word/"));
	my ($link) = links_to('plain.png');

	like($link, qr{\A\Q$base/$word/plain.png?\E}, 'address');
	is(fetch($link)->{content}, $bytes{ $keys[0] }, 'the right bytes');
};

subtest 'the wrong secret' => sub {
	$t->reconfigure(conf(secure_link_secret_file => secret('wrong',
	    'b2a7c1e94e')));
	is(status($_), 403, 'is refused') for (links(page))[0, 1];
};

subtest 'key and link are in no log of ours' => sub {
	my ($n, @told) = (0);

	$t->stop_servers;
	ok($media->stop, 'the nginx for the files ends') if $media;
	find({ no_chdir => 1, wanted => sub {
		return $File::Find::prune = 1 if m{/(?:pg|media)\z};
		return if !-f || /conf\z|secret|right\z|wrong\z/;
		for my $line (split /\n/, slurp($_)) {
			# nginx shows these whole, and cannot do without
			next if $line =~ /\[error\].*(?:failed \(40:|directory index)/;
			$n++ if $line =~ m{/artifacts/|/v1/jobs/|job=};
			push @told, "$_: $line" if $line =~ /md5=|$secret/
			    || $line =~ /jobtail\[/ && $line =~ /$word/;
		}
	} }, $t->dir, $dir);
	cmp_ok($n, '>', 20, 'there are lines of requests');
	is_deeply(\@told, [], 'and none tells');
};

done_testing;
