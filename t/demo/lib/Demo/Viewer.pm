package Demo::Viewer;

# Who looks at the timeline: jobtailctl follow, and the pictures' links.

use v5.36;
use HTTP::Tiny;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);
use Jobtail::Process qw(spawn slurp);

# url, key, program; lines => a file for the events, instead of showing them
sub new ($class, %o)
{
	return bless {%o}, $class;
}

# Follows to the end of the job; $idle is called meanwhile. Dies unless the
# job succeeds, in time.
sub follow ($self, $idle, $limit)
{
	my $end = time + $limit;

	$self->{pid} = spawn(
	    cmd => [$self->{program}, 'follow',
		$self->{lines} ? '--json' : (), $self->{url}],
	    $self->{lines} ? (out => $self->{lines}) : (),
	    env => { JOBTAIL_API_KEY => $self->{key}, no_proxy => '*' });
	while (waitpid($self->{pid}, POSIX::WNOHANG) != $self->{pid}) {
		$idle->();
		die "the job's end did not come in $limit s\n"
		    if time > $end;
		sleep 0.1;
	}
	delete $self->{pid};
	# whoever read the events has left
	kill PIPE => $$ if ($? & 127) == POSIX::SIGPIPE();
	die "jobtailctl ended with wait status $?\n" if $?;
	return;
}

# The events whose lines are whole, but for those that were asked for before.
sub news ($self)
{
	my @lines = slurp($self->{lines}) =~ /^(.*)\n/mg;

	splice @lines, 0, $self->{n_seen} // 0;
	$self->{n_seen} += @lines;
	return map { JSON::PP::decode_json($_) } @lines;
}

sub stop ($self)
{
	Jobtail::Process::stop(delete $self->{pid}) if $self->{pid};
	return;
}

sub fetch ($self, $url, %headers)
{
	my $http = HTTP::Tiny->new(timeout => 10, max_redirect => 0);
	my $answer = $http->get($url, { headers => \%headers });

	die "GET $url: $answer->{status} $answer->{content}\n"
	    if $answer->{status} != 200;
	return $answer;
}

# The address that shows the job in a browser, with a ticket instead of the
# key. Dies unless the page is there and the ticket opens the timeline.
sub page ($self, $site, $job)
{
	my $answer = $self->fetch("$self->{url}?ticket=new",
	    authorization => "Bearer $self->{key}");
	my $ticket = JSON::PP::decode_json($answer->{content})->{ticket};

	$self->fetch("$site/timeline.html");
	$self->fetch("$self->{url}?ticket=$ticket");
	return "$site/timeline.html#job=$job&ticket=$ticket";
}

# The first picture of the timeline. Dies unless its link opens, without a
# key, as a PNG image.
sub open_picture ($self)
{
	my $page = $self->fetch($self->{url},
	    authorization => "Bearer $self->{key}");
	my ($url) = map { $_->{image_url} } map { @{ $_->{artifacts} } }
	    @{ JSON::PP::decode_json($page->{content})->{events} };

	die "no artifact came\n" if !defined $url;
	my $picture = $self->fetch($url);
	my $type = $picture->{headers}{'content-type'} // 'no type';

	die "an artifact's URL gave $type: $url\n"
	    if $type ne 'image/png'
	    || $picture->{content} !~ /\A\x89PNG\r\n/;
	return;
}

1;
