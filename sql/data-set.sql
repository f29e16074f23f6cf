-- One data set, in the schema :schema. jobtail.sql includes this for each.

SELECT current_user AS loading_user,
       to_regnamespace(:'schema') IS NULL AS schema_missing
\gset
\if :schema_missing
SELECT format('DO %L', format('BEGIN RAISE EXCEPTION USING ERRCODE = %L, MESSAGE = %L, HINT = %L; END',
	'42501',
	'jobtail is not loaded: ' || quote_ident(current_user)
	|| ' may not create schemas in this database',
	format(E'Have the owner of the database run this line, then try again:\n'
	'GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user)))
 WHERE NOT has_database_privilege(current_database(), 'CREATE')
\gexec
CREATE SCHEMA :"schema" AUTHORIZATION jobtail_owner;
\endif

SET LOCAL ROLE jobtail_owner;
SET LOCAL search_path = :"schema", pg_catalog, pg_temp;

-- What is made below is executable by nobody else from its first moment.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

\ir schema.sql
\ir guards.sql
\ir reading.sql
\ir timeline.sql
\ir notify.sql
\ir writing.sql
\ir keys.sql
\ir privileges.sql

SET LOCAL ROLE :"loading_user";
