#!/usr/bin/perl
# Loading sql/jobtail.sql: by whom, again and again, over other versions.

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

my $here;
BEGIN { $here = dirname(abs_path(__FILE__)) }
use lib "$here/../lib";
use Jobtail::Postgres;

my $sql = Jobtail::Postgres::source_dir() . '/sql';
my $dir = tempdir('jobtail-load-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $pg = Jobtail::Postgres->new(dir => $dir)->start;

# Loads the files; gives the exit status, the output and the errors.
sub load (%o)
{
	return $pg->run_psql(['-f', ($o{sql} // $sql) . '/jobtail.sql'],
	    user => $o{user} // 'postgres', db => $o{db} // 'jobtail');
}

sub as_root ($statements, $db = 'postgres')
{
	return $pg->psql($statements, db => $db);
}

sub audit ($db)
{
	my (undef, $out, $err) = $pg->run_psql(
	    ['-A', '-t', '-f', "$sql/audit.sql"], db => $db);
	return $out . $err;
}

my $roles = 'jobtail_owner, jobtail_web, jobtail_producer, jobtail_operator';

subtest 'by the owner of the database, who may not create roles' => sub {
	as_root('CREATE ROLE plain LOGIN');
	as_root('CREATE DATABASE first OWNER plain');
	my ($status, undef, $err) = load(user => 'plain', db => 'first');

	isnt($status, 0, 'without the roles it ends');
	like($err, qr/roles are missing, and plain may not create them/, 'and says why');
	my ($lines) = $err =~ /try again:\n(.*)/s;

	$lines =~ s/\n?CONTEXT:.*//s;
	like($lines, qr/^CREATE ROLE jobtail_owner NOLOGIN;$/m, 'with the lines to run');
	like($lines, qr/^GRANT jobtail_owner TO plain;$/m, 'for this very user');
	is(as_root("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'jobtail'", 'first'), 0,
	    'and leaves nothing');
	as_root($lines);
	($status, my $out, $err) = load(user => 'plain', db => 'first');
	is($status, 0, 'after those lines it loads') or diag($err);
	is($err, '', 'in silence');
	is($out, "jobtail: version 1 is loaded, in the schemas jobtail and jobtail_test\n", 'but for one line');
	is(audit('first'), '', 'and the audit is content');
	is(as_root("SELECT string_agg(DISTINCT nspowner::regrole::text, ',') FROM pg_namespace WHERE nspname ~ '^jobtail'", 'first'),
	    'jobtail_owner', 'the owner owns it');
	($status, undef, $err) = load(user => 'plain', db => 'first');
	is("$status$err", '0', 'again');
};

subtest 'by somebody who may create roles' => sub {
	as_root('DROP DATABASE first');
	as_root("DROP OWNED BY $roles; DROP ROLE $roles");
	as_root('CREATE ROLE maker LOGIN CREATEROLE');
	as_root('CREATE DATABASE second OWNER maker');
	my ($status, undef, $err) = load(user => 'maker', db => 'second');

	is("$status$err", '0', 'it loads');
	is(audit('second'), '', 'and the audit is content');
	as_root('CREATE ROLE guest LOGIN');
	($status, undef, $err) = load(user => 'guest', db => 'second');
	like($err, qr/^GRANT jobtail_owner TO guest;$/m, 'who is not a member is told so');
	unlike($err, qr/CREATE ROLE/, 'and only that');
	as_root('GRANT jobtail_owner TO guest; CREATE DATABASE third');
	($status, undef, $err) = load(user => 'guest', db => 'third');
	like($err, qr/^GRANT CREATE ON DATABASE third TO guest;$/m, 'who may not create schemas is told so');
	($status, undef, $err) = load(user => 'guest', db => 'second');
	is("$status$err", '0', 'any member may load what is there again');
	as_root('CREATE ROLE friend');
	($status) = $pg->run_psql(['-v', 'loader=friend', '-f', "$sql/roles.sql"], db => 'third');
	is($status, 0, 'roles.sql is run for another');
	is(as_root("SELECT pg_has_role('friend', 'jobtail_owner', 'MEMBER')"), 't', 'who then is a member');
};

$pg->load_jobtail(pgtap => 0);

subtest 'again and again' => sub {
	as_root(<<~'', 'jobtail');
	SELECT jobtail.create_job(jobtail.create_tenant('t'), 'A', NULL, '01J8ZQ4T6V0000000000000ABC');
	ALTER ROLE jobtail_web SET statement_timeout = '3s';
	GRANT SELECT ON jobtail.api_key TO jobtail_web;
	GRANT EXECUTE ON FUNCTION jobtail.timeline TO PUBLIC;
	GRANT CREATE ON SCHEMA jobtail TO jobtail_web;

	isnt(audit('jobtail'), '', 'faults are planted');
	my $before = as_root("SELECT oid, relname, relfilenode FROM pg_class WHERE relnamespace::regnamespace::text ~ '^jobtail' ORDER BY 1", 'jobtail');
	my ($status, undef, $err) = load();

	is("$status$err", '0', 'a load works');
	is(audit('jobtail'), '', 'and mends them');
	is(as_root('SELECT last_seq FROM jobtail.job', 'jobtail'), 1, 'the data are there');
	is(as_root("SELECT oid, relname, relfilenode FROM pg_class WHERE relnamespace::regnamespace::text ~ '^jobtail' ORDER BY 1", 'jobtail'),
	    $before, 'no table or index was made anew');
	like(as_root("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'jobtail_web'::regrole"), qr/statement_timeout=3s/,
	    'a setting that was changed stays');
};

subtest 'over readers that were replaced' => sub {
	as_root(<<~'', 'jobtail');
	SET ROLE jobtail_owner;
	CREATE OR REPLACE FUNCTION jobtail.job_detail(tenant_id bigint, public_id text)
	RETURNS TABLE (job_id bigint, job_type text, status text, created_at timestamptz, request jsonb, closed boolean, last_seq bigint)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, mine, pg_temp AS
	$$ BEGIN RETURN QUERY SELECT 7::bigint, 'MINE', 'SUCCESS', now(), NULL::jsonb, true, 1::bigint; END $$;

	for (1, 2) {
		my ($status, undef, $err) = load();

		is("$status$err", '0', 'a load works');
		is(as_root("SELECT job_type FROM jobtail.job_detail(1, 'x')", 'jobtail'), 'MINE', 'and leaves it alone');
	}
	is(audit('jobtail'), '', 'the audit takes it as a reader');
	is(as_root("SELECT count(*) FROM jobtail_test.job_detail(1, 'x')", 'jobtail'), 0, 'the other data set has its own');
	as_root('DROP FUNCTION jobtail.job_detail', 'jobtail');
	load();
	is(as_root("SELECT count(*) FROM jobtail.job_detail(1, 'x')", 'jobtail'), 0, 'dropped, it comes back as it was');
};

subtest 'other versions' => sub {
	my $next = tempdir('jobtail-next-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $version = as_root('SELECT version FROM jobtail.data_set', 'jobtail');
	my $new = $version + 1;

	copy($_, $next) for glob "$sql/*.sql";
	edit("$next/jobtail.sql", sub { s/^\\set version \d+$/\\set version $new/m });
	edit("$next/schema.sql", sub {
		s/^(?=UPDATE data_set SET version)/<<~"" . "\n"/em;
		SELECT d.version < $new AS step_next FROM data_set d \\gset
		\\if :step_next
		ALTER TABLE tenant ADD COLUMN colour text NOT NULL DEFAULT 'red';
		\\endif

	});
	my ($status, undef, $err) = load(sql => $next);

	is("$status$err", '0', 'a newer one takes its step');
	is(as_root('SELECT name, colour FROM jobtail.tenant', 'jobtail'), 't|red', 'with the data that were there');
	is(as_root('SELECT version FROM jobtail_test.data_set', 'jobtail'), $new, 'and says so');
	($status, undef, $err) = load(sql => $next);
	is("$status$err", '0', 'the step is taken once');
	($status, undef, $err) = load();
	isnt($status, 0, 'the older one refuses it');
	like($err, qr/schema jobtail has version $new, and these files only make version $version/, 'and says why');
	is(as_root('SELECT name, colour FROM jobtail.tenant', 'jobtail'), 't|red', 'nothing changed');
};

subtest 'as the roles log in' => sub {
	my %guard = (statement_timeout => '3s', lock_timeout => '1s',
	    idle_in_transaction_session_timeout => '10s', default_transaction_read_only => 'on');

	is($pg->psql("SHOW $_", user => 'jobtail_web'), $guard{$_}, "the responder has $_") for sort keys %guard;
	is($pg->psql("SELECT count(*) FROM jobtail.timeline('\\x00', '{x}', 'x', 1, 1, 1, false, 10)", user => 'jobtail_web'), 0,
	    'and calls timeline() under them');
	is($pg->psql("SELECT jobtail.append_event('01J8ZQ4T6V0000000000000ABC', 'stage', 'm')", user => 'jobtail_producer'), 2,
	    'a producer appends');
	is($pg->psql('SELECT jobtail.purge(\'1 day\')', user => 'jobtail_operator'), 0, 'an operator purges');
};

subtest 'notices' => sub {
	my $append = "SELECT jobtail.append_event('01J8ZQ4T6V0000000000000ABC', 'stage', 'm'%s);\n";
	my $heard = sub ($arguments = '') {
		my $out = $pg->psql("LISTEN jobtail;\n" . sprintf($append, $arguments)
		    . "SELECT 1;\n");

		return join ' ', $out =~ /with payload "(.*?)"/g;
	};

	is($heard->(), 'jobtail 01J8ZQ4T6V0000000000000ABC 3', 'a public event has one');
	is($heard->(", visibility => 'internal'"), '', 'an internal one has not');
	as_root('ALTER DATABASE jobtail SET jobtail.notify = off', 'jobtail');
	is($heard->(), '', 'it can be switched off');
	as_root('ALTER DATABASE jobtail SET jobtail.notify = on', 'jobtail');
	is($heard->(), 'jobtail 01J8ZQ4T6V0000000000000ABC 6', 'and on');
};

done_testing;

sub edit ($path, $change)
{
	open my $in, '<', $path or die "$path: $!\n";
	local $_ = do { local $/; <$in> };

	$change->();
	open my $out, '>', $path or die "$path: $!\n";
	print $out $_;
	close $out;
	return;
}
