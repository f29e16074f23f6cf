#!/usr/bin/perl
# Credentials that a program prints: what it is given, what is taken from it,
# and how it ends.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Jobtail::Credentials;
use Jobtail::Link;
use Jobtail::Metadata;
use Jobtail::Process qw(drop_user);
use Jobtail::Test;

my %unset = (s3_access_key_id => undef, s3_secret_key_file => undef);
my $t = setup(front => 0, conf => { %unset, store => 'none' });
my $c = Jobtail::Credentials->new($t);
my $planted = $t->dir . '/planted';

$t->allow_log(qr/ (?:error|warn) credentials store=/, qr/ status=503 /);
file_of($t, 'nothing', '');
chmod 0777, $planted;

sub conf ($command, %more)
{
	return (%unset, credentials => 'credential_process',
	    defined $command ? (s3_credential_process => $command) : (),
	    %more);
}

sub started ($command, %env)
{
	return $t->beside(env => { HOME => $planted, %env },
	    conf => { conf($command), artifact_ttl => '20s',
		artifact_window => '0' });
}

# A program that says this, behind these commands.
sub printer ($name, $text, $commands = '')
{
	file_of($t, "$name.out", $text, 0644);
	return script($t, $name, "$commands\ncat $planted/$name.out\n");
}

sub lines_of ($name) { return split /\n/, slurp("$planted/$name") }

# --- what it is given ---

subtest 'a command line, and no shell' => sub {
	my $program = printer('words', credentials_of('AKIAWORDS'),
	    "for w; do echo \"<\$w>\"; done >>$planted/words.args");
	my $r = started(qq($program plain "two words" 'it"s' "" )
	    . qq(\$HOME \$(touch $planted/shell) `touch $planted/shell` ; )
	    . qq(touch $planted/shell | cat > $planted/shell && x * ~));

	is_signed_by($c->page_in_time(undef, $r), 'AKIAWORDS', 'its links');
	my @words = lines_of('words.args');

	is_deeply([@words[0 .. 1]], ['<plain>', '<two words>'], 'words');
	is($words[2], '<it"s>', 'a quote in quotes');
	is_deeply([grep { $_ eq '<>' } @words], ['<>'], 'an empty one');
	is_deeply([grep { /\A<[\$;|>&*~]/ && $_ ne '<>' } @words],
	    ['<$HOME>', '<$(touch>', '<;>', '<|>', '<>>', '<&&>', '<*>',
		'<~>'], 'signs of a shell are words');
	ok(!-e "$planted/shell", 'and nothing came of them');
	$t->stop_beside;
};

subtest 'its surroundings' => sub {
	my $program = file_of($t, 'around', <<"END", 0755);
#!$^X
sub note { open my \$out, '>', "$planted/around.\$_[0]" or die;
    print \$out map { "\$_\\n" } \@_[1 .. \$#_]; }
note('fds', map { readlink \$_ // () } glob '/proc/self/fd/*');
note('env', map { "\$_=\$ENV{\$_}" } sort keys %ENV);
note('id', \$>, \$<);
note('in', scalar(() = <STDIN>));
print STDERR "canary of stderr\\n";
print q(@{[credentials_of('AKIAAROUND')]});
END
	my %secret = map { $_ => "canary-of-$_" } qw(AWS_ACCESS_KEY_ID
	    AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	    AWS_CONTAINER_AUTHORIZATION_TOKEN PGPASSWORD);

	# descriptor 0 is its socket then
	my $r = $t->beside(mode => 'fd0', conf => { conf($program) }, env => {
		HOME => $planted, %secret, JOBTAIL_PLANTED => 'canary' });

	is_signed_by($c->page_in_time(undef, $r), 'AKIAAROUND', 'its links');
	my @env = lines_of('around.env');

	cmp_ok(scalar(grep { /\APATH=/ } @env), '==', 1, 'a PATH');
	is_deeply([map { s/=.*//r } grep { /canary|\AJOBTAIL_|\APG/ } @env],
	    [], 'no secret in its environment');
	is((lines_of('around.in'))[0], 0, 'no input');
	my %is_open = map { s/:.*//r => 1 } lines_of('around.fds');

	# Perl has the script open, and the folder that it looks into
	delete @is_open{"$planted/around", grep { m{\A/proc/} } keys %is_open};
	is_deeply([sort keys %is_open], ['/dev/null', 'pipe'],
	    'no descriptor but its own');
	my $account = defined drop_user() ? getpwnam drop_user() : $>;

	is_deeply([lines_of('around.id')], [$account, $account],
	    'the responder\'s account');
	$t->stop_beside;
};

subtest 'the one of a profile' => sub {
	my $program = printer('of_profile', credentials_of('ASIAPROFILE'));
	my $config = file_of($t, 'config', "[profile p]\n"
	    . "credential_process = '$program' \"with words\"\n");
	my %env = (AWS_CONFIG_FILE => $config, AWS_PROFILE => 'p');

	my $r = $t->beside(env => { HOME => $planted, %env },
	    conf => { conf(undef) });

	is_signed_by($c->page_in_time(undef, $r), 'ASIAPROFILE', 'its links');
	$t->stop_beside;
	$r = started(printer('own', credentials_of('ASIAOWN')), %env);

	is_signed_by($c->page_in_time(undef, $r), 'ASIAOWN',
	    'the store\'s own wins');
	$t->stop_beside;
};

# --- what is taken from it ---

my %good = (AccessKeyId => 'ASIAGOOD',
    SecretAccessKey => secret_of('ASIAGOOD'),
    SessionToken => token_of('ASIAGOOD'));
my $good = credentials_of('ASIAGOOD');
my $soon = Jobtail::Metadata::stamp(time + 3600);

# What it prints, and what it does before.
my %refused = (
	'nothing' => [''],
	'no JSON' => ["AccessKeyId=ASIAGOOD canary\n"],
	'something behind it' => ["$good canary"],
	'two of them' => [$good . $good],
	'an array' => ["[$good]"],
	'another version' => [credentials_of('ASIAGOOD', Version => 2)],
	'a version that is text' => [credentials_of('ASIAGOOD',
	    Version => '1')],
	'no version' => [credentials_of('ASIAGOOD', Version => undef)],
	'no id' => [credentials_of('ASIAGOOD', AccessKeyId => undef)],
	'no secret' => [credentials_of('ASIAGOOD',
	    SecretAccessKey => undef)],
	'an empty secret' => [credentials_of('ASIAGOOD',
	    SecretAccessKey => '')],
	'a number for a secret' => [credentials_of('ASIAGOOD',
	    SecretAccessKey => 17)],
	'a list for a token' => [credentials_of('ASIAGOOD',
	    SessionToken => ['canary'])],
	'a member twice' => [$good =~ s/\}\z/,"AccessKeyId":"ASIAGOOD"}/r],
	'the end has been' => [credentials_of('ASIAGOOD',
	    Expiration => Jobtail::Metadata::stamp(time - 5))],
	'an end that is no time' => [credentials_of('ASIAGOOD',
	    Expiration => 'tomorrow')],
	'a day that is none' => [credentials_of('ASIAGOOD',
	    Expiration => '2099-02-30T00:00:00Z')],
	'too much' => [$good . ' ' x 65536],
	'a failure' => [$good, 'trap "exit 3" EXIT'],
	'a signal' => [$good, 'kill -9 $$'],
);

subtest 'what is refused' => sub {
	my $n = 0;

	for my $name (sort keys %refused) {
		my ($text, $commands) = @{ $refused{$name} };
		my $program = printer('refused' . ++$n, $text,
		    "echo canary on stderr >&2\n" . ($commands // ''));
		my ($status, $said) = $c->run({ conf($program) },
		    { HOME => $planted }, '-tt');

		is($status, 1, $name);
		like($said, qr/^credentials: credential_process: .*\S/m,
		    '... and why');
		unlike($said, qr/ASIAGOOD/, '... and nothing of it');
	}
	for ("$planted/nobody", $planted, "$planted/nothing",
	    '"no end of the quotes') {
		my ($status, $said) = $c->run({ conf($_) },
		    { HOME => $planted }, '-tt');

		is($status, 1, "no program: $_");
		like($said, qr/^credentials: credential_process: |s3_cred/m,
		    '... and why');
	}
};

subtest 'what is taken' => sub {
	my %taken = (
		'as it is' => $good,
		'white space around it' => "\n\t $good \r\n",
		'an end' => credentials_of('ASIAGOOD', Expiration => $soon),
		'an end with a fraction' => credentials_of('ASIAGOOD',
		    Expiration => $soon =~ s/Z/.125Z/r),
		'an end elsewhere' => credentials_of('ASIAGOOD',
		    Expiration => Jobtail::Metadata::stamp(time + 9000)
		    =~ s/Z/+01:00/r),
		'members more' => credentials_of('ASIAGOOD', More => [{}]),
		'as much as may be' => $good . ' ' x (65536 - length $good),
	);

	for my $name (sort keys %taken) {
		my ($status, $said) = $c->run({ conf(printer('taken',
			$taken{$name})) }, { HOME => $planted }, '-tt');

		is($status, 0, $name) or diag $said;
		like($said, qr/^credentials: credential_process: .*ASIAGOOD/m,
		    '... and whose');
	}
};

# --- how it ends ---

sub is_alive ($pid) { return -e "/proc/$pid" }

# Children of the responder that nobody has buried.
sub zombies ($r)
{
	return grep { slurp($_) =~ /\A\d+ \(.*\) Z @{[$r->pid]} /s }
	    glob '/proc/[0-9]*/stat';
}

subtest 'it does not end by itself' => sub {
	my %never = (
		'sleeps' => "echo \$\$ >>PIDS; trap '' TERM INT HUP\n"
		    . "exec sleep 1000",
		'prints' => "echo \$\$ >>PIDS; trap '' TERM PIPE\n"
		    . "exec cat /dev/zero",
		'leaves one behind' => "sleep 1000 & echo \$! >>PIDS\n"
		    . "echo '" . credentials_of('ASIALEFT') . "'\nexit 0",
	);
	my %running;

	for my $name (sort keys %never) {
		my $id = $name =~ s/ /_/gr;
		my $r = started(script($t, $id, $never{$name}
		    =~ s/PIDS/$planted\/$id.pids/gr . "\n"));

		$running{$name} = [$r, "$id.pids"];
	}
	for my $name (sort keys %running) {
		my ($r, $pids) = @{ $running{$name} };
		my $page = $c->page($r);

		is($c->page_without($r)->{status}, 200,
		    "$name: pages without links go on");
		if ($name =~ /leaves/) {
			like($page->{status}, qr/\A(?:200|503)\z/,
			    '... an answer');
			next;
		}
		is_without($page, '... with links: 503');
		is((said_by($r))[0]{level}, 'error', '... in the log');
		wait_for { !grep { is_alive($_) } lines_of($pids) } 20,
		    "$name to be killed";
		ok(1, '... is killed');
		is(zombies($r), 0, '... and buried');
	}
	my %left = map { $_ => 1 } map { lines_of($running{$_}[1]) }
	    keys %running;

	$t->stop_beside;
	kill KILL => grep { is_alive($_) && slurp("/proc/$_/cmdline")
	    =~ /\Asleep/ } keys %left;
};

subtest 'how often' => sub {
	my $once = started(printer('once', credentials_of('ASIAONCE'),
	    "echo x >>$planted/once.runs"));
	my $busy = $planted . '/busy';
	my $again = started(script($t, 'again', <<"END"));
mkdir $busy || echo two at once >>$planted/again.twice
n=\$(wc -l <$planted/again.runs 2>/dev/null || echo 0)
echo x >>$planted/again.runs
sleep 0.3
cat <<E
{"Version":1,"AccessKeyId":"ASIAAGAIN\$n",
"SecretAccessKey":"@{[secret_of('ASIAAGAIN$n')]}",
"SessionToken":"@{[token_of('ASIAAGAIN$n')]}",
"Expiration":"\$(date -u -d '+130 seconds' +%Y-%m-%dT%H:%M:%SZ)"}
E
rmdir $busy
END
	is_signed_by($c->page_in_time(undef, $once), 'ASIAONCE', 'for ever');
	is_signed_by($c->page_in_time(undef, $again), 'ASIAAGAIN0',
	    'for a time');
	is_signed_by($c->page_in_time('ASIAAGAIN1', $again, 90),
	    'ASIAAGAIN1', 'as its end is near, another one');
	is_signed_by($c->page($once), 'ASIAONCE', 'still for ever');
	is(scalar lines_of('once.runs'), 1, 'what has no end is asked once');
	ok(!-e "$planted/again.twice", 'never two at once');
	$t->stop_beside;
};

# It must not be waited for, nor stay.
subtest 'the responder ends first' => sub {
	my $r = started(script($t, 'last',
	    "echo \$\$ >>$planted/last.pids; exec sleep 1000\n"));
	my $pid = wait_for { (lines_of('last.pids'))[0] } 15, 'the program';

	$t->stop_beside;
	wait_for { !is_alive($pid) } 10, 'the program to end';
	ok(1, 'so does the program');
};

subtest 'no secret is told' => sub {
	$t->stop_servers;
	$c->no_secret_is_told;
};

done_testing;
