#!/usr/bin/env perl
# Includes go downwards only: from folder to folder, each program's own ones on
# top, and inside api/ in the order in which a request meets them.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# A folder, and those below it.
my %may_include = (
	base     => [],
	adapters => [qw(base)],
	credentials => [qw(adapters base)],
	signing  => [qw(credentials adapters base)],
	api      => [qw(signing adapters base)],
	server   => [qw(api signing credentials adapters base)],
	ctl      => [qw(signing credentials adapters base)],
);
my @api     = qw(app problem cursor ulid accept prefer request params route cors
    principal places timeline keys tails job etag hold events links page frames
    response exchange record document detail issue stream feed again serve);

my %turn_of   = map { $api[$_] => $_ } 0 .. $#api;

# path => [what it includes, without the system's]
sub includes
{
	my ($top) = @_;

	return { map {
		my $path = $_;
		$path => [slurp("$top/$path") =~ /^\s*#\s*include\s+"([^"]+)"/mg]
	} files_below($top, 'src', qr/\.[ch]$/) };
}

sub noun_of
{
	my ($path) = @_;
	my ($folder, $noun) = $path =~ m{^(?:src/)?(\w+)/(\w+)\.[ch]$};

	return ($folder // '', $noun // '');
}

# What is wrong with one include, or nothing.
sub fault_of
{
	my ($top, $path, $include) = @_;
	my ($from, $noun)  = noun_of($path);
	my ($to,   $other) = noun_of($include);

	return 'is in no folder that is known' if !$may_include{$from};
	return 'is no folder/file.h' if !$may_include{$to};
	return 'is not there' if !-e "$top/src/$include";
	return 'goes upwards'
	    if !grep { $to eq $_ } $from, @{ $may_include{$from} };
	return if $from ne 'api' || $to ne 'api' || $noun eq $other;
	return "has no place in the order: $_"
	    for grep { !defined $turn_of{$_} } $noun, $other;
	return 'is later in time' if $turn_of{$other} > $turn_of{$noun};
	return;
}

# Headers of one folder that include each other in a circle.
sub circles
{
	my ($includes) = @_;
	my (%state, @found);
	my $visit;

	$visit = sub {
		my ($header) = @_;

		return if ($state{$header} // '') eq 'done';
		if (($state{$header} // '') eq 'open') {
			push @found, "$header includes itself in the end";
			return;
		}
		$state{$header} = 'open';
		$visit->($_) for @{ $includes->{"src/$header"} // [] };
		$state{$header} = 'done';
	};
	$visit->(s{^src/}{}r) for grep { /\.h$/ } sort keys %$includes;
	return @found;
}

sub faults
{
	my ($top) = @_;
	my $includes = includes($top);
	my @faults   = circles($includes);

	for my $path (sort keys %$includes) {
		my $own = $path =~ s{^src/(.*)\.c$}{$1.h}r;

		push @faults, "$path does not begin with $own"
		    if -e "$top/src/$own" && $path =~ /\.c$/
		    && ($includes->{$path}[0] // '') ne $own;
		for my $include (@{ $includes->{$path} }) {
			my $fault = fault_of($top, $path, $include);

			push @faults, "$path: $include $fault"
			    if defined $fault;
		}
	}
	return @faults;
}

my $top   = top();
my @files = files_below($top, 'src', qr/\.[ch]$/);

cmp_ok(scalar @files, '>', 50, 'there are sources');
is(join("\n", faults($top)), '', 'includes go downwards only');

my @planted = (
    ['src/base/text.c',     '#include "api/page.h"',      'goes upwards'],
    ['src/signing/sigv4.h', '#include "server/gate.h"',   'goes upwards'],
    ['src/adapters/db.c',   '#include "signing/window.h"', 'goes upwards'],
    ['src/credentials/imds.c', '#include "signing/place.h"', 'goes upwards'],
    ['src/server/main.c',   '#include "ctl/follow.h"',    'goes upwards'],
    ['src/adapters/fetch.c', '#include "ctl/poll.h"',     'goes upwards'],
    ['src/ctl/follow.c',    '#include "api/page.h"',      'goes upwards'],
    ['src/ctl/poll.h',      '#include "server/gate.h"',   'goes upwards'],
    ['src/api/cursor.c',    '#include "api/route.h"',     'later in time'],
    ['src/api/page.h',      '#include "api/serve.h"',     'later in time'],
    ['src/api/detail.c',    '#include "api/feed.h"',      'later in time'],
    ['src/api/new.h',       '#include "api/job.h"',       'no place'],
    ['src/api/job.c',       '#include "job.h"',           'no folder/file.h'],
    ['src/api/job.c',       '#include "api/jobs.h"',      'is not there'],
    ['src/base/text.h',     '#include "base/buf.h"',      'itself in the end'],
    ['src/other/a.c',       '#include "base/buf.h"',      'no folder that is'],
);
for (@planted) {
	my ($path, $line, $complaint) = @$_;
	my $copy   = plant($top, \@files, $path, "\n$line\n");
	my @faults = faults("$copy");

	is(scalar(grep { /\Q$complaint\E/ } @faults), 1,
	    "$line in $path: $complaint")
	    or diag explain \@faults;
}

my $copy = plant($top, \@files, 'src/base/buf.c', '#include "base/text.h"',
    qr{#include "base/buf\.h"});
is_deeply([faults("$copy")], ['src/base/buf.c does not begin with base/buf.h'],
    'its own header comes first');

done_testing();
