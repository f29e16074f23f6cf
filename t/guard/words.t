#!/usr/bin/env perl
# No word of where this was written, and nothing left to be done.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# Words are put together here, so that this file has none of them.
my $later = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' x 3;
my $work  = 'wo' . 'rk';
my $root  = 'ro' . 'ot';
my $tmp   = 'tm' . 'p';
my $store = join '|', 'regis' . 'try', 'arti' . 'factory', 'mirr' . 'or';
my $never = qr{(?!)};

# What it is, how it looks, and which paths may have it.
my @rules = (
    ['is left to be done', qr{\b(?:$later)\b}, $never],
    ['is a path of one machine', qr{(?<![\w./*-])/$work(?![\w-])}, $never],
    ['is a path of one machine', qr{(?<![\w./*-])/$root/\w}, $never],
    ['is a temporary path', qr{(?<![\w.-])/$tmp/\w}, qr{^t/}],
    ['is a private host',
	qr{\b(?:[\w-]+\.)+(?:internal|intranet|corp|lan)\b(?!\()}, $never],
    ['is a private host', qr{\b(?:$store)\.\w+\.\w}, $never],
);

# Hosts that may be named in a URL: examples, those of stores, and where
# documents are.
my $host = qr{(?:
    (?:.*\.)?example(?:\.(?:org|com|net))? | (?:.*\.)?amazonaws\.(?:com(?:\.cn)?|eu) |
    (?:.*\.)?s3\.[\w-]+\.(?:c2s\.ic\.gov|sc2s\.sgov\.gov|
	csp\.hci\.ic\.gov|cloud\.adc-e\.uk) |
    .*\.(?:r2\.cloudflarestorage|wasabisys|backblazeb2)\.com |
    storage\.googleapis\.com |
    (?:.*\.)?(?:ietf|rfc-editor|nginx|apache|postgresql|debian|freedesktop|
	whatwg|w3|json|unicode)\.org |
    (?:github|docs\.aws\.amazon)\.com
)}x;

sub faults
{
	my ($top, @files) = @_;
	my @faults;

	for my $path (@files) {
		my $n = 0;

		for my $line (split /\n/, slurp("$top/$path"), -1) {
			$n++;
			for (@rules) {
				my ($what, $pattern, $free) = @$_;

				push @faults, "$path:$n: $& $what"
				    if $path !~ $free && $line =~ $pattern;
			}
			# a host has a dot and letters behind it
			while ($line =~ m{\w://(?:[^/\s@]*@)?([\w.-]+\.[a-z]{2,})\b}g) {
				push @faults, "$path:$n: $1 is no host to name"
				    if $1 !~ /^$host$/ && $1 ne 'media.host'
				    && $1 ne 'bucket.host';
			}
		}
	}
	return @faults;
}

my $top   = top();
my @files = tracked_files($top);

cmp_ok(scalar @files, '>', 50, 'there are files');
is(join("\n", faults($top, @files)), '', 'no such words');

my @planted = (
    ['src/api/page.c',   '/* TO' . 'DO: more */',    'left to be done'],
    ['README',           'FIX' . 'ME',               'left to be done'],
    ['t/unit/text.c',    '/* ' . 'X' x 3 . ' */',    'left to be done'],
    ['README',           'see /wo' . 'rk/x',         'of one machine'],
    ['t/unit/text.c',    '"/wo' . 'rk"',             'of one machine'],
    ['src/api/page.c',   '"/ro' . 'ot/x"',           'of one machine'],
    ['src/base/log.c',   'open("/tm' . 'p/x")',      'temporary path'],
    ['README',           'https:/' . '/packages.inside.net/x', 'no host to name'],
    ['README',           'https:/' . '/me:it@a.b.dev/x', 'no host to name'],
    ['nginx/x.conf',     'proxy.' . 'corp',               'private host'],
    ['src/api/page.c',   'regis' . 'try.x.net',      'private host'],
);
for (@planted) {
	my ($path, $line, $complaint) = @$_;
	my $copy   = plant($top, [], $path, "\n$line\n");
	my @before = -e "$top/$path" ? faults($top, $path) : ();
	my @faults = faults("$copy", $path);

	is(scalar @faults, @before + 1, "one fault in $path");
	like($faults[-1], qr/\Q$complaint\E/, $complaint);
}

my $harmless = plant($top, [], 'src/x.c', <<'END');
/* %XX, mkstemp("a.XXXXXX"), /v1/jobs, network/work, PrivateTmp, the socket in
 * /tmp, https://api.example.org:8443/x, http://h, s3://bucket/key */
END
is_deeply([faults("$harmless", 'src/x.c')], [], 'what is harmless');
my $test = plant($top, [], 't/x.t', "/tm" . "p/x\n");
is_deeply([faults("$test", 't/x.t')], [], 'tests have temporary files');

done_testing();
