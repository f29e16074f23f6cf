#!/usr/bin/perl
# Runs the pgTAP scripts beside it over a private PostgreSQL, each as a
# subtest. One that dies, or runs another number of tests than it planned,
# fails.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use Test::More;

my $here;
BEGIN { $here = dirname(abs_path(__FILE__)) }
use lib "$here/../lib";
use Jobtail::Postgres;

my $pg = Jobtail::Postgres->new(
    dir => tempdir('jobtail-sql-XXXXXXXX', TMPDIR => 1, CLEANUP => 1));

$pg->start;
eval { $pg->load_jobtail(pgtap => 1); 1 } or do {
	plan skip_all => 'pgtap is not installed' if $@ =~ /pgtap/;
	die $@;
};
$pg->load_jobtail; # again, without harm

$ENV{JOBTAIL_SQL_DIR} = Jobtail::Postgres::source_dir() . '/sql';
subtest basename($_, '.sql') => sub { forward($_) }
    for @ARGV ? @ARGV : sort glob "$here/*.sql";

is($pg->psql("SELECT string_agg(n, ' ') FROM (SELECT name n FROM jobtail.tenant) t"),
    '', 'the scripts left nothing behind');
unlike($pg->log_tail(100000), qr/PANIC|terminated by signal/, 'no process died');
done_testing;

# Hands the script's TAP on as tests of ours.
sub forward ($path)
{
	my ($status, $out, $err) = $pg->run_psql(
	    ['-q', '-A', '-t', '-f', $path], db => 'jobtail');
	my ($planned, $ran) = (undef, 0);

	for my $line (split /\n/, $out) {
		if ($line =~ /^1\.\.(\d+)$/) {
			$planned = $1;
		} elsif ($line =~ /^(not )?ok \d+(?: - (.*))?$/) {
			ok(!$1, $2);
			$ran++;
		} elsif ($line =~ /^# (?!Looks like you planned)(.+)/) {
			diag($1);
		}
	}
	is($status, 0, 'the script comes to its end') or diag($err);
	is($ran, $planned, 'and runs as many tests as it planned');
	return;
}
