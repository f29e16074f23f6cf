package Jobtail::Responder;

# The responder as a process of its own, with a settings' file made for it.
#
#   my $r = Jobtail::Responder->new(dir => $dir, conf => {...}, mode => ...);
#
# mode: socket (it opens its own), fd0 (the socket is descriptor 0, as with
# spawn-fcgi), listen_fds (as under systemd). as: a program that runs it, with
# its arguments.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use POSIX ();
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);
use Jobtail::Process qw(wait_for spawn slurp spew drop_user give_away);

sub top
{
	return abs_path($ENV{top_builddir}
	    // dirname(abs_path(__FILE__)) . '/../../..');
}

sub binary
{
	my $path = $ENV{JOBTAIL_BIN} // top() . '/src/jobtail';

	return abs_path($path) // $path;
}

# Where sanitizers write, for any process that runs the binary.
sub sanitizer_env ($dir)
{
	my %env;

	for my $name (qw(ASAN UBSAN)) {
		$env{"${name}_OPTIONS"} = join ':',
		    $ENV{"${name}_OPTIONS"} // (), "log_path=$dir/sanitizer",
		    $name eq 'UBSAN' ? 'print_stacktrace=1' : ();
	}
	return %env;
}

sub sanitizer_reports ($dir)
{
	return map { "$_:\n" . slurp($_) } glob "$dir/sanitizer.*";
}

# Lines of key = value; undef leaves a key out. A hash is a section, whose key
# is its heading.
sub conf_lines ($conf)
{
	my @keys = grep { defined $conf->{$_} } sort keys %$conf;

	return (map({ "$_ = $conf->{$_}\n" } grep { !ref $conf->{$_} } @keys),
	    map { ("[$_]\n", conf_lines($conf->{$_})) }
	    grep { ref $conf->{$_} } @keys);
}

sub write_conf ($path, $conf)
{
	spew($path, join('', conf_lines($conf)), 0640);
	give_away($path);
	return $path;
}

sub new ($class, %o)
{
	my $self = bless { mode => 'socket', env => {}, owner => $$, %o },
	    $class;

	$self->{name} //= 'responder';
	$self->{run} = "$self->{dir}/$self->{name}";
	mkdir $self->{run};
	give_away($self->{run});
	$self->{log} = "$self->{run}/log";
	$self->{conf_path} = "$self->{run}/jobtail.conf";
	$self->{socket} = "$self->{run}/sock";
	return $self;
}

sub full_conf ($self)
{
	my $user = drop_user;

	return {
		$self->{mode} eq 'socket'
		? (listen => "unix:$self->{socket}",
			defined $user ? (listen_owner => $user) : ())
		: (),
		defined $user ? (user => $user) : (),
		%{ $self->{conf} },
	};
}

sub listening_socket ($self)
{
	unlink $self->{socket};
	my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM,
	    Local => $self->{socket}, Listen => 128)
	    or die "$self->{socket}: $!\n";

	chmod 0660, $self->{socket};
	give_away($self->{socket});
	return $socket;
}

sub start ($self)
{
	my %fd;

	die "this responder runs already\n" if $self->{pid};
	write_conf($self->{conf_path}, $self->full_conf);
	$fd{stdin} = $self->listening_socket if $self->{mode} eq 'fd0';
	$fd{fd3} = $self->listening_socket if $self->{mode} eq 'listen_fds';
	$self->{pid} = spawn(cmd => [@{ $self->{as} // [] }, binary(), '-c',
		$self->{conf_path}],
	    log => $self->{log}, %fd,
	    env => { sanitizer_env($self->{run}), %{ $self->{env} } });
	wait_for { $self->is_ready } 15, 'the responder';
	return $self;
}

# Somebody listens; what comes before it is ready waits in the backlog.
sub is_ready ($self)
{
	if (waitpid($self->{pid}, POSIX::WNOHANG) == $self->{pid}) {
		delete $self->{pid};
		die "the responder ended with status $?:\n",
		    slurp($self->{log});
	}
	return IO::Socket::UNIX->new(
	    Type => SOCK_STREAM, Peer => $self->{socket}) ? 1 : 0;
}

sub pid ($self) { return $self->{pid} }

sub socket_path ($self) { return $self->{socket} }

# True if it ended by itself, in time, with status 0; undef if none ran.
sub stop ($self, $signal = 'TERM')
{
	my $pid = delete $self->{pid} // return undef;
	my $status = Jobtail::Process::stop($pid, $signal);

	$self->{status} = $status;
	return defined $status && $status == 0 ? 1 : 0;
}

sub status ($self)
{
	return defined $self->{status}
	    ? "wait status $self->{status}" : 'killed: it did not end';
}

# Records of a log, ours among others': { level, text }.
sub parse_log ($text)
{
	return map {
		/jobtail\[\d+\]: (error|warn|notice|info|debug)\b ?(.*)/s
		    ? { level => $1, text => $2, line => $_ } : ()
	} split /\n/, $text;
}

sub log_lines ($self) { return parse_log(slurp($self->{log})) }

# What it wrote that is no record: a dying library, say.
sub stray_lines ($self)
{
	return grep { !/jobtail\[\d+\]: \w+/ } split /\n/,
	    slurp($self->{log});
}

sub reports ($self) { return sanitizer_reports($self->{run}) }

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$ || !$self->{pid};
	Jobtail::Process::stop(delete $self->{pid}, 'KILL');
}

1;
