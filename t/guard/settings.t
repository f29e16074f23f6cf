#!/usr/bin/env perl
# Every setting of src/base/settings.c stands with its default in
# jobtail.conf(5), in README and in jobtail.conf.example, and nothing else
# does.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# key => default, '' for none, from the rows of the table.
sub settings_in
{
	my ($source) = @_;
	my ($table) = $source =~
	    /^const struct setting settings\[\] = \{(.*?)^\s*\{(?:0|NULL)?\},/ms;
	my %default_of;

	while (($table // '') =~ /
	    \{ \s* "(\w+)" \s*, \s* SETTING_\w+ \s*, \s* (?:AT|IN_STORE)\((\w+)\)
	    (?: \s*, \s* (?: "([^"]*)" | NULL ) )? /gx) {
		die "$1 is kept in $2\n" if $1 ne $2;
		$default_of{$1} = $3 // '';
	}
	return \%default_of;
}

# .It Cm key ... Default: value.
sub settings_in_manual
{
	my ($manual) = @_;
	my (%default_of, @twice);

	for (split /^(?=\.It )/m, $manual) {
		my ($key) = /^\.It Cm (\w+)/ or next;
		my ($default) = /^Default: (.*)\.$/m;

		push @twice, $key if exists $default_of{$key};
		$default_of{$key} = $default // '(not said)';
		$default_of{$key} = '' if $default_of{$key} eq 'none';
	}
	return (\%default_of, @twice);
}

# Under the heading "Settings": four spaces, key, default.
sub settings_in_readme
{
	my ($readme) = @_;
	my ($section) = $readme =~ /^Settings\n(.*?)(?:\n\n\n|\z)/ms;
	my (%default_of, @twice);

	while (($section // '') =~ /^ {4}(\w+) +(\S+)/mg) {
		my ($key, $default) = ($1, $2);

		push @twice, $key if exists $default_of{$key};
		$default =~ s/^(?:-|\(empty\))$//;
		$default_of{$key} = $default;
	}
	return (\%default_of, @twice);
}

# #key = default; without one, any value behind the line "# No default". The
# example of a section ends it.
sub settings_in_example
{
	my ($example) = split /^#\[store /m, $_[0];
	my (%default_of, @twice);

	while (($example // '') =~ /^((?:#.*no default.*\n)?)#?(\w+) = *(.*)$/mgi) {
		push @twice, $2 if exists $default_of{$2};
		$default_of{$2} = $1 eq '' ? $3 : '';
	}
	return (\%default_of, @twice);
}

sub faults
{
	my ($table, $name, $found, @twice) = @_;
	my @faults = map { "$name has $_ twice" } @twice;

	for my $key (sort keys %$table) {
		my $is = $found->{$key};

		if (!defined $is) {
			push @faults, "$name has no $key";
		} elsif ($is ne $table->{$key}) {
			push @faults,
			    "$name: $key is '$is', not '$table->{$key}'";
		}
	}
	push @faults, map { "$name has $_, which is no setting" }
	    grep { !exists $table->{$_} } sort keys %$found;
	return @faults;
}

my $top   = top();
my $table = settings_in(slurp("$top/src/base/settings.c"));

cmp_ok(scalar keys %$table, '>', 25, 'the table is understood');
is($table->{listen}, 'unix:/run/jobtail/jobtail.sock', 'a default');
is($table->{user}, '', 'no default');

my @places = (
    ['man/jobtail.conf.5', \&settings_in_manual,
	qr/^\.It Cm workers$/m, qr/^Default: 4\.$/m,
	".It Cm wrokers\n", "Default: 5.\n"],
    ['README', \&settings_in_readme,
	qr/^ {4}workers .*$/m, qr/^ {4}workers +4/m,
	'    wrokers    4   x', '    workers    5'],
    ['man/jobtail.conf.example', \&settings_in_example,
	qr/^#workers = 4$/m, qr/^#workers = 4$/m,
	'#wrokers = 4', '#workers = 5'],
);
for (@places) {
	my ($name, $read, $entry, $default, $other, $wrong) = @$_;
	my $text = -e "$top/$name" ? slurp("$top/$name") : '';

	is(join("\n", faults($table, $name, $read->($text))), '', $name);

	like($text, $entry, "$name has an entry to plant faults in");
	is_deeply(
	    [faults($table, $name, $read->($text =~ s/$entry/$other/r))],
	    ["$name has no workers", "$name has wrokers, which is no setting"],
	    "$name: a key that is misspelt");
	is_deeply(
	    [faults($table, $name, $read->($text =~ s/$default/$wrong/r))],
	    ["$name: workers is '5', not '4'"],
	    "$name: a wrong default");
	is(scalar faults($table, $name, $read->('')), scalar keys %$table,
	    "$name: an empty file");
}

done_testing();
