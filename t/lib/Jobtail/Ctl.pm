package Jobtail::Ctl;

# jobtailctl as a process, looked at while it runs.
#
#   my $c = Jobtail::Ctl->new(dir => $dir, key => $key,
#       args => ['follow', $url]);
#   $c->wait_lines(2);
#   is($c->status, 0, 'it ends');
#   is($c->errors, '', 'and says nothing else');
#
# Nothing of it is in the environment but the key, and no proxy. What is waited
# for may take longer than a server holds an answer.

use v5.36;
use Cwd qw(abs_path);
use POSIX ();
use Jobtail::Process qw(wait_for spawn slurp);
use Jobtail::Responder;

my $n_started = 0;

sub binary
{
	my $path = $ENV{JOBTAILCTL_BIN}
	    // Jobtail::Responder::top() . '/src/jobtailctl';

	return abs_path($path) // $path;
}

# dir, args; key => for the environment; cmd => [...] to start it by, with
# fd3 => a handle.
sub new ($class, %o)
{
	my $self = bless { owner => $$, %o }, $class;
	my $base = "$self->{dir}/ctl." . ++$n_started;

	$self->{out} = "$base.out";
	$self->{log} = "$base.err";
	local @ENV{qw(no_proxy NO_PROXY)} = ('*', '*');
	local $ENV{JOBTAIL_API_KEY} = $o{key};
	delete $ENV{JOBTAIL_API_KEY} if !defined $o{key};
	$self->{pid} = spawn(
	    cmd => [@{ $o{cmd} // [] }, binary(), @{ $o{args} }],
	    log => $self->{log}, out => $self->{out}, fd3 => $o{fd3},
	    env => { Jobtail::Responder::sanitizer_env($self->{dir}) });
	return $self;
}

sub pid ($self) { return $self->{pid} }

sub output ($self) { return slurp($self->{out}) }

sub errors ($self) { return slurp($self->{log}) }

# Whole ones alone.
sub lines ($self) { return my @lines = $self->output =~ /^(.*)\n/mg }

sub wait_lines ($self, $n, $seconds = 30)
{
	return wait_for { $self->lines >= $n } $seconds,
	    "$n lines of jobtailctl";
}

# Until it complains of something.
sub wait_errors ($self, $pattern, $seconds = 30)
{
	return wait_for { $self->errors =~ $pattern } $seconds,
	    "$pattern from jobtailctl";
}

sub has_ended ($self)
{
	return 1 if !$self->{pid};
	return 0 if waitpid($self->{pid}, POSIX::WNOHANG) != $self->{pid};
	$self->{wait_status} = $?;
	delete $self->{pid};
	return 1;
}

# The exit status when it ends by itself; "signal N" when one ended it.
sub status ($self, $seconds = 30)
{
	wait_for { $self->has_ended } $seconds, 'jobtailctl to end: '
	    . $self->output . $self->errors;
	my $signal = $self->{wait_status} & 127;

	return $signal ? "signal $signal" : $self->{wait_status} >> 8;
}

sub signal ($self, $name) { return kill $name, $self->{pid} }

# Of the sanitizers, of all that ran in this folder.
sub reports ($dir) { return Jobtail::Responder::sanitizer_reports($dir) }

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$ || !$self->{pid};
	Jobtail::Process::stop(delete $self->{pid}, 'KILL');
}

1;
