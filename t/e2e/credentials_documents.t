#!/usr/bin/perl
# What an endpoint says: which documents are credentials, and which are not.
use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Metadata;
use Jobtail::Test;

my $dir = tempdir('jobtail-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $m = Jobtail::Metadata->new(dir => $dir);
my $t = setup(front => 0, conf => { store => 'none',
	s3_access_key_id => undef, s3_secret_key_file => undef });
my $c = Jobtail::Credentials->new($t);

mkdir $t->dir . '/home';

# Asks a source once, with these variables beside its own.
sub tt ($source, %env)
{
	return $c->run({ credentials => $source }, {
		HOME => $t->dir . '/home', led_to($t, $source, $m->url),
		%env }, '-tt');
}

# --- documents that say no credential ---

# The document as text, with one thing in it replaced.
sub changed ($source, $from, $to)
{
	my $text = Jobtail::Metadata::document(kind_of($source),
	    id => 'ASIADOC');

	$text =~ s/$from/$to/ or die "no $from in it\n";
	return $text;
}

my $secret = qr/"canary.secret[^"]*"/;
my $id = qr/"ASIADOC"/;
my $end = qr/"Expiration":("[^"]*"|\d+)/;

# What is put in place of what.
my %refused = (
	'not JSON at the end' => [qr/\z/, 'x'],
	'another document behind it' => [qr/\z/, '{}'],
	'a comma too much' => [qr/\}\z/, ',}'],
	'a comment' => [qr/\z/, '/* */'],
	'single quotes' => [$id, q('ASIADOC')],
	'bytes that are no UTF-8' => [$id, qq("ASIA\xff")],
	'a list' => [qr/\A(.*)\z/s, '[{}]'],
	'an id that is a number' => [$id, 17],
	'an id that is null' => [$id, 'null'],
	'an empty id' => [$id, '""'],
	'an id twice' => [$id, '"ASIADOC","AccessKeyId":"ASIAOTHER"'],
	'no id' => [qr/"AccessKeyId"/, '"Other"'],
	'an id in another case' => [qr/"AccessKeyId"/, '"accesskeyid"'],
	'an id of two lines' => [$id, '"ASIA\\nDOC level=error"'],
	'an id with a NUL' => [$id, '"ASIADOC\\u0000"'],
	'a secret that is a list' => [$secret, '["canary"]'],
	'a secret that is an object' => [$secret, '{"canary":1}'],
	'an empty secret' => [$secret, '""'],
	'a secret with a NUL' => [$secret, '"canary\\u0000"'],
	'a secret twice' => [qr/("SecretAccessKey":$secret)/,
		'"SecretAccessKey":"canary1","SecretAccessKey":"canary2"'],
	'no secret' => [qr/"SecretAccessKey"/, '"Other"'],
	'no token' => [qr/"(?:Session)?Token"/, '"Other"'],
	'a token that is true' => [qr/("(?:Session)?Token"):"[^"]*"/,
		'"Token":true,"SessionToken":true'],
	'an end that has been' => [$end,
		'"Expiration":"2020-01-01T00:00:00Z"'],
	'an end that is a word' => [$end, '"Expiration":"soon"'],
	'an end that is a list' => [$end, '"Expiration":[1]'],
	'an end that is no day' => [$end,
		'"Expiration":"2099-13-01T00:00:00Z"'],
	'no end' => [$end, '"Other":1'],
);

for my $source (endpoints) {
	subtest "documents that $source refuses" => sub {
		for my $name (sort keys %refused) {
			$m->tell_only(body =>
			    changed($source, @{ $refused{$name} }));
			my ($status, $text) = tt($source);

			is($status, 1, $name);
			like($text, qr/^credentials: \Q$source\E: .*\S/m,
			    '... and says why') or diag $text;
			unlike($text, qr/^DOC|canary/m, '... in a line');
		}

		$m->tell_only(body => '[' x 30_000);
		is((tt($source))[0], 1, 'a deep one without an end');
		$m->tell_only(body => '{"a":' x 5000 . '1' . '}' x 5000);
		is((tt($source))[0], 1, 'a deep one');
	};
}

subtest 'more that EC2 says' => sub {
	$m->tell_only(body => '{"Code":"AssumeRoleUnauthorizedAccess",'
	    . '"Message":"canary","LastUpdated":"2026-01-01T00:00:00Z"}');
	my ($status, $text) = tt('imds');

	is($status, 1, 'no success');
	like($text, qr/AssumeRoleUnauthorizedAccess/, '... by its code');
	$m->tell_only(body => changed('imds', qr/"Success"/,
	    '"Fa\\"iled\\nDOC level=error"'));
	($status, $text) = tt('imds');
	is($status, 1, 'a code of two lines');
	unlike($text, qr/^DOC/m, '... is shown in one');
	$m->tell_only(body => changed('imds', qr/"Success"/, '"Failed"'));
	is((tt('imds'))[0], 1, 'another code beside a key');
};

# The second would be a header of its own.
subtest 'a token of two lines' => sub {
	my $token = file_of($t, 'lines', "canary\r\nX-Evil: 1\r\n");
	my $n = $m->asked;

	$m->tell_only(id => 'ASIALINES');
	is((tt('container', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE =>
	    $token))[0], 1, 'is refused');
	is(scalar $m->asked, $n, 'nobody is asked with it');
};

# --- documents that are taken ---

for my $source (endpoints) {
	subtest "documents that $source takes" => sub {
		my %taken = (
			'as it is' => [qr/\z/, ''],
			'white space' => [qr/\A/, " \n\t"],
			'members more' => [qr/\}\z/,
				',"More":[1,{"AccessKeyId":"X"}]}'],
			'escapes' => [$id, '"ASIA\\u0044\\u004fC"'],
			'an end with a fraction' => [$end,
				'"Expiration":"2099-01-01T00:00:00.5Z"'],
			'an end with an offset' => [$end,
				'"Expiration":"2099-01-01T00:00:00+02:00"'],
			$source ne 'web-identity' ? () : (
			'an end in text' => [$end,
				'"Expiration":"2099-01-01T00:00:00Z"'],
			'an end in thousand millions' => [$end,
				'"Expiration":4.0709088E9'],
			'an end in parts of a second' => [$end,
				'"Expiration":4070908800.25']),
		);

		for my $name (sort keys %taken) {
			$m->tell_only(body =>
			    changed($source, @{ $taken{$name} }));
			my ($status, $text) = tt($source);

			is($status, 0, $name) or diag $text;
			like($text, qr/^credentials: \Q$source\E: .*ASIADOC/m,
			    '... and whose');
		}
		for my $skew (-86400, 86400) {
			$m->tell_only(id => 'ASIADOC', skew => $skew);
			is((tt($source))[0], 0, "a clock by $skew s");
		}
		$m->tell_only(id => 'ASIADOC', pad => 65536);
		is((tt($source))[0], 0, 'as much as may be');
		$m->tell_only(id => 'ASIADOC', pad => 65537);
		is((tt($source))[0], 1, 'a byte more');
		$m->tell_only(id => 'ASIADOC', how => { all => 'slow' });
		is((tt($source))[0], 0, 'slowly');
	};
}

$c->no_text_tells;
done_testing;
