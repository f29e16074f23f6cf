package Jobtail::Front;

# A real web server in front of the responder, on a free port of this
# machine, made from the files that are shipped: only paths and ports differ.
#
#   my $f = Jobtail::Front->new(kind => 'nginx', dir => $dir,
#       socket => $path_of_a_running_responder, conf_path => ...);
#
# kind: nginx proxy_fcgi fcgid cgid htaccess htaccess_cgi. The last four
# start the responder themselves, with conf_path.
# env => {...}: for the responder, where the front starts it.
# tls => 1 (nginx): the shipped example of a whole server.
# processes, connections (nginx): how many, and how many each of them may have.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Jobtail::Process qw(wait_for spawn slurp spew free_port find_program
    drop_user give_away);
use Jobtail::Responder;

my %kinds = (
	nginx => { configure => \&nginx },
	proxy_fcgi => { configure => \&apache, modules => [qw(proxy
	    proxy_fcgi)], files => ['jobtail-proxy-fcgi.conf'] },
	fcgid => { configure => \&apache, modules => ['fcgid'],
	    files => ['jobtail-fcgid.conf'], starts => 1 },
	cgid => { configure => \&apache, modules => ['cgid'],
	    files => ['jobtail-cgid.conf'], starts => 1 },
	htaccess => { configure => \&apache, modules => ['fcgid'],
	    shared => 1, starts => 1 },
	htaccess_cgi => { configure => \&apache, modules => ['cgid'],
	    shared => 1, starts => 1 },
);

# Where the shipped files are; not necessarily where the program was built.
sub top { return dirname(abs_path(__FILE__)) . '/../../..' }

sub chosen { return $ENV{JOBTAIL_FRONT} || 'nginx' }

# Does this kind start the responder?
sub starts ($kind) { return $kinds{$kind}{starts} }

sub new ($class, %o)
{
	my $self = bless { kind => chosen(), owner => $$, processes => 1,
		connections => 512, %o }, $class;

	die "JOBTAIL_FRONT: $self->{kind} is none of ",
	    join(' ', sort keys %kinds), "\n" if !$kinds{ $self->{kind} };
	$self->{home} = "$self->{dir}/front";
	mkdir "$self->{home}";
	mkdir "$self->{home}/run";
	give_away("$self->{home}/run");
	return $self;
}

sub start ($self, $port = undef)
{
	my $tries = 3;

	# what one before it has said, when it was stopped too
	$self->{error_log} = "$self->{home}/error_log";
	$self->{before} = length $self->errors;

	# the port may be taken between finding and using it
	while (1) {
		$self->{port} = $port // free_port;
		$self->{$_} = "$self->{home}/$_" for qw(error_log access_log);
		$self->{pid} = spawn(
		    cmd => [$kinds{ $self->{kind} }{configure}->($self)],
		    log => "$self->{home}/output",
		    env => { Jobtail::Responder::sanitizer_env(
			"$self->{home}/run") });
		return $self if eval { $self->wait_ready; 1 };
		die $@, slurp("$self->{home}/output"),
		    slurp($self->{error_log}) if !--$tries;
	}
}

# On the same port, so that clients find it again.
sub restart ($self)
{
	die "the web server did not end\n" if !$self->stop;
	return $self->start($self->{port});
}

sub wait_ready ($self)
{
	wait_for {
		if (waitpid($self->{pid}, POSIX::WNOHANG) == $self->{pid}) {
			delete $self->{pid};
			die "$self->{kind} ended with status $?\n";
		}
		IO::Socket::INET->new("127.0.0.1:$self->{port}")
		    && $self->can_run_cgi;
	} 15, $self->{kind};
	return;
}

# mod_cgid's own daemon may be later than Apache; it is not waited for there.
sub can_run_cgi ($self)
{
	return -S "$self->{home}/run/cgid.$self->{pid}"
	    || !grep { $_ eq 'cgid' } @{ $kinds{ $self->{kind} }{modules} // [] };
}

sub kind ($self) { return $self->{kind} }

sub pid ($self) { return $self->{pid} }

sub port ($self) { return $self->{port} }

sub url ($self)
{
	return ($self->{tls} ? 'https' : 'http')
	    . "://127.0.0.1:$self->{port}";
}

sub errors ($self) { return slurp($self->{error_log}) }

# Those before it was told to stop: one in a hundred children of Apache 2.4
# dies of SIGSEGV in its own clean-up then, whatever it has served.
sub errors_in_service ($self)
{
	return $self->errors
	    if $self->{kind} eq 'nginx' || !defined $self->{errors_in_service};
	return $self->{errors_in_service};
}

sub accesses ($self) { return slurp($self->{access_log}) }

# True if it ended by itself, in time; undef if none ran.
sub stop ($self)
{
	my $pid = delete $self->{pid} // return undef;

	$self->{errors_in_service} = substr $self->errors, $self->{before};
	return defined Jobtail::Process::stop($pid, 'TERM', 20) ? 1 : 0;
}

# What the responders that it started have logged.
sub log_lines ($self)
{
	return Jobtail::Responder::parse_log(
	    join "\n", map { slurp($_) } $self->{error_log},
	    "$self->{home}/output");
}

sub reports ($self)
{
	return Jobtail::Responder::sanitizer_reports("$self->{home}/run");
}

# A shipped file's text with each of the pairs replaced; one that does not
# occur means that file and test have drifted apart.
sub shipped ($name, @pairs)
{
	my $text = slurp(top() . "/$name") || die "$name is not there\n";

	while (my ($from, $to) = splice @pairs, 0, 2) {
		$text =~ s/\Q$from\E/$to/g
		    or die "$name no longer has \"$from\"\n";
	}
	return $text;
}

# --- nginx ---

sub nginx ($self)
{
	my $h = $self->{home};
	my $user = drop_user;
	my $program = $ENV{JOBTAIL_NGINX} // find_program('nginx')
	    // die "nginx is not installed\n";

	spew("$h/$_", shipped("nginx/$_"))
	    for qw(jobtail_params jobtail_locations.conf jobtail_errors.conf);
	spew("$h/jobtail_upstream.conf", shipped('nginx/jobtail_upstream.conf',
	    '/run/jobtail/jobtail.sock' => $self->{socket}));
	spew("$h/jobtail_media_secret.conf", 'set $jobtail_media_secret "'
	    . ($self->{media_secret} // 'none') . "\";\n");
	spew("$h/jobtail_media.conf", shipped('nginx/jobtail_media.conf'));
	mkdir "$h/html";
	spew("$h/html/timeline.html", shipped('nginx/html/timeline.html'));
	spew("$h/jobtail_page.conf", shipped('nginx/jobtail_page.conf',
	    '/usr/local/share/jobtail/nginx/html' => "$h/html"));
	spew("$h/nginx.conf", join '',
	    map { "$_\n" }
	    defined $user ? "user $user;" : (),
	    'daemon off;', "worker_processes $self->{processes};",
	    "pid $h/pid;",
	    "error_log $self->{error_log} notice;",
	    "events { worker_connections $self->{connections}; }",
	    'http {',
	    (map { "${_}_temp_path $h/run/$_;" }
		qw(client_body proxy fastcgi uwsgi scgi)),
	    "access_log $self->{access_log};",
	    'include jobtail_upstream.conf;',
	    $self->{tls} ? $self->nginx_example : $self->nginx_server,
	    '}');
	return ($program, '-c', "$h/nginx.conf", '-e', $self->{error_log});
}

sub nginx_server ($self)
{
	my $media = $self->{media_root};

	# An equal share of the connections for each process. With one it would
	# only let a port that is taken pass.
	my $share = $self->{processes} > 1 ? ' reuseport' : '';

	return ('server {', "listen 127.0.0.1:$self->{port}$share;",
	    "access_log $self->{access_log} jobtail;",
	    'include jobtail_errors.conf;',
	    'include jobtail_locations.conf;',
	    'include jobtail_page.conf;',
	    # Debian's nginx.conf has a long list of types
	    'types { image/png png; }',
	    defined $media
	    ? ("set \$jobtail_media_root $media;",
		'include jobtail_media_secret.conf;',
		'include jobtail_media.conf;')
	    : (), '}');
}

# The example of a whole server, with a certificate that is made here.
sub nginx_example ($self)
{
	my $h = $self->{home};
	my $plain = free_port;

	my $command = join ' ', 'openssl req -x509 -newkey rsa:2048 -nodes',
	    "-days 2 -batch -keyout '$h/key.pem' -out '$h/fullchain.pem'",
	    '-subj /CN=api.example.org -addext',
	    'subjectAltName=DNS:api.example.org,IP:127.0.0.1 2>&1';
	my $said = qx($command);

	die "openssl made no certificate: $said\n" if $? != 0;
	spew("$h/jobtail.conf", shipped('nginx/jobtail.conf.example',
	    '/etc/nginx/' => '', '/etc/ssl/jobtail/' => "$h/",
	    '/var/log/nginx/jobtail.log' => $self->{access_log},
	    '    listen [::]:80;' => '', '    listen [::]:443 ssl http2;' => '',
	    'listen 80;' => "listen 127.0.0.1:$plain;",
	    'listen 443 ' => "listen 127.0.0.1:$self->{port} "));
	$self->{plain_port} = $plain;
	$self->{certificate} = "$h/fullchain.pem";
	return 'include jobtail.conf;';
}

# --- Apache ---

# Debian builds unixd and log_config in; elsewhere they are files as well.
sub load_modules ($self, @names)
{
	my ($dir) = grep { defined && -d } $ENV{JOBTAIL_APACHE_MODULES},
	    '/usr/lib/apache2/modules', '/usr/lib64/httpd/modules';

	die "Apache's modules are not installed\n" if !defined $dir;
	return map { "LoadModule ${_}_module $dir/mod_$_.so" }
	    grep { -e "$dir/mod_$_.so" } @names;
}

sub apache ($self)
{
	my $h = $self->{home};
	my $user = drop_user;
	my $kind = $kinds{ $self->{kind} };
	my $program = $ENV{JOBTAIL_APACHE}
	    // find_program(qw(apache2 httpd)) // die "no Apache\n";

	mkdir "$h/www";
	spew("$h/mime.types", '');
	$self->apache_program if $kind->{starts};
	my @host = $kind->{shared} ? $self->apache_shared
	    : $self->apache_host(@{ $kind->{files} });
	spew("$h/apache.conf", join '', map { "$_\n" }
	    $self->load_modules(qw(mpm_event unixd log_config authz_core
		headers unique_id env setenvif alias mime rewrite),
		@{ $kind->{modules} }),
	    defined $user
	    ? ("User $user", 'Group ' . getgrgid((getpwnam $user)[3])) : (),
	    'ServerName 127.0.0.1', "Listen 127.0.0.1:$self->{port}",
	    "DefaultRuntimeDir $h/run", "PidFile $h/pid",
	    "ErrorLog $self->{error_log}", 'LogLevel warn',
	    "TypesConfig $h/mime.types", "DocumentRoot $h/www",
	    "Define APACHE_LOG_DIR $h",
	    '<Directory />', 'AllowOverride None', 'Require all denied',
	    '</Directory>',
	    "<Directory $h/www>", 'Require all granted', '</Directory>',
	    'StartServers 1', 'MinSpareThreads 5', 'ThreadsPerChild 25',
	    $self->apache_modules(@{ $kind->{modules} }),
	    "<VirtualHost 127.0.0.1:$self->{port}>", @host,
	    '</VirtualHost>');
	$self->{access_log} = "$h/jobtail.log" if !$kind->{shared};
	return ($program, '-d', $h, '-f', "$h/apache.conf", '-D',
	    'FOREGROUND');
}

sub env ($self)
{
	return (Jobtail::Responder::sanitizer_env("$self->{home}/run"),
	    %{ $self->{env} // {} });
}

sub apache_modules ($self, @names)
{
	my $run = "$self->{home}/run";
	my %env = $self->env;
	my %of = (
		fcgid => ["FcgidIPCDir $run",
		    "FcgidProcessTableFile $run/fcgid_shm",
		    map { qq(FcgidInitialEnv $_ "$env{$_}") } sort keys %env],
		cgid => ["ScriptSock $run/cgid"],
	);

	return map { @{ $of{$_} // [] } } @names;
}

# The two-line script that the files' headers describe.
sub apache_program ($self)
{
	my %env = $self->env;
	my $text = "#!/bin/sh\n"
	    . join('', map { "export $_='$env{$_}'\n" } sort keys %env)
	    . 'exec ' . Jobtail::Responder::binary()
	    . " -c $self->{conf_path}\n";

	mkdir "$self->{home}/bin";
	spew("$self->{home}/bin/jobtail", $text, 0755);
	return;
}

sub apache_host ($self, @files)
{
	my $h = $self->{home};
	my $shipped = top() . '/apache';

	return ("Define JOBTAIL_SOCKET " . ($self->{socket} // 'none'),
	    "Define JOBTAIL_PROGRAM $h/bin/jobtail",
	    "Define JOBTAIL_PROGRAM_DIR $h/bin",
	    map { "Include $shipped/$_" } @files, 'jobtail-errors.conf');
}

# What a user of a shared host does, with what a host lets him do.
sub apache_shared ($self)
{
	my $h = $self->{home};

	spew("$h/www/.htaccess", shipped('apache/shared-host/htaccess',
	    '"/home/u/bin/jobtail -c /home/u/etc/jobtail.conf"' => '"'
	    . Jobtail::Responder::binary() . " -c $self->{conf_path}\""));
	spew("$h/www/jobtail.fcgi", '', 0755);
	spew("$h/www/jobtail.cgi", slurp("$h/bin/jobtail"), 0755);
	return ("CustomLog $self->{access_log} \"%m %U %>s\"",
	    "<Directory $h/www>",
	    'AllowOverride Options FileInfo AuthConfig Limit',
	    '</Directory>');
}

sub DESTROY ($self)
{
	local ($?, $!, $@);
	return if $self->{owner} != $$ || !$self->{pid};
	Jobtail::Process::stop(delete $self->{pid}, 'TERM', 5);
}

1;
