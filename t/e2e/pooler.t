#!/usr/bin/perl
# Behind PgBouncer in transaction mode, where a session is not one's own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use Jobtail::Process qw(spawn free_port);
use Jobtail::Test;
use Jobtail::Wire;

my $t = setup(front => 0);
my $tenant = $t->tenant;
my $key = $t->key($tenant);
my $job = $t->job($tenant);
my $pg = $t->pg->conninfo('jobtail_web', 'jobtail');
my $dir = $t->dir . '/pooler';
my $port = free_port;

# Fewer backends than the responder has connections, so that they change.
mkdir $dir;
chmod 0777, $dir;
spew("$dir/pgbouncer.ini", <<"INI");
[databases]
jobtail = $pg
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = $dir/log
INI
my $pooler = spawn(
    cmd => ['/usr/sbin/pgbouncer', '-q',
	$> == 0 ? ('-u', 'postgres') : (), "$dir/pgbouncer.ini"],
    log => "$dir/output");
wait_for { IO::Socket::INET->new("127.0.0.1:$port") } 10, 'the pooler';

# How 200 requests at once end.
sub statuses
{
	my @wires = map { my $w = $t->wire;
		$w->send(Jobtail::Wire::request(params =>
		    Jobtail::Wire::params("/v1/jobs/$job/events",
			HTTP_AUTHORIZATION => "Bearer $key"))); $w } 1 .. 200;
	my %seen;

	$seen{ ($_->answer // { status => 'none' })->{status} }++ for @wires;
	return \%seen;
}

for my $prepare (qw(auto off on)) {
	$t->reconfigure(workers => 4, prepare => $prepare, database =>
	    "host=127.0.0.1 port=$port user=jobtail_web dbname=jobtail");
	is_deeply(statuses(), { 200 => 200 }, "prepare = $prepare");
}
$t->allow_log(qr/prepare=off reason="a pooler changes the session"/);
$t->stop_servers;
is(scalar(grep { $_->{line} =~ /prepare=off/ } $t->log_lines) > 0, 1,
    'only "on" had to be told');
Jobtail::Process::stop($pooler, 'INT');

done_testing;
