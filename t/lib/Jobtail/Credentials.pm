package Jobtail::Credentials;

# What the tests of credentials share: a job whose page needs links and one
# whose page needs none, whose links they are, and where no secret may be.
# Every secret of theirs has the word canary in it.
#
#   my $c = Jobtail::Credentials->new($t);
#   is_signed_by($c->page, 'ASIAFIRST', 'by the first');
#   is_signed_by($c->page($responder), ...);    # one that is beside

use v5.36;
use Exporter 'import';
use File::Find qw(find);
use JSON::PP ();
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Process qw(wait_for slurp spew give_away);
use Jobtail::Responder;
use Jobtail::Wire;
use Test::More import => [qw(is is_deeply like unlike subtest cmp_ok ok)];

our @EXPORT = qw(is_signed_by is_without proxies endpoints kind_of led_to
    file_of script credentials_of section secret_of token_of complaints
    said_by);

# Whoever runs the tests may have credentials and proxies of his own.
delete @ENV{ grep { /\AAWS_|_proxy\z/i } keys %ENV };

BEGIN {
	*secret_of = \&Jobtail::Metadata::secret_of;
	*token_of = \&Jobtail::Metadata::token_of;
}

sub new ($class, $t)
{
	my $self = bless { t => $t, texts => [] }, $class;
	my $tenant = $self->{tenant} = $t->tenant;

	$self->{key} = $t->key($tenant);
	$self->{with} = $self->job('stage', 'succeeded');
	$self->{without} = $t->job($tenant);
	$t->event($self->{without}, 'succeeded');
	return $self;
}

# A job with events of these types, an artifact in each.
sub job ($self, @types)
{
	my $job = $self->{t}->job($self->{tenant});

	$self->event($job, $_) for @types;
	return $job;
}

sub event ($self, $job, $type, %o)
{
	return $self->{t}->event($job, $type, artifacts => [{
		key => 'larder9/plain.png', kind => 'catalog_image',
		role => 'final', label => 'front',
		defined $o{store} ? (store => $o{store}) : (),
	}]);
}

sub key ($self) { return $self->{key} }

# --- asking ---

sub path ($self, $job) { return "/v1/jobs/$job/events" }

sub ask ($self, $path, $responder = undef)
{
	my $answer = $responder
	    ? Jobtail::Wire->new($responder->socket_path)->ask($path,
		HTTP_AUTHORIZATION => "Bearer $self->{key}")
		// die "no answer in time: $path\n"
	    : $self->{t}->get($path, key => $self->{key});

	$self->remember($answer->{content}
	    =~ s/"image_url":\s*"[^"]*"//gr, %{ $answer->{headers} });
	return $answer;
}

# The page with two links.
sub page ($self, @of) { return $self->ask($self->path($self->{with}), @of) }

sub page_without ($self, @of)
{
	return $self->ask($self->path($self->{without}), @of);
}

# The first page that is no 503; with an id, the first whose links have it.
sub page_in_time ($self, $id = undef, $responder = undef, $seconds = 30)
{
	return wait_for {
		my $answer = $self->page($responder);

		$answer->{status} != 503 && (!defined $id
		    || (Jobtail::Link->all($answer))[0]->id eq $id)
		    ? $answer : undef;
	} $seconds, 'a page with links' . (defined $id ? " by $id" : '');
}

# Runs the program to its end, with a store of kind s3: its exit status and
# all that it printed.
sub run ($self, $conf, $env, @arguments)
{
	my $dir = $self->{t}->dir;
	my $file = Jobtail::Responder::write_conf("$dir/run.conf",
	    { %{ $self->{t}->conf }, store => 's3', %$conf });
	my $pid = open my $out, '-|';

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		%ENV = (%ENV, Jobtail::Responder::sanitizer_env($dir), %$env);
		exec Jobtail::Responder::binary(), '-c', $file, @arguments;
	}
	my $text = do { local $/; <$out> } // '';
	close $out;
	$self->remember($text);
	return ($? >> 8, $text);
}

# --- facts ---

# 200, and every link has the id, its token and its secret's signature. Only
# ids of long-lived keys begin with AKIA, and have no token.
sub is_signed_by ($answer, $id, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($name, sub {
		is($answer->{status}, 200, 'an answer')
		    or return;
		my @links = Jobtail::Link->all($answer);

		cmp_ok(scalar @links, '>', 0, 'with links');
		is_deeply([map { $_->id } @links], [($id) x @links], 'id');
		is_deeply([map { $_->token } @links],
		    [($id =~ /\AAKIA/ ? undef : token_of($id)) x @links],
		    'token');
		is(scalar(grep { !$_->is_signed_with(secret_of($id)) }
		    @links), 0, 'signature');
	});
}

# The answer where there ought to be links and cannot be.
sub is_without ($answer, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($name, sub {
		Jobtail::Test::is_envelope($answer, 503, 'UNAVAILABLE',
		    'the envelope');
		like($answer->{headers}{'retry-after'}, qr/\A[1-5]\z/,
		    'Retry-After');
		# whose letters are random
		unlike($answer->{content} =~ s/"request_id":"\w+"//r,
		    qr/canary|ASIA|AKIA|amz|aws|http|\d\.\d/i,
		    'nothing of whom was asked for what');
	});
}

# Lines of the log about credentials: { level, store, source, reason, line }.
sub complaints (@lines)
{
	my @found;

	for my $line (grep { $_->{level} =~ /\A(?:error|warn)\z/ } @lines) {
		my %found = %$line;

		push @found, \%found if @found{qw(store source reason)} =
		    $line->{text} =~ /\Acredentials\ store="([^"]*)"
			\ source=(\S+)\ reason="(.+?)"/x;
	}
	return @found;
}

# Those of a responder, when there is one.
sub said_by ($responder, $seconds = 20)
{
	my $said = wait_for {
		my @said = complaints($responder->log_lines);

		@said ? \@said : undef;
	} $seconds, 'a line about credentials';

	return @$said;
}

# --- secrets ---

sub remember ($self, @texts)
{
	push @{ $self->{texts} }, @texts;
	return;
}

# When all servers have stopped: texts, answers and logs are free of secrets.
sub no_secret_is_told ($self)
{
	my $planted = qr{/(?:pg|planted|metadata\d+)\z};
	my $settings = qr{conf\z|secret|/bin/jobtail\z|\.cgi\z|htaccess};
	my ($n, @told) = (0);

	find({ no_chdir => 1, wanted => sub {
		return $File::Find::prune = 1 if /$planted/;
		return if !-f || /$settings/;
		for my $line (split /\n/, slurp($_)) {
			$n++;
			push @told, "$_: $line"
			    if $line =~ /canary|X-Amz|larder9/i;
		}
	} }, $self->{t}->dir);
	cmp_ok($n, '>', 10, 'there are lines in the logs');
	is_deeply(\@told, [], 'and no secret in them');
	return $self->no_text_tells;
}

sub no_text_tells ($self)
{
	is_deeply([grep { /canary/ } @{ $self->{texts} }], [],
	    'no secret in an answer, a header or a text');
	return;
}

# --- what is planted ---

# Variables that send whoever minds them to the wrong place.
sub proxies ($metadata)
{
	return map { $_ => $metadata->url } qw(http_proxy https_proxy all_proxy
	    HTTP_PROXY HTTPS_PROXY ALL_PROXY);
}

# The sources that are endpoints, and what their last question is called.
my %kind_of = (container => 'container', imds => 'imds',
    'web-identity' => 'sts');

sub endpoints () { return my @sources = sort keys %kind_of }

sub kind_of ($source) { return $kind_of{$source} }

# The variables that lead such a source to an address.
sub led_to ($t, $source, $url)
{
	return (AWS_EC2_METADATA_SERVICE_ENDPOINT => $url)
	    if $source eq 'imds';
	return (AWS_CONTAINER_CREDENTIALS_FULL_URI => "$url/v1/credentials",
	    AWS_CONTAINER_AUTHORIZATION_TOKEN => 'canary-of-container')
	    if $source eq 'container';
	return (AWS_ENDPOINT_URL_STS => $url,
	    AWS_WEB_IDENTITY_TOKEN_FILE =>
		file_of($t, 'web', 'canary-of-web-identity'),
	    AWS_ROLE_ARN => 'arn:aws:iam::123456789012:role/renders',
	    AWS_REGION => 'eu-central-1');
}

# A file of the servers' account below the folder planted.
sub file_of ($t, $name, $text, $mode = 0600)
{
	my $planted = $t->dir . '/planted';

	mkdir $planted;
	my $path = "$planted/$name";

	spew("$path.new", $text, $mode);
	give_away("$path.new");
	rename "$path.new", $path or die "$path: $!\n";
	return $path;
}

# A program that is a script of the shell.
sub script ($t, $name, $text)
{
	return file_of($t, $name, "#!/bin/sh\n$text", 0755);
}

# A section of a shared file, with the key of that id.
sub section ($heading, $id, @more)
{
	return join "\n", "[$heading]", "aws_access_key_id = $id",
	    'aws_secret_access_key = ' . secret_of($id),
	    $id =~ /\AAKIA/ ? () : 'aws_session_token = ' . token_of($id),
	    @more, '';
}

# As credential_process prints them, and with other members.
sub credentials_of ($id, %more)
{
	my %all = (Version => 1, AccessKeyId => $id,
	    SecretAccessKey => secret_of($id),
	    SessionToken => $id =~ /\AAKIA/ ? undef : token_of($id), %more);

	return JSON::PP->new->canonical->encode({ map { $_ => $all{$_} }
	    grep { defined $all{$_} } keys %all });
}

1;
