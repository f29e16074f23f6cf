#!/usr/bin/perl
# What "./bootstrap demo" does after the build: the main job, whole; and Ctrl-C
# in the middle of it.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;
use lib dirname(abs_path(__FILE__)) . '/../lib';
use Jobtail::Responder;

my $here = dirname(abs_path(__FILE__));

open my $out, '-|', $^X, "$here/timeline", '--once', '--program',
    Jobtail::Responder::binary() or die "timeline: $!\n";
my @lines = <$out>;

close $out;
is($?, 0, 'it ends well');
chomp @lines;

my @types = grep { /\A[a-z]+\z/ } @lines;

is($types[0], 'queued', 'the job begins');
is($types[-1], 'succeeded', 'and succeeds');
cmp_ok(scalar(grep { $_ eq 'stage' } @types), '>=', 3, 'in stages');
like($lines[-1], qr{\Adone: .*\(200, image/png\)\z}, 'a picture opened');

subtest 'Ctrl-C' => sub {
	my $under = tempdir(CLEANUP => 1);

	# the demo is no longer root when it takes its folder away
	chmod 01777, $under;
	my $pid = open $out, '-|', $^X, "$here/timeline", '--program',
	    Jobtail::Responder::binary(), '--under', $under
	    or die "timeline: $!\n";
	my $seen = '';

	while (my $line = <$out>) {
		$seen .= $line;
		last if $line =~ /  receive +Photo received/;
	}
	like($seen, qr{^    http://[^/]+/timeline\.html\#job=[0-9A-Z]{26}&ticket=\S+$}m,
	    'a page for a browser');
	like($seen, qr/^    JOBTAIL_API_KEY=sk_live_\S+ \S+ follow /m,
	    'what to try');
	like($seen, qr/  queued +queued\n.*  receive /, 'and what is shown');
	kill INT => $pid;
	1 while <$out>;
	close $out;
	is($? >> 8, 130, 'it ends as it should');
	is_deeply([glob "$under/*"], [], 'its folder is gone');
	is_deeply([grep { (Jobtail::Process::slurp($_) // '') =~ /\Q$under\E/ }
	    glob '/proc/[0-9]*/cmdline'], [], 'and so are its processes');
};

done_testing;
