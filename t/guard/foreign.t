#!/usr/bin/env perl
# Each foreign library is known to one adapter, and to no header. An adapter
# is one file, or a few whose names begin with its own: db.c, db_values.c.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Tree;

# A header's name, and the adapter that may include it.
my @libraries = (
    ['libfcgi', qr{^(?:fastcgi/)?(?:fcgi|fcgiapp|fcgimisc|fcgio|fcgios|fastcgi)},
	'src/adapters/fcgi.c'],
    ['libpq', qr{^(?:postgresql/)?(?:libpq|pg_|postgres)},
	'src/adapters/db.c'],
    ['json-c',  qr{^json(?:-c/|\.h|_)}, 'src/adapters/doc.c'],
    ['libcurl', qr{^curl/},             'src/adapters/fetch.c'],
    ['OpenSSL', qr{^openssl/},          'src/adapters/crypto.c'],
);

sub faults
{
	my ($top) = @_;
	my (@faults, %seen);

	for my $path (files_below($top, 'src', qr/\.[ch]$/)) {
		for my $header (
		    slurp("$top/$path") =~ /^\s*#\s*include\s+[<"]([^>"]+)/mg) {
			for (@libraries) {
				my ($name, $pattern, $home) = @$_;
				my $stem = $home =~ s/\.c$//r;

				next if $header !~ $pattern;
				$seen{$home} = 1;
				push @faults, "$path knows $name"
				    if $path !~ /^\Q$stem\E(?:_\w+)?\.c$/;
			}
		}
	}
	push @faults, map { "$_->[2] does not know $_->[0]" }
	    grep { -e "$top/$_->[2]" && !$seen{ $_->[2] } } @libraries;
	return @faults;
}

my $top   = top();
my @files = files_below($top, 'src', qr/\.[ch]$/);

is(join("\n", faults($top)), '', 'foreign headers are at home');

my @planted = (
    ['src/adapters/db.h',     '<libpq-fe.h>',        'libpq'],
    ['src/api/page.c',        '<json-c/json.h>',     'json-c'],
    ['src/api/page.c',        '<json.h>',            'json-c'],
    ['src/adapters/doc.c',    '<libpq-fe.h>',        'libpq'],
    ['src/adapters/db_session.h', '<libpq-fe.h>',    'libpq'],
    ['src/adapters/db.c',     '<openssl/ssl.h>',     'OpenSSL'],
    ['src/signing/sigv4.c',   '<curl/curl.h>',       'libcurl'],
    ['src/adapters/fetch.h',  '<curl/curl.h>',       'libcurl'],
    ['src/ctl/poll.c',        '<curl/curl.h>',       'libcurl'],
    ['src/ctl/batch.c',       '<json-c/json.h>',     'json-c'],
    ['src/server/worker.c',   '<fcgiapp.h>',         'libfcgi'],
    ['src/server/gate.c',     '<fcgi_config.h>',     'libfcgi'],
    ['src/base/config.c',     '<postgresql/libpq-fe.h>', 'libpq'],
    ['src/adapters/crypto.h', '"openssl/evp.h"',     'OpenSSL'],
);
for (@planted) {
	my ($path, $header, $name) = @$_;
	my $copy = plant($top, \@files, $path, "\n#include $header\n");

	is_deeply([faults("$copy")], ["$path knows $name"],
	    "$header in $path");
}

for (
    ['src/adapters/doc.c',   qr{#include <json-c.*\n}, 'json-c'],
    ['src/adapters/fetch.c', qr{#include <curl/.*\n},  'libcurl'],
    ) {
	my ($path, $include, $name) = @$_;
	my $copy = plant($top, \@files, $path, '', $include);

	is_deeply([faults("$copy")], ["$path does not know $name"],
	    "$path without its library");
}

done_testing();
