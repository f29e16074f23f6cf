package Jobtail::Link;

# A presigned link, taken apart: whose key it names, when it ends, and
# whether a secret signed it. The signature is made once more here, from what
# AWS Signature Version 4 says and nothing of ours.
#
#   my $link = Jobtail::Link->new($url);
#   $link->id; $link->token; $link->ends_at;
#   $link->is_signed_with($secret);

use v5.36;
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use Time::Local qw(timegm);

sub new ($class, $url)
{
	my ($host, $path, $query) = $url
	    =~ m{\Ahttps?://([^/?#]+)(/[^?#]*)\?([^#]+)\z}
	    or die "no link: $url\n";

	return bless {
		url => $url, host => $host, path => $path,
		raw => { map { (split /=/, $_, 2)[0, 1] } split /&/, $query },
	}, $class;
}

# All links of an answer, of both documents, in their order.
sub all ($class, $answer)
{
	my $json = $answer->{json} // {};
	my @artifacts = $json->{result} ? @{ $json->{result} }
	    : map { @{ $_->{artifacts} } } @{ $json->{events} // [] };

	return map { $class->new($_->{image_url}) } @artifacts;
}

sub url ($self) { return $self->{url} }

# A parameter's value; undef when it is not there.
sub value ($self, $name)
{
	return $self->{raw}{$name} && $self->{raw}{$name}
	    =~ s/%([0-9A-F]{2})/chr hex $1/ger;
}

sub scope ($self) { return split m{/}, $self->value('X-Amz-Credential') }

sub id ($self) { return ($self->scope)[0] }

sub token ($self) { return $self->value('X-Amz-Security-Token') }

sub life ($self) { return $self->value('X-Amz-Expires') }

sub signed_at ($self)
{
	my ($y, $mon, @rest) = $self->value('X-Amz-Date')
	    =~ /\A(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\z/
	    or die "no time: $self->{path}\n";

	return timegm(reverse(@rest), $mon - 1, $y);
}

sub ends_at ($self) { return $self->signed_at + $self->life }

sub is_signed_with ($self, $secret)
{
	my %raw = %{ $self->{raw} };
	my $signature = delete $raw{'X-Amz-Signature'} // return 0;
	my ($id, @scope) = $self->scope;
	my $request = join "\n", 'GET', $self->{path},
	    join('&', map { "$_=$raw{$_}" } sort keys %raw),
	    "host:$self->{host}", '', 'host', 'UNSIGNED-PAYLOAD';
	my $key = "AWS4$secret";

	$key = hmac_sha256($_, $key) for @scope;
	return hmac_sha256_hex(join("\n", 'AWS4-HMAC-SHA256',
	    $raw{'X-Amz-Date'}, join('/', @scope), sha256_hex($request)),
	    $key) eq $signature;
}

1;
