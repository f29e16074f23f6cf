-- The four roles. jobtail.sql runs this by itself; where its user may not
-- create roles, somebody who may runs it first, once for the whole server:
--
--     psql -d DATABASE -v loader=USER -f sql/roles.sql
--
-- USER is who will run jobtail.sql. Only what is missing is made, so settings
-- that were changed since stay as they are.
--
--     jobtail_owner      owns everything, and cannot log in
--     jobtail_web        the responder: executes the reading functions
--     jobtail_producer   programs that make jobs and append events
--     jobtail_operator   keys, tenants and purging
--
-- None can log in yet: ALTER ROLE ... LOGIN, or grant one to a login. The
-- settings of jobtail_web apply only when it logs in itself, as settings are
-- not inherited by members.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?loader}
\else
SELECT current_user AS loader \gset
\endif

-- A member may act as the owner; from 16 on that is a right of its own.
SELECT coalesce(string_agg(s.line || ';', E'\n' ORDER BY s.place), '')
	AS role_lines,
       count(*) > 0 AS roles_missing,
       (SELECT r.rolsuper OR r.rolcreaterole
	  FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
	AS may_create_roles
  FROM (VALUES
	(1, 'jobtail_owner',
	 'CREATE ROLE jobtail_owner NOLOGIN'),
	(2, 'jobtail_web',
	 'CREATE ROLE jobtail_web NOLOGIN'),
	(3, 'jobtail_web',
	 'ALTER ROLE jobtail_web SET statement_timeout = ''5s'''),
	(4, 'jobtail_web',
	 'ALTER ROLE jobtail_web SET lock_timeout = ''1s'''),
	(5, 'jobtail_web',
	 'ALTER ROLE jobtail_web SET idle_in_transaction_session_timeout = ''10s'''),
	(6, 'jobtail_web',
	 'ALTER ROLE jobtail_web SET default_transaction_read_only = on'),
	(7, 'jobtail_producer',
	 'CREATE ROLE jobtail_producer NOLOGIN'),
	(8, 'jobtail_operator',
	 'CREATE ROLE jobtail_operator NOLOGIN'),
	(9, NULL,
	 format('GRANT jobtail_owner TO %I', :'loader'))
  ) AS s (place, role, line)
 WHERE CASE WHEN s.role IS NOT NULL
	THEN to_regrole(s.role) IS NULL
	ELSE pg_has_role(:'loader', to_regrole('jobtail_owner'),
		CASE WHEN current_setting('server_version_num')::int < 160000
		THEN 'MEMBER' ELSE 'SET' END) IS NOT TRUE
       END
\gset

\if :may_create_roles
:role_lines
\elif :roles_missing
SELECT format('DO %L', format('BEGIN RAISE EXCEPTION USING ERRCODE = %L, MESSAGE = %L, HINT = %L; END',
	'42501',
	'jobtail is not loaded: roles are missing, and '
	|| quote_ident(current_user) || ' may not create them',
	E'Have somebody who may create roles run these lines, then try again:\n'
	|| :'role_lines'))
\gexec
\endif
