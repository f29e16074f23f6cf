package Demo::Viewer;

# A client that knows nothing but the endpoint: it asks with "since" what it
# has not seen, as often as X-Poll-Interval says, until the timeline is closed.

use v5.36;
use HTTP::Tiny;
use JSON::PP ();
use Time::HiRes qw(sleep time);

sub new ($class, %o)
{
	my $self = bless {%o}, $class;

	$self->{http} = HTTP::Tiny->new(timeout => 10, max_redirect => 0,
	    agent => 'jobtail-demo',
	    default_headers => { authorization => "Bearer $self->{key}" });
	return $self;
}

# Calls $seen for each event, and gives the last answer. Dies when the end
# does not come in time; $idle is called before each pause.
sub follow ($self, $seen, $idle, $limit = 300)
{
	my $end = time + $limit;
	my $since;

	while (time < $end) {
		my $answer = $self->ask($since);
		my $page = JSON::PP::decode_json($answer->{content});
		my $headers = $answer->{headers};

		$seen->($_) for @{ $page->{events} };
		$since = $page->{latest_seq};
		return $answer if $headers->{'jobtail-closed'};
		next if !$headers->{'jobtail-up-to-date'};
		$idle->();
		sleep($headers->{'x-poll-interval'}
		    // die "an open timeline without X-Poll-Interval\n");
	}
	die "the job's end did not come in $limit s\n";
}

sub ask ($self, $since)
{
	my $answer = $self->{http}->get($self->{url}
	    . (defined $since ? "?since=$since" : ''));

	die "GET $self->{url}: $answer->{status} $answer->{content}\n"
	    if $answer->{status} != 200;
	return $answer;
}

# One line an event and one line a picture, for people.
sub print_event ($event)
{
	printf "%s  %-9s  %-8s  %s\n", substr($event->{created_at}, 11, 8),
	    $event->{event_type}, $event->{stage} // '', $event->{message};
	printf "%s%s %s: %s\n", ' ' x 31, $_->{role}, $_->{kind},
	    $_->{image_url} for @{ $event->{artifacts} };
	return;
}

# Dies unless the link opens, without a key, as a PNG image.
sub open_picture ($url)
{
	my $answer = HTTP::Tiny->new(timeout => 10)->get($url);
	my $type = $answer->{headers}{'content-type'} // 'no type';

	die "an artifact's URL gave $answer->{status} and $type: $url\n"
	    if $answer->{status} != 200 || $type ne 'image/png'
	    || $answer->{content} !~ /\A\x89PNG\r\n/;
	return length $answer->{content};
}

1;
