-- Who may do what: EXECUTE on named functions, and nothing on any table. Each
-- load takes everything away first, so a grant by mistake does not stay.

REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC, jobtail_web, jobtail_producer,
	jobtail_operator;
GRANT USAGE ON SCHEMA :"schema" TO jobtail_web, jobtail_producer,
	jobtail_operator;
REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM PUBLIC, jobtail_web,
	jobtail_producer, jobtail_operator;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA :"schema" FROM PUBLIC, jobtail_web,
	jobtail_producer, jobtail_operator;

-- A reader that was replaced may be somebody else's, who grants it himself.
SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, jobtail_web, jobtail_producer, jobtail_operator',
	p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.pronamespace = to_regnamespace(:'schema')
   AND p.proowner = to_regrole('jobtail_owner')
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, g.role)
  FROM pg_proc p
  JOIN (VALUES
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
  ) AS g (name, role) ON p.proname = g.name
 WHERE p.pronamespace = to_regnamespace(:'schema')
   AND p.proowner = to_regrole('jobtail_owner')
\gexec
