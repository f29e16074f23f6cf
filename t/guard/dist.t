#!/usr/bin/env perl
# What the build files name is there, and what is there is named: nothing is
# forgotten in a distribution.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

my @build_files = qw(Makefile.am t/local.mk);
my @folders     = qw(apache man nginx sql src systemd t/unit);

# Made by the build, and what git alone needs.
my $made = qr{(?:^src/jobtail(?:ctl)?|^systemd/jobtail\.service|^t/unit/\w+\.t|\.a
    |^t/unit/presign|\.o|\.gitignore)$}x;
my $script = qr{^t/unit/botocore\.t$};

sub named_files
{
	my ($top) = @_;
	my %named;

	for my $file (@build_files) {
		# $(srcdir)/x is x; recipes and comments name nothing
		my $text = slurp("$top/$file");

		$text =~ s/\\\n/ /g;
		$text =~ s/^(?:\t|#).*$//mg;
		$text =~ s{\$\(srcdir\)/}{}g;
		$named{$_} = 1 for $text =~ m{(?<![\w/.\$(-])([\w.-]+/[\w./-]+)}g;
	}
	return grep {
		my $path = $_;
		$path !~ m{/$} && grep { $path =~ m{^\Q$_\E/} } @folders
	} sort keys %named;
}

sub faults
{
	my ($top, @there) = @_;
	my %named = map { $_ => 1 } named_files($top);
	my @faults;

	push @faults, map { "$_ is named, but not there" }
	    grep { !-e "$top/$_" && ($_ !~ $made || $_ =~ $script) }
	    sort keys %named;
	for my $path (@there) {
		next if !grep { $path =~ m{^\Q$_\E/} } @folders;
		next if $path =~ $made && $path !~ $script;
		push @faults, "$path is there, but not named"
		    if !$named{$path};
	}
	return @faults;
}

my $top   = top();
my @there = tracked_files($top);

cmp_ok(scalar(grep { /^src/ } named_files($top)), '>', 50,
    'the build files are understood');
is(join("\n", faults($top, @there)), '', 'named and there are the same');

my @all = (@there, @build_files);
for (
    ['src/api/forgotten.c',  "int x;\n",     undef],
    ['src/api/forgotten.h',  "extern int;\n", undef],
    ['sql/forgotten.sql',    "SELECT 1;\n",  undef],
    ['nginx/forgotten.conf', "x\n",          undef],
    ['t/unit/forgotten.c',   "int x;\n",     undef],
    ['man/forgotten.8',      "x\n",          undef],
    ) {
	my ($path, $text) = @$_;
	my $copy = plant($top, \@all, $path, $text);

	is_deeply(
	    [grep { /forgotten/ } faults("$copy", @there, $path)],
	    ["$path is there, but not named"], $path);
}

my $copy = plant($top, \@all, 'Makefile.am', 'src/base/arenas.c',
    qr{src/base/arena\.c});
is_deeply([grep { /arena/ } faults("$copy", @there)],
    ['src/base/arenas.c is named, but not there',
	'src/base/arena.c is there, but not named'],
    'a name that is misspelt');

done_testing();
