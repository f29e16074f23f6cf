#!/usr/bin/env perl
# Each header of an answer that a script of another site could want is among
# those that CORS exposes.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# What browsers show anyway, and what is not for scripts.
my %needless = map { $_ => 1 } qw(Content-Type Content-Length Cache-Control
    Status Vary Allow X-Accel-Buffering);

sub exposed
{
	my ($top) = @_;
	my $text = slurp("$top/src/api/cors.c") =~ s/\\\n//gr =~ s/"\s*"//gr;
	my ($list) = $text =~ /Access-Control-Expose-Headers: ([\w, -]+)/;

	return map { $_ => 1 } split /, */, $list // '';
}

sub faults
{
	my ($top) = @_;
	my %exposed = exposed($top);
	my @faults;

	for my $path (files_below($top, 'src/api', qr/\.c$/)) {
		my $text = slurp("$top/$path");

		next if $path eq 'src/api/cors.c';
		push @faults, map { "$path: $_ is not exposed" }
		    grep { !$needless{$_} && !$exposed{$_} }
		    $text =~ /\w*header\w*\(\s*\w+,\s*"([\w-]+)"/g,
		    $text =~ /"(Jobtail-[\w-]+)/g;
	}
	return @faults;
}

my $top   = top();
my @files = files_below($top, 'src/api', qr/\.c$/);
my %all   = exposed($top);

cmp_ok(scalar keys %all, '>', 10, 'the list is understood');
is(join("\n", faults($top)), '', 'what is sent is exposed');

for (
    ['src/api/feed.c', 'response_header(res, "Jobtail-New", "true");',
	'Jobtail-New'],
    ['src/api/feed.c', "response_header_printf(\n\t    res, \"X-New\", s);",
	'X-New'],
    ['src/api/page.c', 'buf_string(b, "Jobtail-Newer: 1\r\n");',
	'Jobtail-Newer'],
    ) {
	my ($path, $line, $name) = @$_;
	my $copy = plant($top, \@files, $path, "\n$line\n");

	is((faults("$copy"))[0], "$path: $name is not exposed", $name);
}

my $copy = plant($top, \@files, 'src/api/cors.c', 'ETags', qr/ETag/);
is((faults("$copy"))[0], 'src/api/document.c: ETag is not exposed',
    'a name that is misspelt');

done_testing();
