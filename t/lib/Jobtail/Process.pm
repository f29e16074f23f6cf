package Jobtail::Process;

# Processes of a test: started with an exact set of descriptors, waited for
# with a limit, ended by their own id.

use v5.36;
use Exporter 'import';
use Fcntl qw(F_GETFD F_SETFD FD_CLOEXEC);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(wait_for spawn stop slurp spew free_port find_program
    is_root drop_user give_away);

# Waits until the block says true; dies when that takes too long.
sub wait_for :prototype(&$$) ($condition, $seconds, $what)
{
	my $end = time + $seconds;

	while (1) {
		my $value = $condition->();

		return $value if $value;
		die "waited ${seconds} s in vain for: $what\n" if time > $end;
		sleep 0.01;
	}
}

# cmd => [...], log => file for stderr and for stdout, unless out => file;
# stdin => handle, fd3 => handle, env => {...}, in a session of its own. Gives
# the id.
sub spawn (%o)
{
	my $parent = $$;
	my $pid = fork // die "fork: $!\n";

	return $pid if $pid;
	eval { become(%o) };
	print STDERR "$o{cmd}[0]: $@";
	POSIX::_exit(127);
}

sub become (%o)
{
	my $in = $o{stdin};

	POSIX::setsid();
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE CHLD);
	if (!$in) {
		open $in, '<', '/dev/null' or die "/dev/null: $!\n";
	}
	POSIX::dup2(fileno $in, 0) // die "dup2: $!\n";
	if ($o{log}) {
		open my $log, '>>', $o{log} or die "$o{log}: $!\n";
		POSIX::dup2(fileno $log, 1);
		POSIX::dup2(fileno $log, 2);
	}
	if ($o{out}) {
		open my $out, '>>', $o{out} or die "$o{out}: $!\n";
		POSIX::dup2(fileno $out, 1);
	}
	if ($o{fd3}) {
		my $fd = fileno $o{fd3};

		# dup2 onto itself would leave close-on-exec as it is
		if ($fd == 3) {
			fcntl $o{fd3}, F_SETFD, 0;
		} else {
			POSIX::dup2($fd, 3) // die "dup2: $!\n";
		}
		@ENV{qw(LISTEN_FDS LISTEN_PID)} = (1, $$);
	}
	%ENV = (%ENV, %{ $o{env} // {} });
	exec { $o{cmd}[0] } @{ $o{cmd} } or die "$!\n";
}

# Ends a child; its wait status, or undef when it had to be killed.
sub stop ($pid, $signal = 'TERM', $seconds = 15)
{
	my $end = time + $seconds;

	kill $signal, $pid;
	while (time < $end) {
		return $? if waitpid($pid, POSIX::WNOHANG) == $pid;
		sleep 0.01;
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return undef;
}

sub slurp ($path)
{
	open my $f, '<:raw', $path or return '';
	local $/;
	return <$f> // '';
}

sub spew ($path, $text, $mode = 0644)
{
	open my $f, '>:raw', $path or die "$path: $!\n";
	print $f $text;
	close $f or die "$path: $!\n";
	chmod $mode, $path;
	return $path;
}

sub free_port ()
{
	my $socket = IO::Socket::INET->new(
	    Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!\n";

	return $socket->sockport;
}

sub find_program (@names)
{
	for my $name (@names) {
		for my $dir (split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin') {
			return "$dir/$name" if -x "$dir/$name";
		}
	}
	return undef;
}

sub is_root () { return $> == 0 }

# Whom servers become when the tests run as root; undef for everybody else.
sub drop_user ()
{
	return undef if !is_root;
	for my $name ($ENV{JOBTAIL_TEST_USER} // (), 'www-data', 'nobody') {
		return $name if defined getpwnam $name;
	}
	die "no account to run servers as; set JOBTAIL_TEST_USER\n";
}

# To the servers' account, where the tests run as root.
sub give_away (@paths)
{
	my $name = drop_user() // return;
	my (undef, undef, $uid, $gid) = getpwnam $name;

	chown $uid, $gid, @paths;
	return;
}

1;
