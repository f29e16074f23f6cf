-- What an operator can run at any time; it only reads the catalogue:
--
--     psql -d DATABASE -f sql/audit.sql
--
-- Each row is a fault in the hardening, no row is good. A load of jobtail.sql
-- mends what concerns its own roles and PUBLIC.

WITH data_set AS (
	SELECT s.schema, to_regnamespace(s.schema) AS nsp
	  FROM (VALUES ('jobtail'), ('jobtail_test')) s (schema)
), duty (name, role) AS (
	VALUES
	('timeline', 'jobtail_web'),
	('authenticate', 'jobtail_web'),
	('job_detail', 'jobtail_web'),
	('public_events', 'jobtail_web'),
	('job_tails', 'jobtail_web'),
	('keys_alive', 'jobtail_web'),
	('create_job', 'jobtail_producer'),
	('append_event', 'jobtail_producer'),
	('create_tenant', 'jobtail_operator'),
	('create_api_key', 'jobtail_operator'),
	('add_api_key', 'jobtail_operator'),
	('revoke_api_key', 'jobtail_operator'),
	('rotate_api_key', 'jobtail_operator'),
	('list_api_keys', 'jobtail_operator'),
	('purge', 'jobtail_operator')
), our_role AS (
	SELECT n.name, to_regrole(n.name) AS oid
	  FROM (VALUES ('jobtail_owner'), ('jobtail_web'), ('jobtail_producer'),
		('jobtail_operator')) n (name)
), func AS (
	SELECT d.schema, p.*, p.oid::regprocedure::text AS signature
	  FROM data_set d JOIN pg_proc p ON p.pronamespace = d.nsp
), rel AS (
	SELECT d.schema, c.*, c.oid::regclass::text AS relation
	  FROM data_set d JOIN pg_class c ON c.relnamespace = d.nsp
	 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
), found (object, fault) AS (

-- what there must be
SELECT d.schema, 'the schema is missing'
  FROM data_set d WHERE d.nsp IS NULL
 UNION ALL
SELECT r.name, 'the role is missing'
  FROM our_role r WHERE r.oid IS NULL
 UNION ALL
SELECT d.schema || '.' || u.name, 'the function is missing'
  FROM data_set d, duty u
 WHERE d.nsp IS NOT NULL
   AND NOT EXISTS (SELECT FROM func f
	WHERE f.schema = d.schema AND f.proname = u.name)
 UNION ALL
SELECT d.schema || '.' || t.name, 'the trigger is missing or disabled'
  FROM data_set d, (VALUES ('job_event', 'events_stay'), ('job', 'jobs_stay'),
	('job', 'no_late_commit')) t (relation, name)
 WHERE d.nsp IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
	WHERE c.relnamespace = d.nsp AND c.relname = t.relation
	  AND g.tgname = t.name AND g.tgenabled <> 'D')

-- who owns
 UNION ALL
SELECT d.schema, 'the schema is not owned by jobtail_owner'
  FROM data_set d JOIN pg_namespace n ON n.oid = d.nsp
 WHERE n.nspowner IS DISTINCT FROM to_regrole('jobtail_owner')
 UNION ALL
SELECT r.relation, 'the relation is not owned by jobtail_owner'
  FROM rel r WHERE r.relowner IS DISTINCT FROM to_regrole('jobtail_owner')
 UNION ALL
SELECT f.signature, 'the function is not owned by jobtail_owner'
  FROM func f WHERE f.proowner IS DISTINCT FROM to_regrole('jobtail_owner')

-- what the functions are
 UNION ALL
SELECT f.signature, 'the function is not SECURITY DEFINER'
  FROM func f WHERE NOT f.prosecdef
 UNION ALL
SELECT f.signature, 'the function''s search_path is not fixed to pg_catalog, '
	|| f.schema || ', pg_temp'
  FROM func f
 WHERE NOT EXISTS (SELECT FROM unnest(f.proconfig) c
	WHERE c = format('search_path=pg_catalog, %I, pg_temp', f.schema)
	   -- a reader may have been replaced by one over other tables
	   OR f.proname IN ('authenticate', 'job_detail', 'public_events',
		'job_tails', 'keys_alive')
	  AND c ~ '^search_path=pg_catalog, (.*, )?pg_temp$')
 UNION ALL
SELECT f.signature, 'the reading function is not STABLE'
  FROM func f JOIN duty u ON u.name = f.proname AND u.role = 'jobtail_web'
 WHERE f.provolatile <> 's'

-- who may do what
 UNION ALL
SELECT f.signature, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
	ELSE a.grantee::regrole::text END || ' may execute the function'
  FROM func f
 CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
 WHERE a.grantee <> f.proowner
   AND NOT EXISTS (SELECT FROM duty u
	WHERE u.name = f.proname AND to_regrole(u.role) = a.grantee)
 UNION ALL
SELECT f.signature, u.role || ' may not execute the function'
  FROM func f JOIN duty u ON u.name = f.proname
 WHERE NOT has_function_privilege(to_regrole(u.role), f.oid, 'EXECUTE')
 UNION ALL
SELECT r.relation, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
	ELSE a.grantee::regrole::text END || ' has ' || a.privilege_type
  FROM rel r
 CROSS JOIN LATERAL aclexplode(coalesce(r.relacl, '{}')) a
 WHERE a.grantee <> r.relowner
 UNION ALL
SELECT r.relation || '.' || t.attname, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
	ELSE a.grantee::regrole::text END || ' has ' || a.privilege_type
  FROM rel r JOIN pg_attribute t ON t.attrelid = r.oid
 CROSS JOIN LATERAL aclexplode(t.attacl) a
 WHERE a.grantee <> r.relowner
 UNION ALL
SELECT d.schema, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
	ELSE a.grantee::regrole::text END || ' has ' || a.privilege_type
  FROM data_set d JOIN pg_namespace n ON n.oid = d.nsp
 CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, '{}')) a
 WHERE a.grantee <> n.nspowner
   AND (a.grantee = 0 OR a.privilege_type <> 'USAGE')
 UNION ALL
SELECT 'jobtail_owner', 'PUBLIC may execute the functions that it makes'
 WHERE to_regrole('jobtail_owner') IS NOT NULL
   AND EXISTS (SELECT
	  FROM aclexplode(coalesce((SELECT d.defaclacl FROM pg_default_acl d
		WHERE d.defaclrole = to_regrole('jobtail_owner')
		  AND d.defaclnamespace = 0 AND d.defaclobjtype = 'f'),
		acldefault('f', to_regrole('jobtail_owner')))) a
	 WHERE a.grantee = 0)

-- what the roles are
 UNION ALL
SELECT o.name, 'the role is ' || x.attribute
  FROM our_role o JOIN pg_roles r ON r.oid = o.oid
 CROSS JOIN LATERAL (VALUES
	('SUPERUSER', r.rolsuper), ('CREATEROLE', r.rolcreaterole),
	('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication),
	('BYPASSRLS', r.rolbypassrls),
	('able to log in', r.rolcanlogin AND o.name = 'jobtail_owner')
  ) x (attribute, has)
 WHERE x.has
 UNION ALL
SELECT o.name, 'the role is a member of ' || r.rolname
  FROM our_role o JOIN pg_roles r ON r.oid <> o.oid
 WHERE NOT EXISTS (SELECT FROM pg_roles s WHERE s.oid = o.oid AND s.rolsuper)
   AND pg_has_role(o.oid, r.oid, 'MEMBER')
 UNION ALL
SELECT 'jobtail_web', 'the role has no ' || g.name
  FROM (VALUES ('statement_timeout'), ('lock_timeout'),
	('idle_in_transaction_session_timeout'),
	('default_transaction_read_only')) g (name)
 WHERE to_regrole('jobtail_web') IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c
	WHERE s.setrole = to_regrole('jobtail_web')
	  AND starts_with(c, g.name || '=')
	  AND split_part(c, '=', 2) NOT IN ('0', 'off'))

-- readers and writers have to agree
 UNION ALL
SELECT s.setrole::regrole::text, 'the role has a jobtail.closed_grace of its own'
  FROM pg_db_role_setting s, unnest(s.setconfig) c
 WHERE s.setrole <> 0 AND starts_with(c, 'jobtail.closed_grace=')
)
SELECT f.object, f.fault FROM found f ORDER BY f.object, f.fault;
