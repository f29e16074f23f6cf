#!/usr/bin/env perl
# Every header compiles alone, and twice, with the flags of the build.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::Bin;
use File::Temp ();
use Test::More;
use Tree;

my $top   = top();
my $build = $ENV{top_builddir} // '.';

delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};

# The build's command for a .c file, with its compiler or with another one.
sub compile_command
{
	my ($cc) = @_;
	my $mk = File::Temp->new('guard.XXXXXX', TMPDIR => 1, SUFFIX => '.mk');

	print {$mk} "include Makefile\n\$(info \$(COMPILE))\n",
	    "guard-nothing:\n\t\@:\n";
	close $mk;
	my @make = ('make', '-s', '-C', $build, '-f', $mk->filename,
	    'guard-nothing');

	push @make, "CC=$cc" if defined $cc;
	open my $out, '-|', @make or die "make: $!\n";
	my ($command) = grep { /\S/ && !/^make/ } <$out>;
	close $out;
	chomp $command if defined $command;
	return $command;
}

# What the compiler says of a header.
sub complaint
{
	my ($command, $header, @folders) = @_;
	my $flags  = join ' ', map { "-I'$_'" } @folders;
	my $source = File::Temp->new('guard.XXXXXX', TMPDIR => 1, SUFFIX => '.c');
	my $path   = $source->filename;

	print {$source} qq{#include "$header"\n} x 2;
	close $source;
	return scalar `cd '$build' && $command $flags -Werror -fsyntax-only '$path' 2>&1`;
}

sub is_there
{
	my ($cc) = @_;

	return system("$cc --version >/dev/null 2>&1") == 0;
}

my @headers = map { s{^src/}{}r } files_below($top, 'src', qr/\.h$/);

cmp_ok(scalar @headers, '>', 20, 'there are headers');
for my $cc (undef, grep { is_there($_) } qw(gcc clang)) {
	my $command = compile_command($cc);
	my $name    = $cc // 'the build';

	ok(defined $command, "$name has a command")
	    or next;
	$command .= ' -Wno-unknown-warning-option' if ($cc // '') eq 'clang';
	for my $header (@headers) {
		is(complaint($command, $header), '', "$header alone, $name");
	}

	my $folder = File::Temp->newdir('guard.XXXXXX', TMPDIR => 1);
	my %planted = (
	    'unknown.h' => "struct text planted(void);\n",
	    'twice.h'   => "struct planted { int x; };\n",
	    'other.h'   => qq{#include "base/text.h"\nsize_t f(struct buf b);\n},
	);
	for my $header (sort keys %planted) {
		open my $out, '>', "$folder/$header" or die "$header: $!\n";
		print {$out} $planted{$header};
		close $out;
	}
	is(complaint($command, 'unknown.h', "$folder"), '',
	    "a declaration needs no definition, $name");
	isnt(complaint($command, 'twice.h', "$folder"), '',
	    "a header without a guard is seen, $name");
	isnt(complaint($command, 'other.h', "$folder"), '',
	    "a header that needs another one is seen, $name");
}

done_testing();
