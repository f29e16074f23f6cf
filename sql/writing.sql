-- The functions that write, for jobtail_producer, and purge().

-- How long after an internal end a public one may follow. Set it for the
-- database (ALTER DATABASE ... SET jobtail.closed_grace = '30s'), as readers
-- and writers have to agree.
CREATE OR REPLACE FUNCTION closed_grace() RETURNS interval
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN coalesce(nullif(current_setting('jobtail.closed_grace', true), ''),
		'10s');
END
$$;

-- A ULID: 48 bits of milliseconds, 80 of chance.
CREATE OR REPLACE FUNCTION new_ulid() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	digits CONSTANT text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
	ms CONSTANT bigint := extract(epoch FROM clock_timestamp()) * 1000;
	chance CONSTANT bytea := sha256(uuid_send(gen_random_uuid()));
BEGIN
	RETURN (
		SELECT string_agg(substr(digits, 1 + CASE
			WHEN i < 10 THEN (ms >> (45 - 5 * i))::bit(5)::int
			ELSE get_byte(chance, i) & 31 END, 1), '' ORDER BY i)
		  FROM generate_series(0, 25) i);
END
$$;

-- An event's artifacts with their optional members filled in.
CREATE OR REPLACE FUNCTION checked_artifacts(artifacts jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	bad bigint;
	whole jsonb;
BEGIN
	SELECT jsonb_agg(jsonb '{"label": null, "meta": {}}' || a.value ORDER BY a.n),
	       min(a.n) FILTER (WHERE (
		    jsonb_typeof(a.value) = 'object'
		AND jsonb_typeof(a.value -> 'key') = 'string'
		AND octet_length(a.value ->> 'key') BETWEEN 1 AND 1024
		AND jsonb_typeof(a.value -> 'kind') = 'string'
		AND a.value ->> 'role' IN ('intermediate', 'final')
		AND coalesce(jsonb_typeof(a.value -> 'label'), 'null') IN ('string', 'null')
		AND coalesce(jsonb_typeof(a.value -> 'meta'), 'object') = 'object'
		AND (NOT a.value ? 'store'
		    OR jsonb_typeof(a.value -> 'store') = 'string'
		    AND a.value ->> 'store' COLLATE "C" ~ '^[a-z0-9_-]{1,32}$')
		AND a.value - '{key,kind,role,label,meta,store}'::text[] = '{}') IS NOT TRUE)
	  INTO whole, bad
	  FROM jsonb_array_elements(checked_artifacts.artifacts)
		WITH ORDINALITY a (value, n);
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'artifact % must be an object of key (1 to 1,024 bytes), kind, role (intermediate or final), label (a string or null), meta (an object) and store (1 to 32 of a-z, 0-9, _ and -), and of nothing else', bad
			USING ERRCODE = '22023';
	END IF;
	RETURN whole;
END
$$;

-- Says why append_event() found no job that takes the event.
CREATE OR REPLACE FUNCTION refuse_event(public_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM job j WHERE upper(j.public_id) = refuse_event.public_id) THEN
		RAISE EXCEPTION 'job % is closed: no public event may follow', public_id
			USING ERRCODE = 'JT001';
	END IF;
	RAISE EXCEPTION 'there is no job %', coalesce(left(public_id, 64), 'NULL')
		USING ERRCODE = 'P0002';
END
$$;

-- Appends an event and returns its number.
--
-- The row lock comes with the number and is held until the caller commits,
-- so numbers are committed in their order and a cursor misses nothing. Append
-- last in a transaction: other writers of the job wait for its end.
CREATE OR REPLACE FUNCTION append_event(public_id text, event_type text,
	message text, stage text DEFAULT NULL, artifacts jsonb DEFAULT '[]',
	extra jsonb DEFAULT '{}', visibility text DEFAULT 'public')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	ulid CONSTANT text := upper(public_id COLLATE "C");
	wanted CONSTANT text := CASE event_type
	WHEN 'queued' THEN 'NOT_STARTED'
	WHEN 'stage' THEN 'IN_PROGRESS'
	WHEN 'succeeded' THEN 'SUCCESS'
	WHEN 'failed' THEN 'FAILURE'
	END;
	ends CONSTANT boolean := wanted IN ('SUCCESS', 'FAILURE') IS TRUE;
	grace CONSTANT interval := closed_grace();
	fault CONSTANT text := CASE
	WHEN visibility IN ('public', 'internal') IS NOT TRUE
	THEN 'visibility must be public or internal'
	WHEN (length(event_type) BETWEEN 1 AND 100) IS NOT TRUE
	THEN 'event_type must have 1 to 100 characters'
	WHEN (octet_length(message) <= 65536) IS NOT TRUE
	THEN 'message must be a text of at most 64 KiB'
	WHEN octet_length(stage) > 1024
	THEN 'stage must have at most 1,024 bytes'
	WHEN jsonb_typeof(extra) <> 'object'
	THEN 'extra must be an object'
	WHEN extra <> '{}' AND octet_length(extra::text) > 262144
	THEN 'extra must have at most 256 KiB'
	WHEN artifacts = '[]'
	THEN NULL
	WHEN jsonb_typeof(artifacts) <> 'array'
	THEN 'artifacts must be an array'
	WHEN jsonb_array_length(artifacts) > 1000
	THEN 'artifacts must have at most 1,000 elements'
	WHEN octet_length(artifacts::text) > 4194304
	THEN 'artifacts must have at most 4 MiB'
	END;
	job_id bigint;
	seq bigint;
BEGIN
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION '%', fault USING ERRCODE = '22023';
	END IF;
	IF artifacts <> '[]' THEN
		artifacts := checked_artifacts(artifacts);
	END IF;
	-- a SET of the function would be undone before the commit
	IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
		PERFORM set_config('synchronous_commit', 'on', true);
	END IF;

	-- A job that is closed, by a public end or by an internal one and the
	-- grace, takes internal events alone, which change nothing more. Until
	-- then one end may follow another, but nothing opens it again.
	UPDATE job j
	   SET last_seq = j.last_seq + 1,
	       closed = j.closed OR (ends AND visibility = 'public'),
	       ended_at = coalesce(j.ended_at, CASE WHEN ends THEN clock_timestamp() END),
	       status = CASE WHEN j.ended_at IS NULL OR ends
		    AND NOT j.closed AND j.ended_at > clock_timestamp() - grace
		THEN coalesce(wanted, j.status) ELSE j.status END
	 WHERE upper(j.public_id) = ulid
	   AND (visibility = 'internal' OR j.ended_at IS NULL
		OR NOT j.closed AND j.ended_at > clock_timestamp() - grace)
	RETURNING j.id, j.last_seq INTO job_id, seq;
	IF NOT FOUND THEN
		PERFORM refuse_event(ulid);
	END IF;
	INSERT INTO job_event AS e (job_id, seq, created_at, visibility, event_type,
		stage, message, artifacts, extra)
	VALUES (job_id, seq, clock_timestamp(), visibility, event_type, stage,
		message, coalesce(artifacts, '[]'), coalesce(extra, '{}'));
	IF visibility = 'public' THEN
		PERFORM give_notice(ulid, seq);
	END IF;
	RETURN seq;
END
$$;

-- A new job, with the event that it is queued.
CREATE OR REPLACE FUNCTION create_job(tenant_id bigint, job_type text,
	request jsonb DEFAULT NULL, public_id text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	ulid CONSTANT text := upper(coalesce(public_id, new_ulid()) COLLATE "C");
	fault CONSTANT text := CASE
	WHEN ulid !~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'
	THEN 'public_id must be a ULID: 26 characters of 0-9 and A-Z without I, L, O and U, the first one 0-7'
	WHEN (job_type ~ '^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$' AND length(job_type) <= 100)
		IS NOT TRUE
	THEN 'job_type must be UPPER_SNAKE, of at most 100 characters'
	WHEN jsonb_typeof(request) NOT IN ('object', 'null')
	THEN 'request must be an object or null'
	WHEN octet_length(request::text) > 262144
	THEN 'request must have at most 256 KiB'
	WHEN request @? 'strict $.**{65}'
	THEN 'request must be nested at most 64 levels deep'
	END;
BEGIN
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION '%', fault USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM tenant t WHERE t.id = create_job.tenant_id) THEN
		RAISE EXCEPTION 'there is no tenant %', coalesce(tenant_id::text, 'NULL')
			USING ERRCODE = 'P0002';
	END IF;
	INSERT INTO job AS j (tenant_id, public_id, job_type, request)
	VALUES (tenant_id, ulid, job_type, nullif(request, 'null'))
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is a job % already', ulid USING ERRCODE = '23505';
	END IF;
	PERFORM append_event(ulid, 'queued', 'queued');
	RETURN ulid;
END
$$;

-- Removes the closed jobs that ended longer ago than that, whole, and says
-- how many. A job that somebody is appending to is left for the next time.
CREATE OR REPLACE FUNCTION purge(older_than interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	n bigint;
BEGIN
	IF (older_than >= interval '0') IS NOT TRUE THEN
		RAISE EXCEPTION 'older_than must be an interval that is not negative'
			USING ERRCODE = '22023';
	END IF;
	PERFORM set_config('jobtail.purging', 'on', true);
	DELETE FROM job
	 WHERE id IN (
		SELECT j.id
		  FROM job j
		 WHERE j.ended_at < now() - older_than
		   AND (j.closed OR j.ended_at < now() - closed_grace())
		   FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM set_config('jobtail.purging', 'off', true);
	RETURN n;
END
$$;
