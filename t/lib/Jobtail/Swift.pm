package Jobtail::Swift;

# An S3 server that takes no signature on trust: OpenStack Swift with s3api,
# on free ports of 127.0.0.1, in a directory of its own, gone when the object
# goes. Debian: swift-proxy swift-account swift-container swift-object
# memcached; perl and python3 are there then.
#
#   my $s = Jobtail::Swift->new(dir => $dir)->start;
#   $s->put('bucket', 'a b.png', $bytes);
#   my $answer = $s->fetch($url);

use v5.36;
use Cwd qw(abs_path);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Jobtail::Process qw(wait_for spawn slurp spew free_port find_program
    is_root drop_user);

# Who answers under a bucket's name in the host: no such domain exists, so
# fetch() does not look it up.
use constant DOMAIN => 's3.jobtail.test';

my @servers = qw(account container object proxy);

# dir: made if need be; all but the objects live below it.
sub new ($class, %o)
{
	my $self = bless { owner => $$, pids => {}, has => {}, %o }, $class;

	die "a directory is needed\n" if !defined $self->{dir};
	find_program("swift-$_-server")
	    // die "swift-$_-server is not installed\n" for @servers;
	$self->{user} = is_root
	    ? (grep { defined getpwnam $_ } 'swift', drop_user)[0]
	    : scalar getpwuid $>;
	make_path($self->{dir});
	$self->{dir} = abs_path($self->{dir});
	return $self;
}

sub endpoint ($self) { return "http://127.0.0.1:$self->{port}{proxy}" }

# For buckets in the host.
sub virtual_endpoint ($self)
{
	return 'http://' . DOMAIN . ":$self->{port}{proxy}";
}

sub region ($self) { return 'us-east-1' }

sub access_key ($self) { return 'test:tester' }

sub secret_key ($self) { return 'testing' }

# A responder's settings for a bucket here; the secret is in that file.
sub settings ($self, $bucket, $secret_file, %more)
{
	return (
		s3_endpoint => $self->endpoint,
		s3_region => $self->region,
		s3_bucket => $bucket,
		s3_addressing => 'path',
		s3_access_key_id => $self->access_key,
		s3_secret_key_file => $secret_file,
		%more,
	);
}

# --- starting and stopping ---

sub start ($self)
{
	my $tries = 3;

	# a port may be taken between finding and using it
	while (1) {
		return $self if eval { $self->start_once; 1 };
		my $why = $@;

		$self->stop;
		die $why, $self->tails if !--$tries || $why !~ /\bended\b/;
	}
}

sub start_once ($self)
{
	$self->{port} = { map { $_ => free_port } @servers, 'memcached' };
	$self->{devices} //= $self->find_devices;
	$self->configure;
	$self->run_python("$self->{dir}/rings", $self->ring_program);
	$self->run('memcached', find_program('memcached')
	    // die("memcached is not installed\n"),
	    '-l', '127.0.0.1', '-p', $self->{port}{memcached}, '-U', 0,
	    '-m', 16, '-t', 1);
	$self->run($_, find_program("swift-$_-server"),
	    "$self->{dir}/$_.conf", '-v') for @servers;
	wait_for { $self->is_ready } 60, 'Swift';
	return;
}

# The signal for the parent's death: a test that is killed leaves nobody.
sub run ($self, $name, @cmd)
{
	my @as = is_root ? ("--reuid=$self->{user}",
	    '--regid=' . (getpwnam $self->{user})[3], '--clear-groups') : ();

	$self->{pids}{$name} = spawn(
	    cmd => [find_program('setpriv') // die("no setpriv\n"), @as,
		'--pdeathsig', 'KILL', @cmd],
	    log => "$self->{dir}/$name.log");
	return;
}

# Ready is who stores an object: all are needed for it. Nobody is asked before
# all of them listen, as the proxy shuns whom it has not found.
sub is_ready ($self)
{
	for my $name (sort keys %{ $self->{pids} }) {
		my $pid = $self->{pids}{$name};

		next if waitpid($pid, POSIX::WNOHANG) != $pid;
		delete $self->{pids}{$name};
		die "$name ended with status $?\n";
	}
	for my $port (values %{ $self->{port} }) {
		IO::Socket::INET->new("127.0.0.1:$port") // return 0;
	}
	return $self->log_in && eval { $self->put('ready', 'ready', '') };
}

# True if all ended in time.
sub stop ($self)
{
	my %pids = %{ $self->{pids} };
	my $in_time = 1;

	$self->{pids} = {};
	$self->{has} = {};
	kill 'TERM', values %pids;
	for my $pid (values %pids) {
		$in_time = 0
		    if !defined Jobtail::Process::stop($pid, 'TERM', 10);
	}
	return $in_time;
}

sub tails ($self, $lines = 15)
{
	return map {
		my @log = split /^/, slurp($_);

		("--- $_\n", splice @log, @log > $lines ? -$lines : 0);
	} glob "$self->{dir}/*.log";
}

# --- files ---

# A folder whose file system keeps user.* attributes, which tmpfs may not.
sub find_devices ($self)
{
	my ($uid, $gid) = (getpwnam $self->{user})[2, 3];

	for my $place ($self->{dir}, '/var/tmp', '.') {
		my $dir = eval { tempdir('swift-XXXXXXXX',
		    DIR => abs_path($place)) } // next;

		chown $uid, $gid, $dir if is_root;
		return $dir if eval { $self->run_python("$self->{dir}/xattr",
		    "import os, sys\n" . (is_root
		    ? "os.setgroups([])\nos.setgid($gid)\nos.setuid($uid)\n"
		    : '') . "os.setxattr(sys.argv[1], 'user.t', b'1')\n",
		    $dir); 1 };
		remove_tree($dir);
	}
	die "no file system here keeps user attributes\n",
	    slurp("$self->{dir}/xattr.log");
}

# Debian's own Python, where Swift is.
sub run_python ($self, $name, $program, @arguments)
{
	my $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';

	spew("$name.py", $program);
	my $pid = spawn(cmd => [$python, "$name.py", @arguments],
	    log => "$name.log");

	waitpid $pid, 0;
	die "$name.py failed\n" if $? != 0;
	return;
}

# Three rings of one replica on one device, in one go: the command line's
# program takes a second for each of nine steps.
sub ring_program ($self)
{
	my $ports = join ', ', map { "'$_': $self->{port}{$_}" }
	    qw(account container object);

	return <<"END";
from swift.common.ring import RingBuilder
for name, port in {$ports}.items():
    b = RingBuilder(4, 1, 0)
    b.add_dev({'id': 0, 'region': 1, 'zone': 1, 'weight': 1, 'meta': '',
               'ip': '127.0.0.1', 'port': port, 'device': 'd1',
               'replication_ip': '127.0.0.1', 'replication_port': port})
    b.rebalance()
    b.get_ring().save('$self->{dir}/' + name + '.ring.gz')
END
}

# Swift logs to syslog as well, come what may; that goes to a port of ours,
# where it is dropped.
sub configure ($self)
{
	my $dir = $self->{dir};
	my $drain = $self->{drain} //= IO::Socket::INET->new(
	    Proto => 'udp', LocalAddr => '127.0.0.1') // die "udp: $!\n";
	my $common = "bind_ip = 127.0.0.1\nuser = $self->{user}\n"
	    . "swift_dir = $dir\nworkers = 0\nlog_level = INFO\n"
	    . "log_udp_host = 127.0.0.1\nlog_udp_port = "
	    . $drain->sockport . "\n";

	chmod 0755, $dir;
	mkdir "$self->{devices}/d1";
	chown +(getpwnam $self->{user})[2, 3], "$self->{devices}/d1"
	    if is_root;
	spew("$dir/swift.conf", "[swift-hash]\n"
	    . "swift_hash_path_suffix = jobtail\n"
	    . "[storage-policy:0]\nname = only\ndefault = yes\n");
	for my $name (qw(account container object)) {
		spew("$dir/$name.conf", "[DEFAULT]\n$common"
		    . "bind_port = $self->{port}{$name}\n"
		    . "devices = $self->{devices}\nmount_check = false\n"
		    . "disable_fallocate = true\nfallocate_reserve = 0\n"
		    . "[pipeline:main]\npipeline = $name-server\n"
		    . "[app:$name-server]\nuse = egg:swift#$name\n");
	}
	spew("$dir/proxy.conf", "[DEFAULT]\n$common"
	    . "bind_port = $self->{port}{proxy}\n"
	    . "[pipeline:main]\n"
	    . "pipeline = catch_errors cache s3api tempauth proxy-server\n"
	    . "[app:proxy-server]\nuse = egg:swift#proxy\n"
	    . "account_autocreate = true\n"
	    . "conn_timeout = 10\nnode_timeout = 30\n"
	    . "[filter:catch_errors]\nuse = egg:swift#catch_errors\n"
	    . "[filter:cache]\nuse = egg:swift#memcache\n"
	    . "memcache_servers = 127.0.0.1:$self->{port}{memcached}\n"
	    . "connect_timeout = 10\nio_timeout = 10\n"
	    . "[filter:s3api]\nuse = egg:swift#s3api\n"
	    . 'location = ' . $self->region . "\n"
	    . 'storage_domain = ' . DOMAIN . "\n"
	    . "[filter:tempauth]\nuse = egg:swift#tempauth\n"
	    . "user_test_tester = " . $self->secret_key . " .admin\n");
	return;
}

# --- objects, by Swift's own interface, which has no part in signatures ---

sub log_in ($self)
{
	my $answer = $self->native('GET', '/auth/v1.0', {
		'x-auth-user' => $self->access_key,
		'x-auth-key' => $self->secret_key,
	});

	$self->{token} = $answer->{headers}{'x-auth-token'};
	return $answer->{success};
}

sub native ($self, $method, $path, $headers, $content = undef)
{
	my $http = $self->{http} //= HTTP::Tiny->new(timeout => 20);

	return $http->request($method, $self->endpoint . $path, {
		headers => $headers,
		defined $content ? (content => $content) : () });
}

sub store ($self, $path, $content = '')
{
	my $answer = $self->native('PUT', "/v1/AUTH_test/$path",
	    { 'x-auth-token' => $self->{token} }, $content);

	die "PUT $path: $answer->{status} $answer->{content}\n",
	    $self->tails if !$answer->{success};
	return 1;
}

sub make_bucket ($self, $bucket)
{
	return $self->{has}{$bucket} ||= $self->store($bucket);
}

# The key as bytes (UTF-8); the bucket is made when it is not there.
sub put ($self, $bucket, $key, $bytes)
{
	$self->make_bucket($bucket);
	return $self->store("$bucket/"
	    . $key =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger, $bytes);
}

# --- links ---

# GET of a link, whose path goes out as it stands, to this server whatever
# the name of its host: { status, headers, content }.
sub fetch ($self, $url)
{
	my ($host, $path) = $url =~ m{\Ahttp://([^/]+)(/\S*)\z}
	    or die "no link: $url\n";

	return ask($self->{port}{proxy}, $host, $path);
}

# Also for others: one request to a port of this machine.
sub ask ($port, $host, $path, $method = 'GET', $seconds = 20)
{
	my $socket = IO::Socket::INET->new("127.0.0.1:$port")
	    or die "connect: $!\n";
	my $all = '';

	local $SIG{ALRM} = sub { die "no end of the answer\n" };
	alarm $seconds;
	print $socket "$method $path HTTP/1.0\r\nHost: $host\r\n\r\n";
	$socket->flush;
	while (sysread $socket, my $more, 65536) {
		$all .= $more;
	}
	alarm 0;
	my ($head, $content) = split /\r\n\r\n/, $all, 2;
	my ($status) = ($head // '') =~ m{\AHTTP/1\.\d (\d+)}
	    or die "no answer: $all\n";

	return { status => $status, content => $content // '',
		headers => { map { /\A([^:]+): *(.*)\z/s ? (lc $1 => $2) : () }
		    split /\r\n/, $head } };
}

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$;
	$self->stop;
	remove_tree($self->{devices}) if defined $self->{devices};
}

1;
