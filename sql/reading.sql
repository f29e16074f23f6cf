-- The functions that read, for jobtail_web. Whoever has job tables of his own
-- replaces some of them (CREATE OR REPLACE, the same arguments and columns):
-- a load leaves alone what is not as the load before left it.
--
-- They are plpgsql, which plans a statement once a session; SQL-language
-- functions that are SECURITY DEFINER would be planned by each call. For one
-- row, SELECT INTO with RETURN NEXT costs half of what RETURN QUERY does.

SELECT coalesce(bool_and(s.ours) FILTER (WHERE s.name = 'authenticate'), true)
	AS our_authenticate,
       coalesce(bool_and(s.ours) FILTER (WHERE s.name = 'job_detail'), true)
	AS our_job_detail,
       coalesce(bool_and(s.ours) FILTER (WHERE s.name = 'public_events'), true)
	AS our_public_events,
       coalesce(bool_and(s.ours) FILTER (WHERE s.name = 'job_tails'), true)
	AS our_job_tails,
       coalesce(bool_and(s.ours) FILTER (WHERE s.name = 'keys_alive'), true)
	AS our_keys_alive
  FROM (SELECT p.proname AS name, md5(p.prosrc) = d.readers ->> p.proname AS ours
	  FROM pg_proc p, data_set d
	 WHERE p.pronamespace = to_regnamespace(:'schema')
	   AND d.readers ? p.proname) s
\gset

-- Who holds the key. No row: unknown, revoked or expired.
\if :our_authenticate
CREATE OR REPLACE FUNCTION authenticate(key_sha256 bytea)
RETURNS TABLE (tenant_id bigint, key_id bigint, capabilities text[],
	expires_at timestamptz)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 1
AS $$
BEGIN
	SELECT k.tenant_id, k.id, k.capabilities, k.expires_at
	  INTO tenant_id, key_id, capabilities, expires_at
	  FROM api_key k
	 WHERE k.key_sha256 = authenticate.key_sha256
	   AND k.revoked_at IS NULL
	   AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp());
	IF FOUND THEN
		RETURN NEXT;
	END IF;
END
$$;
\endif

-- The tenant's job. No row: unknown, or somebody else's.
--
-- An internal end closes the job only after a grace, as a public one may
-- still follow; the reader waits as long as writers may take, at least.
\if :our_job_detail
CREATE OR REPLACE FUNCTION job_detail(tenant_id bigint, public_id text)
RETURNS TABLE (job_id bigint, job_type text, status text,
	created_at timestamptz, request jsonb, closed boolean, last_seq bigint)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 1
AS $$
DECLARE
	ended_at timestamptz;
BEGIN
	SELECT j.id, j.job_type, j.status, j.created_at, j.request, j.closed,
	       j.last_seq, j.ended_at
	  INTO job_id, job_type, status, created_at, request, closed,
	       last_seq, ended_at
	  FROM job j
	 WHERE j.tenant_id = job_detail.tenant_id
	   AND j.public_id = upper(job_detail.public_id COLLATE "C");
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF NOT closed AND ended_at IS NOT NULL THEN
		closed := ended_at < statement_timestamp() - greatest(
			coalesce(nullif(current_setting('jobtail.closed_grace', true), ''),
				'10s')::interval,
			coalesce(nullif(current_setting('jobtail.reader_grace', true), ''),
				'10s')::interval);
	END IF;
	RETURN NEXT;
END
$$;
\endif

-- The job's public events after the cursor, ascending.
\if :our_public_events
CREATE OR REPLACE FUNCTION public_events(job_id bigint, since bigint,
	max_events int)
RETURNS TABLE (seq bigint, event_type text, stage text, message text,
	artifacts jsonb, extra jsonb, created_at timestamptz)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 10
AS $$
BEGIN
	RETURN QUERY
	SELECT e.seq, e.event_type, e.stage, e.message, e.artifacts, e.extra,
	       e.created_at
	  FROM job_event e
	 WHERE e.job_id = public_events.job_id
	   AND e.seq > public_events.since
	   AND e.visibility = 'public'
	 ORDER BY e.seq
	 LIMIT public_events.max_events;
END
$$;
\endif

-- Which of these jobs has news. A job that is gone has no row.
\if :our_job_tails
CREATE OR REPLACE FUNCTION job_tails(job_ids bigint[])
RETURNS TABLE (job_id bigint, last_seq bigint, closed boolean)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT j.id, j.last_seq,
	       j.closed OR coalesce(j.ended_at < statement_timestamp() -
		coalesce(nullif(current_setting('jobtail.closed_grace', true), ''),
			'10s')::interval, false)
	  FROM job j
	 WHERE j.id = ANY (job_tails.job_ids);
END
$$;
\endif

-- Which of these keys still live.
\if :our_keys_alive
SELECT to_regtype('living_key') IS NULL AS fresh \gset
\if :fresh
CREATE TYPE living_key AS (key_sha256 bytea);
\endif
CREATE OR REPLACE FUNCTION keys_alive(key_sha256 bytea[])
RETURNS SETOF living_key
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT k.key_sha256
	  FROM api_key k
	 WHERE k.key_sha256 = ANY (keys_alive.key_sha256)
	   AND k.revoked_at IS NULL
	   AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp());
END
$$;
\endif

-- What this load has left, for the next one to compare. A reader that was
-- replaced before keeps the sum that it differs from.
UPDATE data_set d
   SET readers = d.readers || s.sums
  FROM (SELECT jsonb_object_agg(p.proname, md5(p.prosrc)) AS sums
	  FROM pg_proc p
	 WHERE p.pronamespace = to_regnamespace(:'schema')
	   AND CASE p.proname
		WHEN 'authenticate' THEN :'our_authenticate'::boolean
		WHEN 'job_detail' THEN :'our_job_detail'::boolean
		WHEN 'public_events' THEN :'our_public_events'::boolean
		WHEN 'job_tails' THEN :'our_job_tails'::boolean
		WHEN 'keys_alive' THEN :'our_keys_alive'::boolean
		ELSE false END) s
 WHERE s.sums IS NOT NULL AND NOT d.readers @> s.sums;
