#!/usr/bin/env perl
# Every option of a command stands in jobtailctl(1), in the usage and in the
# synopsis, and nothing else does.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# The names in the tables of getopt_long(3).
sub options_in
{
	my ($source) = @_;
	my %options;

	for my $table ($source =~ /struct option \w+\[\] = \{(.*?)\{0\}/gs) {
		$options{$_} = 1 for $table =~ /\{"([\w-]+)",/g;
	}
	return \%options;
}

# .It Fl -name, from the commands' part on; .Op Fl -name in the synopsis.
sub options_in_manual
{
	my ($manual, $macro) = @_;
	my ($synopsis, $rest) = split /^\.Sh DESCRIPTION\n/m, $manual;
	my ($options) = ($rest // '') =~ /^\.Ss (.*?)^\.Sh /ms;
	my $text = $macro eq 'It' ? $options : $synopsis;

	return { map { $_ => 1 } ($text // '') =~ /^\.$macro Fl -([\w-]+)/mg };
}

sub options_in_usage
{
	my ($main) = @_;
	my ($table) = $main =~ /struct command commands\[\] = \{(.*?)^\};/ms;

	return { map { $_ => 1 } ($table // '') =~ /\[--([\w-]+)/g };
}

sub faults
{
	my ($wanted, $name, $found) = @_;

	return (
	    (map { "$name has no --$_" } grep { !$found->{$_} } sort keys %$wanted),
	    (map { "$name has --$_, which is no option" }
		grep { !$wanted->{$_} } sort keys %$found));
}

my $top    = top();
my $source = join '', map { slurp("$top/$_") }
    files_below($top, 'src/ctl', qr/\.c$/);
my $manual = slurp("$top/man/jobtailctl.1");
my $main   = slurp("$top/src/ctl/main.c");
my $wanted = options_in($source);

# every program has this one; it is told once
ok(delete $wanted->{help}, 'the tables are understood');
cmp_ok(scalar keys %$wanted, '>=', 4, 'and have options');

for (
    ['the manual',   $manual, sub { options_in_manual($_[0], 'It') },
	qr/^\.It Fl -since/m, '.It Fl -sincee'],
    ['the synopsis', $manual, sub { options_in_manual($_[0], 'Op') },
	qr/^\.Op Fl -since/m, '.Op Fl -sincee'],
    ['the usage',    $main,   \&options_in_usage,
	qr/\[--since/, '[--sincee'],
    ) {
	my ($name, $text, $read, $entry, $wrong) = @$_;

	is(join("\n", faults($wanted, $name, $read->($text))), '', $name);
	like($text, $entry, "$name has an entry to plant a fault in");
	is_deeply(
	    [faults($wanted, $name, $read->($text =~ s/$entry/$wrong/r))],
	    ["$name has no --since", "$name has --sincee, which is no option"],
	    "$name: an option that is misspelt");
}

done_testing();
