#!/usr/bin/env perl
# All advice about a store stands in jobtailctl(1), or its beginning does, and
# no other.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# How much of it people need, at least, to find the rest.
my $enough = 16;

my $literal = qr/"(?:[^"\\]|\\.)*"/;
my $words = qr/$literal(?:\s*$literal)*/;

# What the marks stand for differs, and so does what is in the manual for it.
sub with_dots
{
	return $_[0] =~ s/[\$\@]/.../gr;
}

# Behind a row's clue, or its mark: literals and names of such, as one text.
sub advice_in
{
	my ($source) = @_;
	my (%text_of, @advice);

	$source =~ s{/\*.*?\*/}{}gs;
	$source =~ s/\\\n//g;
	$text_of{$1} = $2 while
	    $source =~ /^#define (\w+)\s+($words)\s*$/mg;
	for my $name (keys %text_of) {
		$source =~ s/(?<!#define )\b$name\b/$text_of{$name}/g;
	}
	push @advice, $1 while $source =~ /\bCLUE_\w+,\s*($words)/g;
	push @advice, $1, $2
	    while $source =~ /\{'.',\s*($words),\s*($words)\}/g;
	return grep { !/\A[%&#]/ }
	    map { with_dots(join '', /"((?:[^"\\]|\\.)*)"/g) } @advice;
}

# The items behind "With --verify", each without the answer before it.
sub items_in
{
	my ($manual) = @_;
	my ($list) = $manual =~ /^With\n\.Fl -verify ,\n(.*?)^\.El$/ms;

	return map { s/\A(?:no answer: )?(?:\.\.\.|\d{3}); //r }
	    map { split / , / } ($list // '') =~ /^\.It (.*)$/mg;
}

# An item is all of an advice, or its beginning and dots.
sub tells
{
	my ($item, $advice) = @_;
	my $is_cut = $item =~ s/ \.\.\.\z//;

	return $advice eq $_[0]
	    || ($is_cut && length $item >= $enough
		&& index($advice, $item) == 0);
}

sub faults
{
	my ($source, $manual) = @_;
	my @advice = advice_in($source);
	my @items = items_in($manual);
	my %seen;

	return (
	    (map { "the manual has no '$_'" }
		grep { my $it = $_; !$seen{$it}++
		    && !grep { tells($_, $it) } @items } @advice),
	    (map { "'$_' is no advice" }
		grep { my $it = $_;
		    !grep { tells($it, $_) } @advice } @items));
}

my $top = top();
my $source = slurp("$top/src/ctl/advice.c");
my $manual = slurp("$top/man/jobtailctl.1");

cmp_ok(scalar advice_in($source), '>', 50, 'the tables are understood');
is(join("\n", faults($source, $manual)), '', 'advice and manual agree');

for (
    ['a row',      qr/"check \@: what listens/, '"check @: who listens',
	"the manual has no 'check ...: who listens there?'",
	"'check ...: what listens there?' is no advice"],
    ['a name',     qr/#define EMPTY "it is/,      '#define EMPTY "that is',
	"the manual has no 'that is there, and empty'",
	"'it is there, and empty' is no advice"],
    ['a mark',     qr/"the store does not know/,  '"this store does not know',
	"the manual has no 'this store does not know s3_access_key_id'",
	"'the store does not know s3_access_key_id' is no advice"],
    ['a new row',  qr/(?=\{206)/,
	'{0, NULL, NULL, CLUE_BUSY, "sleep"}, ',
	"the manual has no 'sleep'"],
    ) {
	my ($name, $from, $to, @wanted) = @$_;

	like($source, $from, "$name to plant a fault in");
	is_deeply([faults($source =~ s/$from/$to/r, $manual)], \@wanted,
	    '... is told');
}
is_deeply([faults($source, $manual =~ s/(; the first) byte/$1 bit/r)],
    ["the manual has no 'the first byte is there'",
	"'the first bit is there' is no advice"], 'the manual\'s is told too');

done_testing();
