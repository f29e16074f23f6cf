package Jobtail::Browser;

# A real Chromium, driven through t/e2e/browser.cjs, and beside it node with
# another implementation of EventSource.
#
#   my $browser = Jobtail::Browser->new;
#   my $page = $browser->open($url, width => 320);
#   is($page->run('document.title'), 'Timeline');
#   is($browser->run('1 + 1'), 2, 'in node');
#   my @urls = map { $_->{url} } $page->asked;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket;
use JSON::PP ();
use Time::HiRes qw(time);
use Jobtail::Process qw(find_program slurp spawn);

my $here = dirname(abs_path(__FILE__)) . '/../../e2e';
my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# What is needed and where it is: node, Chromium, npm's packages.
sub needs
{
	my $node = find_program(qw(node nodejs));
	my $chromium = $ENV{JOBTAIL_CHROMIUM} // find_program(qw(
	    chromium-headless-shell chromium chromium-browser google-chrome));
	my $modules = $ENV{JOBTAIL_NODE_MODULES} // "$here/node_modules";
	my @lacking = (
		defined $node ? () : 'nodejs and npm',
		defined $chromium ? () : 'chromium-headless-shell',
		(grep { !-d "$modules/$_" } qw(eventsource playwright-core))
		? "npm's packages in $modules" : (),
	);

	die 'there is no ', join(', no ', @lacking), ". What to do:\n",
	    "    apt-get install nodejs npm chromium-headless-shell\n",
	    "    (cd t/e2e && npm ci)\n" if @lacking;
	return ($node, $chromium, $modules);
}

sub new ($class)
{
	my ($node, $chromium, $modules) = needs();
	my ($ours, $theirs) = IO::Socket->socketpair(AF_UNIX, SOCK_STREAM,
	    PF_UNSPEC) or die "socketpair: $!\n";
	my $home = tempdir('jobtail-browser-XXXXXXXX', TMPDIR => 1,
	    CLEANUP => 1);
	my $self = bless { owner => $$, socket => $ours, got => '',
		log => "$home/log" }, $class;

	$self->{pid} = spawn(
	    cmd => [$node, "$here/browser.cjs", $chromium],
	    stdin => $theirs, log => $self->{log},
	    env => { HOME => $home, NODE_PATH => $modules });
	return $self;
}

# A line from the other side.
sub line ($self, $seconds = 60)
{
	my $end = time + $seconds;

	while (1) {
		return $1 if $self->{got} =~ s/\A(.*)\n//;
		die "the browser does not answer\n", slurp($self->{log})
		    if time > $end;
		next if !IO::Select->new($self->{socket})->can_read(1);
		sysread $self->{socket}, $self->{got}, 1 << 16,
		    length $self->{got}
		    or die "the browser ended\n", slurp($self->{log});
	}
}

sub tell ($self, $do, %o)
{
	local $SIG{PIPE} = 'IGNORE';
	syswrite $self->{socket}, $json->encode({ %o, do => $do }) . "\n";
	my $answer = $json->decode($self->line);

	die "$do: $answer->{error}\n" if defined $answer->{error};
	return $answer->{value};
}

# width, dark; with file and answers it is served from there, and $url is the
# rest of the address.
sub open ($self, $url, %o)
{
	return bless { browser => $self,
		page => $self->tell('open', url => $url, %o) },
	    'Jobtail::Browser::Page';
}

sub run ($self, $code)
{
	return $self->tell('run', page => 0, code => $code);
}

sub stop ($self)
{
	my $pid = delete $self->{pid} // return;

	close delete $self->{socket} if $self->{socket};
	return Jobtail::Process::stop($pid, 'TERM', 20);
}

sub DESTROY ($self)
{
	local ($?, $!, $@);
	$self->stop if $self->{owner} == $$;
}

package Jobtail::Browser::Page;

use Time::HiRes qw(sleep time);

sub tell ($self, $do, %o)
{
	return $self->{browser}->tell($do, page => $self->{page}, %o);
}

sub run ($self, $code) { return $self->tell('run', code => $code) }

sub asked ($self) { return @{ $self->tell('asked') } }

sub said ($self) { return @{ $self->tell('said') } }

sub close ($self) { return $self->tell('close') }

# What it asked the API.
sub asked_api ($self) { return grep { $_->{url} =~ m{/v1/} } $self->asked }

# --- of nginx/html/timeline.html ---

# What the block gives, once it is good or the time is up.
sub patient ($value, $is_good, $seconds)
{
	my $end = time + $seconds;

	while (1) {
		# a page that loads anew has no value for a moment
		my $is = eval { $value->() };

		return $is if defined $is && $is_good->($is);
		return $is // die $@ if time > $end;
		sleep 0.01;
	}
}

# Its state, waited for.
sub state ($self, $wanted, $seconds = 20)
{
	return patient(sub { $self->run('document.body.dataset.state') },
	    sub ($is) { $is eq $wanted }, $seconds);
}

sub words ($self)
{
	return $self->run(q{document.getElementById('words').textContent});
}

# Heading and message of each event, once there are so many of them; no
# message where it would say the same.
sub shown ($self, $count, $seconds = 20)
{
	return patient(sub {
		$self->run(q{
		    [...document.querySelectorAll('#events > li')].map((item) =>
			[item.querySelector('h2').textContent,
			    item.querySelector('h2 ~ p')?.textContent ?? null])
		})
	}, sub ($is) { @$is >= $count }, $seconds);
}

1;
