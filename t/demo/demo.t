#!/usr/bin/perl
# What "./bootstrap demo --once" does after the build: the main job, whole.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
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

done_testing;
