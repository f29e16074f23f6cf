-- Who may do what, and whether audit.sql sees each fault.
\ir fixture.psql
SELECT plan(83);

CREATE TEMPORARY TABLE duty AS
SELECT * FROM (VALUES
	('timeline', 'jobtail_web'), ('authenticate', 'jobtail_web'), ('job_detail', 'jobtail_web'),
	('public_events', 'jobtail_web'), ('job_tails', 'jobtail_web'), ('keys_alive', 'jobtail_web'),
	('create_job', 'jobtail_producer'), ('append_event', 'jobtail_producer'),
	('create_tenant', 'jobtail_operator'), ('create_api_key', 'jobtail_operator'),
	('add_api_key', 'jobtail_operator'), ('revoke_api_key', 'jobtail_operator'),
	('rotate_api_key', 'jobtail_operator'), ('list_api_keys', 'jobtail_operator'),
	('purge', 'jobtail_operator')) v (name, role);
CREATE TEMPORARY TABLE everybody AS
SELECT * FROM (VALUES ('jobtail_web'), ('jobtail_producer'), ('jobtail_operator'), ('jobtail_nobody')) v (role);
CREATE ROLE jobtail_nobody;

SELECT set_eq(format($$SELECT p.proname::text, e.role FROM pg_proc p, everybody e
	WHERE p.pronamespace = %L::regnamespace AND has_function_privilege(e.role, p.oid, 'EXECUTE')$$, s),
	'SELECT name, role FROM duty', s || ': each role executes its own functions, and nobody another')
  FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;
SELECT is_empty(format($$SELECT c.relname, e.role, p.privilege FROM pg_class c, everybody e,
	unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (privilege)
	WHERE c.relnamespace = %L::regnamespace AND c.relkind = 'r' AND has_table_privilege(e.role, c.oid, p.privilege)$$, s),
	s || ': nobody has anything on a table')
  FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;
SELECT is_empty(format($$SELECT c.relname, e.role FROM pg_class c, everybody e
	WHERE c.relnamespace = %L::regnamespace AND c.relkind = 'S'
	AND has_sequence_privilege(e.role, c.oid, 'USAGE, SELECT, UPDATE')$$, s),
	s || ': nor on a sequence') FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;
SELECT is_empty(format($$SELECT e.role FROM everybody e WHERE has_schema_privilege(e.role, %L, 'CREATE')$$, s),
	s || ': nobody may make anything there') FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;

-- as themselves
SELECT create_job(:ours, 'A') AS job \gset
UPDATE fixture SET job = :'job';
GRANT ALL ON ALL TABLES IN SCHEMA pg_temp TO PUBLIC;
GRANT ALL ON SCHEMA public TO PUBLIC;
SET LOCAL ROLE jobtail_web;
SELECT throws_ok(format('SELECT * FROM %s.%I', s, t), '42501', NULL, 'the responder cannot read ' || s || '.' || t)
  FROM unnest(ARRAY['jobtail', 'jobtail_test']) s, unnest(ARRAY['tenant', 'api_key', 'job', 'job_event', 'data_set']) t;
SELECT lives_ok($$SELECT * FROM timeline('\x00', '{x}', 'x', 1, 1, 1, false, 1)$$, 'it executes timeline()');
SELECT lives_ok($$SELECT * FROM authenticate('\x00'), job_detail(1, 'x'), public_events(1, 1, 1), job_tails('{1}'), keys_alive('{}')$$, 'and the others that read');
SELECT throws_ok($$SELECT append_event(job, 'stage', 'm') FROM fixture$$, '42501', NULL, 'it cannot append');
SET LOCAL ROLE jobtail_producer;
SELECT lives_ok($$SELECT append_event(create_job(ours, 'A'), 'stage', 'm') FROM fixture$$, 'a producer creates and appends');
SELECT throws_ok('SELECT * FROM jobtail.job_event', '42501', NULL, 'it cannot read events');
SELECT throws_ok($$INSERT INTO jobtail.job_event VALUES (1, 1, now(), 'public', 'a', NULL, 'm', '[]', '{}')$$, '42501', NULL, 'nor write them directly');
SELECT throws_ok($$SELECT * FROM timeline('\x00', '{x}', 'x', 1, 1, 1, false, 1)$$, '42501', NULL, 'nor read a timeline');
SELECT throws_ok('SELECT purge(''1 day'')', '42501', NULL, 'nor purge');
SET LOCAL ROLE jobtail_operator;
SELECT lives_ok('SELECT list_api_keys(create_tenant(''new''))', 'an operator makes tenants');
SELECT throws_ok('SELECT * FROM jobtail.api_key', '42501', NULL, 'it cannot read keys');
SELECT throws_ok($$SELECT append_event(job, 'stage', 'm') FROM fixture$$, '42501', NULL, 'nor append');
SELECT throws_ok($$SELECT * FROM timeline('\x00', '{x}', 'x', 1, 1, 1, false, 1)$$, '42501', NULL, 'nor read a timeline');
RESET ROLE;

-- what the functions are
SELECT is_empty(format($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = %L::regnamespace AND
	NOT (p.prosecdef AND p.proowner = 'jobtail_owner'::regrole AND p.proconfig = ARRAY['search_path=pg_catalog, %s, pg_temp'])$$, s, s),
	s || ': every function runs as the owner, and finds what it means') FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;
SELECT is_empty(format($$SELECT p.proname FROM pg_proc p JOIN duty d ON d.name = p.proname AND d.role = 'jobtail_web'
	WHERE p.pronamespace = %L::regnamespace AND NOT (p.provolatile = 's'
	AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql'))$$, s),
	s || ': every reader is STABLE, and planned once') FROM unnest(ARRAY['jobtail', 'jobtail_test']) s;
SELECT set_eq('SELECT c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = ''jobtail''::regnamespace',
	'SELECT c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = ''jobtail_test''::regnamespace',
	'both data sets have the same relations');
SELECT set_eq('SELECT p.proname, pg_get_function_arguments(p.oid), md5(p.prosrc) FROM pg_proc p WHERE p.pronamespace = ''jobtail''::regnamespace',
	'SELECT p.proname, pg_get_function_arguments(p.oid), md5(p.prosrc) FROM pg_proc p WHERE p.pronamespace = ''jobtail_test''::regnamespace',
	'and the same functions');
SELECT is(pg_get_function_arguments(f::regproc), a, f || '() has the arguments that were promised')
  FROM (VALUES
	('create_tenant', 'name text'),
	('create_api_key', 'tenant_id bigint, capabilities text[] DEFAULT ''{jobs:read}''::text[], expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone'),
	('add_api_key', 'tenant_id bigint, key text, capabilities text[] DEFAULT ''{jobs:read}''::text[], expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone'),
	('revoke_api_key', 'key text'),
	('rotate_api_key', 'key text, overlap interval DEFAULT ''00:00:00''::interval'),
	('create_job', 'tenant_id bigint, job_type text, request jsonb DEFAULT NULL::jsonb, public_id text DEFAULT NULL::text'),
	('append_event', 'public_id text, event_type text, message text, stage text DEFAULT NULL::text, artifacts jsonb DEFAULT ''[]''::jsonb, extra jsonb DEFAULT ''{}''::jsonb, visibility text DEFAULT ''public''::text'),
	('purge', 'older_than interval')
  ) v (f, a);

-- a job of somebody else costs what an unknown one does
SELECT is((SELECT array_agg(i.indexrelid::regclass::text) FROM pg_index i
	WHERE i.indrelid = 'job'::regclass AND i.indisunique
	  AND (i.indkey::smallint[])[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = 'job'::regclass AND attname = 'public_id')), NULL,
	'no index leads to a job by its public id alone');

-- the audit
\set QUIET on
\pset footer off
CREATE FUNCTION pg_temp.faults(audit text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
	EXECUTE format('SELECT string_agg(object || '': '' || fault, E''\n'') FROM (%s) f', rtrim(audit, E'; \n')) INTO found;
	RETURN found;
END $$;
\set audit `cat "${JOBTAIL_SQL_DIR:-../../sql}/audit.sql"`
CREATE TEMPORARY TABLE audit AS SELECT regexp_replace(:'audit', '--[^\n]*', '', 'g') AS text;
SELECT is(pg_temp.faults(text), NULL, 'the audit finds nothing') FROM audit;
CREATE FUNCTION pg_temp.fault_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
	BEGIN
		EXECUTE statement;
		found := pg_temp.faults((SELECT text FROM audit));
		RAISE EXCEPTION USING ERRCODE = 'ZZ999', MESSAGE = coalesce(found, 'nothing');
	EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
		RETURN SQLERRM;
	END;
END $$;
SELECT matches(pg_temp.fault_of(statement), wanted, 'the audit sees: ' || statement)
  FROM (VALUES
	('DROP SCHEMA jobtail_test CASCADE', '^jobtail_test: the schema is missing$'),
	('DROP FUNCTION jobtail.purge', 'jobtail.purge: the function is missing'),
	('DROP TRIGGER events_stay ON jobtail.job_event', 'jobtail.job_event: the trigger is missing|the trigger is missing'),
	('ALTER TABLE jobtail_test.job DISABLE TRIGGER jobs_stay', 'the trigger is missing or disabled'),
	('ALTER TABLE jobtail.job DISABLE TRIGGER no_late_commit', 'the trigger is missing or disabled'),
	('ALTER SCHEMA jobtail OWNER TO postgres', 'the schema is not owned'),
	('ALTER TABLE jobtail.job_event OWNER TO postgres', 'the relation is not owned'),
	('ALTER FUNCTION jobtail.timeline OWNER TO postgres', 'the function is not owned'),
	('ALTER FUNCTION jobtail.append_event SECURITY INVOKER', 'not SECURITY DEFINER'),
	('ALTER FUNCTION jobtail.append_event RESET search_path', 'search_path is not fixed'),
	('ALTER FUNCTION jobtail.append_event SET search_path = public, jobtail', 'search_path is not fixed'),
	('ALTER FUNCTION jobtail.append_event SET search_path = pg_catalog, public, pg_temp', 'search_path is not fixed'),
	('ALTER FUNCTION jobtail.job_detail SET search_path = public, pg_temp', 'search_path is not fixed'),
	('ALTER FUNCTION jobtail.public_events VOLATILE', 'not STABLE'),
	('GRANT EXECUTE ON FUNCTION jobtail.append_event TO PUBLIC', 'PUBLIC may execute'),
	('GRANT EXECUTE ON FUNCTION jobtail.append_event TO jobtail_web', 'jobtail_web may execute'),
	('GRANT EXECUTE ON FUNCTION jobtail.newest_event TO jobtail_web', 'jobtail_web may execute'),
	('CREATE FUNCTION jobtail.extra() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'PUBLIC may execute'),
	('REVOKE EXECUTE ON FUNCTION jobtail.timeline FROM jobtail_web', 'jobtail_web may not execute'),
	('GRANT SELECT ON jobtail.api_key TO jobtail_web', 'jobtail_web has SELECT'),
	('GRANT SELECT (key_sha256) ON jobtail.api_key TO jobtail_web', 'key_sha256: jobtail_web has SELECT'),
	('GRANT INSERT ON jobtail_test.job_event TO PUBLIC', 'PUBLIC has INSERT'),
	('GRANT USAGE ON SEQUENCE jobtail.job_id_seq TO jobtail_producer', 'jobtail_producer has USAGE'),
	('GRANT CREATE ON SCHEMA jobtail TO jobtail_web', 'jobtail_web has CREATE'),
	('GRANT USAGE ON SCHEMA jobtail TO PUBLIC', 'PUBLIC has USAGE'),
	('ALTER DEFAULT PRIVILEGES FOR ROLE jobtail_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC', 'functions that it makes'),
	('ALTER ROLE jobtail_owner LOGIN', 'able to log in'),
	('ALTER ROLE jobtail_web BYPASSRLS', 'BYPASSRLS'),
	('ALTER ROLE jobtail_producer CREATEROLE', 'CREATEROLE'),
	('ALTER ROLE jobtail_operator SUPERUSER', 'SUPERUSER'),
	('GRANT jobtail_owner TO jobtail_web', 'member of jobtail_owner'),
	('GRANT pg_read_all_data TO jobtail_web', 'member of pg_read_all_data'),
	('ALTER ROLE jobtail_web RESET statement_timeout', 'no statement_timeout'),
	('ALTER ROLE jobtail_web SET lock_timeout = 0', 'no lock_timeout'),
	('ALTER ROLE jobtail_web RESET idle_in_transaction_session_timeout', 'no idle_in'),
	('ALTER ROLE jobtail_web RESET default_transaction_read_only', 'no default_transaction'),
	('ALTER ROLE jobtail_producer SET jobtail.closed_grace = ''1 h''', 'closed_grace of its own')
  ) v (statement, wanted);

SELECT * FROM finish();
ROLLBACK;
