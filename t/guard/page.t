#!/usr/bin/env perl
# The page for browsers: it stays small, runs what its policy names, writes
# text as text and asks no other host.
use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

my $path    = 'nginx/html/timeline.html';
my $ceiling = 12 * 1024;

# What the policy has to be, for this text.
sub policy_for
{
	my ($text) = @_;
	my %sum;

	for my $name (qw(script style)) {
		my @all = $text =~ m{<$name>(.*?)</$name>}gs;

		# Digest::SHA leaves the padding out
		$sum{$name} = @all == 1 ? "'sha256-" . sha256_base64($all[0])
		    . "='" : '(no single one)';
	}
	return "default-src 'none'; script-src $sum{script}; "
	    . "style-src $sum{style}; img-src http: https: data:; "
	    . "connect-src 'self'; base-uri 'none'; form-action 'none'";
}

sub faults
{
	my ($text) = @_;
	my ($policy) = $text =~
	    /http-equiv="Content-Security-Policy" content="([^"]*)"/;
	my $wanted = policy_for($text);
	my @faults;

	push @faults, "the policy should be $wanted"
	    if ($policy // '') ne $wanted;
	push @faults, 'a Referer may go out'
	    if $text !~ /<meta name="referrer" content="no-referrer">/;
	push @faults, 'too large' if length $text > $ceiling;
	push @faults, "$& reads text as HTML or as a program"
	    if $text =~ /\b(?:(?:inner|outer)HTML|insertAdjacentHTML|srcdoc
		|document\.write|DOMParser|createContextualFragment|eval
		|Function\()/x;
	push @faults, "$& is elsewhere"
	    if $text =~ m{(?<!\\)(?:https?:)?//[a-z][\w-]*\.[\w.-]+|\@import|url\(}i;
	push @faults, "$& is not allowed by the policy"
	    if $text =~ /<[^>!]*\s(?:on\w+|style)\s*=/;
	return @faults;
}

my $text = slurp(top() . "/$path");

is_deeply([faults($text)], [], $path);

for (
    [qr/'use strict';/,   "'use  strict';",            'the policy should'],
    [qr/margin: 0 auto;/, 'margin: 0;',                'the policy should'],
    [qr/connect-src 'self'/, 'connect-src *',          'the policy should'],
    [qr/"no-referrer"/,   '"origin"',                  'a Referer may go'],
    [qr/<main>/,          '<main>' . '.' x $ceiling,   'too large'],
    [qr/<main>/,          '<main onclick="open()">',   'not allowed'],
    [qr/<main>/,          '<main style="top:0">',      'not allowed'],
    [qr/<main>/,          '<img src="https://example.org/x">', 'elsewhere'],
    [qr/<main>/,          '<script src="//example.org/x"></script>',
	'elsewhere'],
    [qr/textContent = text/, 'innerHTML = text',       'as HTML'],
    ) {
	my ($from, $to, $complaint) = @$_;

	is(scalar(grep { /\Q$complaint\E/ } faults($text =~ s/$from/$to/r)), 1,
	    substr("$to: $complaint", 0, 60));
}

done_testing();
