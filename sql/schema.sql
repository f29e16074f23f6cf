-- The tables of a data set, step by step. Each version has one step that was
-- run once; a later one changes the tables by a step of its own, never by an
-- edit here, and raises :version in jobtail.sql.

SELECT to_regclass('data_set') IS NULL AS fresh \gset
\if :fresh
-- One row: which data set this is, and how far it has come.
CREATE TABLE data_set (
	name text NOT NULL,
	key_prefix text NOT NULL,
	version int NOT NULL,
	readers jsonb NOT NULL DEFAULT '{}' -- see reading.sql
);
CREATE UNIQUE INDEX data_set_is_one_row ON data_set ((true));
INSERT INTO data_set (name, key_prefix, version)
VALUES (:'schema', CASE :'schema' WHEN 'jobtail' THEN 'sk_live_'
	ELSE 'sk_test_' END, 0);
\endif

SELECT format('DO %L', format('BEGIN RAISE EXCEPTION USING MESSAGE = %L, HINT = %L; END',
	format('schema %I has version %s, and these files only make version %s',
		:'schema', d.version, :version),
	'Load it with the sql/jobtail.sql of the newer jobtail; nothing was changed.'))
  FROM data_set d
 WHERE d.version > :version
\gexec

SELECT d.version < 1 AS step_1 FROM data_set d \gset

\if :step_1
CREATE TABLE tenant (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);

-- Thinly filled: of a table of few pages the planner reads all of them, for
-- 200 keys at a third more of what an idle poll costs.
CREATE TABLE api_key (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id bigint NOT NULL REFERENCES tenant,
	key_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(key_sha256) = 32),
	hint text NOT NULL, -- enough to tell keys apart, not to use one
	capabilities text[] NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz,
	revoked_at timestamptz
) WITH (fillfactor = 30);
CREATE INDEX api_key_by_tenant ON api_key (tenant_id);

-- An append updates its job's row, so no column that it changes each time is
-- in an index, and the pages keep room for the next version of a row.
CREATE TABLE job (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	public_id text COLLATE "C" NOT NULL
		CHECK (public_id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'),
	tenant_id bigint NOT NULL REFERENCES tenant,
	job_type text NOT NULL,
	status text NOT NULL DEFAULT 'NOT_STARTED' CHECK (status IN
		('NOT_STARTED', 'IN_PROGRESS', 'SUCCESS', 'FAILURE')),
	closed boolean NOT NULL DEFAULT false, -- by a public terminal event
	last_seq bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT now(),
	ended_at timestamptz, -- when the status became terminal
	request jsonb,
	CHECK ((status IN ('SUCCESS', 'FAILURE')) = (ended_at IS NOT NULL)),
	CHECK (ended_at IS NOT NULL OR NOT closed)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX job_of_tenant ON job (tenant_id, public_id);
-- Not on public_id as it is: a reader must have no way round job_of_tenant,
-- which alone makes a foreign job cost what an unknown one does.
CREATE UNIQUE INDEX job_of_anyone ON job (upper(public_id));
CREATE INDEX job_by_end ON job (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE job_event (
	job_id bigint NOT NULL REFERENCES job ON DELETE CASCADE,
	seq bigint NOT NULL,
	created_at timestamptz NOT NULL,
	visibility text NOT NULL CHECK (visibility IN ('public', 'internal')),
	event_type text NOT NULL,
	stage text,
	message text NOT NULL,
	artifacts jsonb NOT NULL,
	extra jsonb NOT NULL,
	PRIMARY KEY (job_id, seq)
);
-- What readers scan: a thousand internal events cost them nothing.
CREATE INDEX job_event_public ON job_event (job_id, seq)
	WHERE visibility = 'public';
\endif

UPDATE data_set SET version = :version WHERE version < :version;
