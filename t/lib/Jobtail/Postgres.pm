package Jobtail::Postgres;

# A private PostgreSQL for tests: a cluster of its own in a directory of its
# own, on a Unix socket alone, gone when the object goes. PostgreSQL refuses
# to run as root, so root starts it as the user postgres.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use POSIX ();

my $here = dirname(abs_path(__FILE__));

# The directory that holds sql/.
sub source_dir
{
	my $dir = $ENV{srcdir} // "$here/../../..";

	return abs_path(-e "$dir/sql/jobtail.sql" ? $dir : "$here/../../..");
}

sub bindir
{
	state $found = (grep { -x "$_/initdb" }
		(sort { version_of($b) <=> version_of($a) }
			glob '/usr/lib/postgresql/*/bin'),
		split /\n/, qx(pg_config --bindir 2>/dev/null))[0]
		// die "no PostgreSQL server programs are installed\n";
	return $found;
}

sub version_of ($dir) { return $dir =~ m{/(\d+)/bin$} ? $1 : 0 }

# dir: made if need be; the cluster lives below it. config: settings as a hash.
sub new ($class, %o)
{
	my $self = bless {
		dir => $o{dir} // die("a directory is needed\n"),
		config => $o{config} // {}, owner => $$, n_calls => 0,
	}, $class;

	make_path($self->{dir});
	$self->{dir} = abs_path($self->{dir});
	chmod 0755, $self->{dir};
	chown +(getpwnam 'postgres')[2, 3], $self->{dir} if $> == 0;
	$self->init if !-e "$self->{dir}/data/PG_VERSION";
	return $self;
}

sub init ($self)
{
	$self->as_server(bindir() . '/initdb', '-D', "$self->{dir}/data",
	    qw(-U postgres -A trust -E UTF8 --locale=C.UTF-8 -N))
	    or die "initdb failed:\n" . $self->log_tail;
	open my $conf, '>>', "$self->{dir}/data/postgresql.conf"
	    or die "postgresql.conf: $!\n";
	my %settings = (
		listen_addresses => '', unix_socket_directories => $self->{dir},
		unix_socket_permissions => '0777', fsync => 'off',
		full_page_writes => 'off', max_connections => 100,
		shared_buffers => '64MB', max_wal_size => '256MB',
		autovacuum => 'on', logging_collector => 'off',
		log_line_prefix => '%m [%p] %u@%d ', timezone => 'UTC',
		%{ $self->{config} },
	);
	say $conf "$_ = '$settings{$_}'" for sort keys %settings;
	close $conf or die "postgresql.conf: $!\n";
	return;
}

sub log_path ($self) { return "$self->{dir}/log" }

sub log_tail ($self, $lines = 20)
{
	open my $log, '<', $self->log_path or return "(no log: $!)\n";
	my @lines = <$log>;

	splice @lines, 0, -$lines if @lines > $lines;
	return join '', @lines;
}

# Runs a server program as the account that may, its output into the log.
sub as_server ($self, @cmd)
{
	my $pid = fork // die "fork: $!\n";

	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->log_path
		    or warn "$self->{dir}/log: $!\n";
		open STDERR, '>&', \*STDOUT;
		chmod 0666, $self->log_path;
		step_down() if $> == 0;
		chdir '/';
		exec { $cmd[0] } @cmd or warn "$cmd[0]: $!\n";
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $? == 0;
}

sub step_down
{
	my ($uid, $gid) = (getpwnam 'postgres')[2, 3];

	die "there is no user postgres to run as\n" if !defined $uid;
	$) = "$gid $gid";
	POSIX::setgid($gid);
	POSIX::setuid($uid);
	die "cannot become postgres: $!\n" if $> != $uid || $< != $uid;
	return;
}

sub ctl ($self, @args)
{
	return $self->as_server(bindir() . '/pg_ctl', '-w', '-t', 60, '-s',
	    '-D', "$self->{dir}/data", @args);
}

sub start ($self)
{
	$self->ctl('-l', $self->log_path, 'start')
	    or die "PostgreSQL did not start:\n" . $self->log_tail;
	return $self;
}

# mode: smart, fast or immediate
sub stop ($self, $mode = 'fast')
{
	return 1 if !$self->pid;
	return $self->ctl('-m', $mode, 'stop');
}

sub restart ($self, $mode = 'fast')
{
	$self->stop($mode);
	return $self->start;
}

# The postmaster's id, or nothing when it is not running.
sub pid ($self)
{
	open my $file, '<', "$self->{dir}/data/postmaster.pid" or return;
	my $pid = <$file>;

	chomp $pid if defined $pid;
	return $pid && kill(0, $pid) ? $pid : undef;
}

sub conninfo ($self, $user = 'postgres', $db = 'postgres')
{
	return "host=$self->{dir} port=5432 user=$user dbname=$db";
}

# Runs psql with arguments; gives exit status, standard output and errors.
# stdin => text for it.
sub run_psql ($self, $args, %o)
{
	return $self->finish_psql($self->start_psql($args, %o));
}

# The same in the background; what it gives is for finish_psql.
sub start_psql ($self, $args, %o)
{
	my $base = "$self->{dir}/psql.$$." . ++$self->{n_calls};
	my $pid;

	open my $in, '>', "$base.in" or die "$base.in: $!\n";
	print $in $o{stdin} // '';
	close $in;
	$pid = fork // die "fork: $!\n";
	if (!$pid) {
		delete @ENV{grep { /^PG/ } keys %ENV};
		open STDIN, '<', "$base.in";
		open STDOUT, '>', "$base.out";
		open STDERR, '>', "$base.err";
		exec bindir() . '/psql', '-X', '-d',
		    $self->conninfo($o{user} // 'postgres', $o{db} // 'postgres'),
		    @$args or POSIX::_exit(127);
	}
	return { pid => $pid, base => $base };
}

sub finish_psql ($self, $run)
{
	waitpid $run->{pid}, 0;
	my $status = $?;
	my ($out, $err) = map { slurp("$run->{base}.$_") } qw(out err);

	unlink map { "$run->{base}.$_" } qw(in out err);
	return ($status, $out, $err);
}

sub slurp ($path)
{
	open my $file, '<', $path or return '';
	local $/;
	return scalar(<$file>) // '';
}

# Runs statements and gives their output, unaligned and without headings or
# the last line end; dies with psql's message when one fails.
sub psql ($self, $sql, %o)
{
	return $self->done($self->begin($sql, %o));
}

# The same in the background: a handle for done(), which gives the output.
sub begin ($self, $sql, %o)
{
	return $self->start_psql([qw(-q -A -t -v ON_ERROR_STOP=1 -f -)],
	    db => 'jobtail', %o, stdin => $sql);
}

sub done ($self, $run)
{
	my ($status, $out, $err) = $self->finish_psql($run);

	die "psql: $err" if $status != 0;
	chomp $out;
	return $out;
}

# Makes the database (db => 'jobtail') and loads sql/jobtail.sql into it;
# the three roles may log in. pgtap => 1 adds that extension.
sub load_jobtail ($self, %o)
{
	my $db = $o{db} // 'jobtail';

	$self->psql(qq(CREATE DATABASE "$db"), db => 'postgres')
	    if !$self->psql("SELECT 1 FROM pg_database WHERE datname = '$db'",
		db => 'postgres');
	my ($status, undef, $err) = $self->run_psql(
	    ['-q', '-f', source_dir() . '/sql/jobtail.sql'], db => $db);

	die "loading sql/jobtail.sql: $err" if $status != 0 || $err ne '';
	$self->psql("ALTER ROLE $_ LOGIN", db => $db)
	    for qw(jobtail_web jobtail_producer jobtail_operator);
	$self->psql('CREATE EXTENSION IF NOT EXISTS pgtap', db => $db)
	    if $o{pgtap};
	return $self;
}

sub DESTROY ($self)
{
	local ($?, $@, $!);

	return if $self->{owner} != $$;
	eval { $self->stop('immediate') };
	return;
}

1;
