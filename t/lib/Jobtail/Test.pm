package Jobtail::Test;

# What an end-to-end test needs: PostgreSQL, the responder and a web server,
# tenants, keys, jobs and events, requests. At the end of a file done_testing
# stops everything and asks, unasked: was the log free of errors, the
# sanitizer silent, the exit clean, did nobody stay in the database?
#
#   my $t = setup(conf => { max_events => 3 });
#   my $key = $t->key($t->tenant);
#   my $job = $t->job($tenant);
#   my $page = $t->get("/v1/jobs/$job/events", key => $key);

use v5.36;
use Exporter 'import';
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use Test::More ();
use Test::More import => [grep { $_ ne 'done_testing' }
    @Test::More::EXPORT];
use Jobtail::Front;
use Jobtail::Live;
use Jobtail::Process qw(wait_for slurp spew give_away);
use Jobtail::Responder;
use Jobtail::Wire;

my @more = grep { $_ ne 'done_testing' } @Test::More::EXPORT;

our @EXPORT = (qw(setup done_testing wait_for slurp spew is_envelope
    is_ulid header_list subset), @more);

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $current;

# Interrupted or not, END and DESTROY run.
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

my $json = JSON::PP->new->utf8;

# --- the set-up ---

sub base_conf ($self)
{
	return (
		database => $self->{pg}->conninfo('jobtail_web', 'jobtail'),
		workers => $self->is_cgi ? 1 : 2,
		log_level => 'info',
		dumpable => 'yes', # for sanitizers, and who looks into /proc
		store => 's3',
		s3_endpoint => 'https://s3.eu-central-1.example.org',
		s3_region => 'eu-central-1',
		s3_bucket => 'renders',
		s3_access_key_id => 'AKIDEXAMPLE',
		s3_secret_key_file => $self->secret('s3_secret',
		    'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
	);
}

# conf => {...} over the above; env => {...}, what the responder finds in its
# environment, whoever starts it; front => kind, or 0 for none; mode of the
# responder; tls, media_root and media_secret of the front.
sub setup (%o)
{
	die "one set-up a file\n" if $current;
	my $self = $current = bless {
		front_kind => Jobtail::Front::chosen(), allowed => [],
		wanted => [], %o, owner => $$, keys => [], faults => [],
	}, __PACKAGE__;

	$self->{front_kind} = $o{front} if defined $o{front};
	$self->{dir} = tempdir('jobtail-XXXXXXXX', TMPDIR => 1,
	    CLEANUP => !$ENV{JOBTAIL_KEEP});
	chmod 0755, $self->{dir};
	Test::More::note("kept in $self->{dir}") if $ENV{JOBTAIL_KEEP};
	require Jobtail::Postgres;
	$self->{pg} = Jobtail::Postgres->new(dir => "$self->{dir}/pg");
	$self->{pg}->start;
	$self->{pg}->load_jobtail;
	$self->start;
	return $self;
}

# A file for a secret, readable by the servers' account alone.
sub secret ($self, $name, $text)
{
	my $path = spew("$self->{dir}/$name", "$text\n", 0600);

	give_away($path);
	return $path;
}

sub conf ($self) { return { $self->base_conf, %{ $self->{conf} // {} } } }

sub start ($self)
{
	my $kind = $self->{front_kind};
	my $starts = $kind && Jobtail::Front::starts($kind);

	$self->{responder} = Jobtail::Responder->new(dir => $self->{dir},
	    conf => $self->conf, env => $self->{env} // {},
	    mode => $self->{mode} // 'socket',
	    name => 'responder' . ++$self->{n_started});
	$self->{responder}->start if !$starts;
	$self->{front} = Jobtail::Front->new(dir => $self->{dir},
	    kind => $kind, socket => $self->{responder}->socket_path,
	    conf_path => $starts ? Jobtail::Responder::write_conf(
		"$self->{dir}/jobtail.conf", $self->conf) : undef,
	    map { $_ => $self->{$_} } qw(tls media_root media_secret env))
	    ->start
	    if $kind;
	return;
}

# Stops and starts with other settings, which hold until the next time. Those
# beside go on.
sub reconfigure ($self, %conf)
{
	$self->stop_own;
	$self->{conf} = \%conf;
	$self->start;
	return;
}

# Another environment, for the next start.
sub environment ($self, %env)
{
	$self->{env} = \%env;
	return;
}

# One more responder, with a conf, an env and a mode of its own, to be asked by
# wire.
sub beside ($self, %o)
{
	my $r = Jobtail::Responder->new(dir => $self->{dir},
	    conf => { $self->base_conf, %{ $o{conf} // {} } },
	    env => $o{env} // {}, mode => $o{mode} // 'socket',
	    name => 'beside' . ++$self->{n_beside})->start;

	push @{ $self->{beside} }, $r;
	return $r;
}

# Stops front and responders, and notes what they left behind.
sub stop_servers ($self)
{
	$self->stop_own;
	$self->stop_beside;
	return;
}

sub stop_own ($self)
{
	my ($front, @responders) = (delete $self->{front},
	    grep { defined } delete @$self{qw(responder extra)});

	delete @$self{qw(http wire)};
	$self->fault('the web server did not end')
	    if $front && !$front->stop;
	$self->stop_responders(@responders);
	$self->look_at($front) if $front;
	return;
}

sub stop_beside ($self)
{
	return $self->stop_responders(@{ delete $self->{beside} // [] });
}

sub stop_responders ($self, @responders)
{
	for my $r (@responders) {
		my $clean = $r->stop;

		$self->fault('the responder ended with ' . $r->status)
		    if defined $clean && !$clean;
	}
	return $self->look_at(@responders);
}

sub fault ($self, $text)
{
	push @{ $self->{faults} }, $text;
	return;
}

# Logs and sanitizer reports of those that have ended.
sub look_at ($self, @servers)
{
	for my $server (@servers) {
		push @{ $self->{log} }, $server->log_lines;
		push @{ $self->{reports} }, $server->reports;
	}
	for my $front (grep { $_->isa('Jobtail::Front') } @servers) {
		push @{ $self->{front_errors} }, $self->front_faults($front);
		push @{ $self->{accesses} }, $front->accesses;
	}
	for my $r (grep { $_->isa('Jobtail::Responder') } @servers) {
		$self->fault("the responder said: $_") for $r->stray_lines;
	}
	return;
}

sub front_faults ($self, $front)
{
	my $allowed = $self->{allowed_of_front} // qr/(?!)/;

	return grep { /\[(?:\w+:)?(?:crit|alert|emerg)\]|exit signal/
	    && !/$allowed/ } split /\n/, $front->errors_in_service;
}

# --- what there is ---

sub pg ($self) { return $self->{pg} }

sub dir ($self) { return $self->{dir} }

sub front ($self) { return $self->{front} }

# The daemon; where the front starts the responder, one more beside it.
sub responder ($self)
{
	return $self->{responder} if $self->{responder}->pid;
	$self->{extra} //= Jobtail::Responder->new(dir => $self->{dir},
	    conf => $self->conf, name => 'extra' . ++$self->{n_started})->start;
	return $self->{extra};
}

# A new FastCGI connection to the responder.
sub wire ($self)
{
	return Jobtail::Wire->new($self->responder->socket_path);
}

sub is_cgi ($self) { return $self->{front_kind} =~ /cgid\z|_cgi\z/ && 1 }

sub is_apache ($self) { return $self->{front_kind} ne 'nginx' }

sub log_lines ($self)
{
	my @now = map { $_->log_lines } grep { ref }
	    @$self{qw(responder extra front)};

	return (@{ $self->{log} // [] }, @now);
}

# Lines of warn or error that a file expects.
sub allow_log ($self, @patterns)
{
	push @{ $self->{allowed} }, @patterns;
	return;
}

# A pattern of what the web server may call critical.
sub allow_front ($self, $pattern)
{
	$self->{allowed_of_front} = $pattern;
	return;
}

# --- what there is in the database ---

# Rows as psql prints them, unaligned and without a heading.
sub sql ($self, $statement, %o)
{
	utf8::encode($statement);
	my $out = $self->{pg}->psql($statement, %o) // '';

	chomp $out;
	return $out;
}

sub quote ($value)
{
	return 'NULL' if !defined $value;
	return "'" . $value =~ s/'/''/gr . "'";
}

# JSON as it is given, or made from data.
sub jsonb ($value)
{
	return 'NULL' if !defined $value;
	return quote(ref $value ? JSON::PP->new->encode($value) : $value)
	    . '::jsonb';
}

sub tenant ($self, %o)
{
	my $schema = $o{schema} // 'jobtail';

	return $self->sql("SELECT $schema.create_tenant("
	    . quote($o{name} // 'tenant ' . ++$self->{n_tenants}) . ')');
}

# A key; capabilities => [...], expires_at => an SQL expression, key => text.
sub key ($self, $tenant, %o)
{
	my $schema = $o{schema} // 'jobtail';
	my $key = $o{key};
	my @arguments = ("tenant_id => $tenant",
	    $o{capabilities} ? 'capabilities => ARRAY['
	    . join(',', map { quote($_) } @{ $o{capabilities} })
	    . ']::text[]' : (),
	    $o{expires_at} ? "expires_at => $o{expires_at}" : ());

	if (defined $key) {
		$self->sql("SELECT $schema.add_api_key("
		    . join(', ', @arguments, 'key => ' . quote($key)) . ')');
	} else {
		$key = $self->sql("SELECT $schema.create_api_key("
		    . join(', ', @arguments) . ')');
	}
	push @{ $self->{keys} }, $key;
	return $key;
}

# A job with its event "queued"; job_type, request, public_id.
sub job ($self, $tenant, %o)
{
	my $schema = $o{schema} // 'jobtail';

	return $self->sql("SELECT $schema.create_job(" . join(', ',
	    "tenant_id => $tenant",
	    'job_type => ' . quote($o{job_type} // 'CATALOG_RENDER'),
	    exists $o{request} ? 'request => ' . jsonb($o{request}) : (),
	    $o{public_id} ? 'public_id => ' . quote($o{public_id}) : ())
	    . ')');
}

# An event, and its seq; message, stage, artifacts, extra, visibility.
sub event ($self, $job, $type, %o)
{
	return $self->sql('SELECT ' . event_call($job, $type, %o));
}

sub event_call ($job, $type, %o)
{
	my $schema = $o{schema} // 'jobtail';

	return "$schema.append_event(" . join(', ',
	    'public_id => ' . quote($job), 'event_type => ' . quote($type),
	    'message => ' . quote($o{message} // $type),
	    defined $o{stage} ? 'stage => ' . quote($o{stage}) : (),
	    defined $o{artifacts} ? 'artifacts => ' . jsonb($o{artifacts}) : (),
	    defined $o{extra} ? 'extra => ' . jsonb($o{extra}) : (),
	    defined $o{visibility}
	    ? 'visibility => ' . quote($o{visibility}) : ())
	    . ')';
}

# --- requests ---

# { status, headers (lower case), content, json }; key and headers as given.
sub request ($self, $method, $path, %o)
{
	my $http = $self->{http} //= HTTP::Tiny->new(max_redirect => 0,
	    timeout => 20, agent => 'jobtail-test');
	my %headers = %{ $o{headers} // {} };

	$headers{authorization} = "Bearer $o{key}" if defined $o{key};
	my $url = defined $o{port} ? "http://127.0.0.1:$o{port}"
	    : $self->{front}->url;
	my $answer = $http->request($method, $url . $path, {
		headers => \%headers,
		defined $o{content} ? (content => $o{content}) : (),
	});

	die "$method $path: $answer->{content}\n" if $answer->{status} == 599;
	$answer->{content} //= '';
	$answer->{json} = eval { $json->decode($answer->{content}) };
	return $answer;
}

sub get ($self, $path, %o) { return $self->request('GET', $path, %o) }

# The same, to be looked at while it goes on.
sub live ($self, $path, %o)
{
	return Jobtail::Live->new(path => $path,
	    port => $self->{front}->port, %o);
}

# Bytes to the web server, and what it says until it hangs up.
sub raw ($self, $bytes, $seconds = 10)
{
	my $socket = IO::Socket::INET->new(
	    PeerAddr => '127.0.0.1', PeerPort => $self->{front}->port)
	    or die "connect: $!\n";
	my $answer = '';

	local $SIG{ALRM} = sub { die "no end of the answer\n" };
	alarm $seconds;
	print $socket $bytes;
	$socket->flush;
	while (sysread $socket, my $more, 65536) {
		$answer .= $more;
	}
	alarm 0;
	return $answer;
}

# A header's values as a list, whether they came in one line or in several.
sub header_list ($answer, $name)
{
	my $value = $answer->{headers}{$name} // return;

	return map { split /\s*,\s*/ } ref $value ? @$value : $value;
}

# --- facts ---

sub subset ($hash, @names) { return { map { $_ => $hash->{$_} } @names } }

sub is_ulid ($text, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like($text, qr/\A[0-7][0-9A-HJKMNP-TV-Z]{25}\z/, $name);
}

# Status, code and the rest of what each error answer has.
sub is_envelope ($answer, $status, $code, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return subtest($name, sub {
		my $error = ($answer->{json} // {})->{error} // {};
		my $headers = $answer->{headers};

		is($answer->{status}, $status, 'status');
		is($headers->{'content-type'}, 'application/json', 'type');
		is_deeply([sort keys %{ $answer->{json} // {} }],
		    $status == 422 ? [qw(detail error)] : ['error'],
		    'members');
		is_deeply([sort keys %$error], [qw(code message request_id)],
		    'members of error');
		is($error->{code}, $code, 'code');
		like($error->{message}, qr/\S/, 'a message');
		is_ulid($error->{request_id}, 'request_id');
		is($headers->{'x-request-id'}, $error->{request_id},
		    'X-Request-Id is the same');
		is($headers->{'cache-control'}, 'no-store', 'Cache-Control');
		is($headers->{etag}, undef, 'no tag');
	});
}

# --- the end ---

sub done_testing (@count)
{
	finish();
	return Test::More::done_testing(@count);
}

sub is_expected ($self, $line)
{
	return $line->{level} !~ /error|warn/
	    || grep { $line->{line} =~ $_ } @{ $self->{allowed} };
}

sub finish
{
	my $self = $current // return;

	undef $current;
	$self->stop_servers;
	subtest('and at the end', sub { $self->judge });
	$self->{pg}->stop;
	return;
}

sub judge ($self)
{
	my @log = @{ $self->{log} // [] };
	my $all = join "\n", @{ $self->{accesses} // [] },
	    map { $_->{line} } @log;

	is_deeply([map { $_->{line} } grep { !$self->is_expected($_) } @log],
	    [], 'the log is free of errors and warnings');
	is_deeply($self->{reports} // [], [], 'the sanitizer is silent');
	is_deeply($self->{faults}, [], 'every exit is clean');
	is_deeply($self->{front_errors} // [], [], 'the web server is well');
	is_deeply([grep { index($all, $_) >= 0 } @{ $self->{keys} },
	    'X-Amz-Signature'], [], 'no key and no URL in a log');
	ok(eval {
		wait_for { $self->sql("SELECT count(*) FROM pg_stat_activity
		    WHERE usename = 'jobtail_web'") eq '0' } 5,
		    'connections to end';
		1;
	}, 'nobody stays in the database');
	return;
}

END {
	local $?;
	if ($current && $current->{owner} == $$) {
		my $self = $current;

		undef $current;
		eval { $self->stop_servers };
		if ($self->{log} && !$self->{quiet}) {
			Test::More::diag($_->{line})
			    for grep { !$self->is_expected($_) }
			    @{ $self->{log} };
		}
		eval { $self->{pg}->stop };
	}
}

1;
