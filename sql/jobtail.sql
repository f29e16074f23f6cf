-- Loads jobtail's two data sets into this database, or brings them up to date:
--
--     psql -d DATABASE -f sql/jobtail.sql
--
-- All or nothing, and again and again without harm. Whoever runs it is a
-- member of jobtail_owner and may create schemas here; roles.sql has the rest.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL synchronous_commit = on;

\ir roles.sql

-- two loads at once take turns
SELECT pg_catalog.pg_advisory_xact_lock(7236270961) AS taken \gset

-- The version that this directory makes. schema.sql has a step to each.
\set version 1

\set schema jobtail
\ir data-set.sql
\set schema jobtail_test
\ir data-set.sql

COMMIT;

\echo jobtail: version :version is loaded, in the schemas jobtail and jobtail_test
