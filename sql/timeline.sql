-- The responder's one call: key, job and events of one snapshot. It reads
-- through authenticate(), job_detail() and public_events() alone.

-- The request as clients may see it: storage keys are members named "key" or
-- "*_key", at any depth.
CREATE OR REPLACE FUNCTION without_keys(value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN CASE jsonb_typeof(value)
	WHEN 'object' THEN (
		SELECT coalesce(jsonb_object_agg(m.key, CASE
			WHEN jsonb_typeof(m.value) IN ('object', 'array')
			THEN without_keys(m.value) ELSE m.value END), '{}')
		  FROM jsonb_each(without_keys.value) m
		 WHERE m.key <> 'key' AND m.key NOT LIKE '%\_key')
	WHEN 'array' THEN (
		SELECT coalesce(jsonb_agg(CASE
			WHEN jsonb_typeof(m.value) IN ('object', 'array')
			THEN without_keys(m.value) ELSE m.value END ORDER BY m.n), '[]')
		  FROM jsonb_array_elements(without_keys.value)
			WITH ORDINALITY m (value, n))
	ELSE value
	END;
END
$$;

-- The newest public event (of a type) at or before a number, looked for
-- backwards in windows that grow: usually it is near.
CREATE OR REPLACE FUNCTION newest_event(job_id bigint, at_most bigint,
	of_type text DEFAULT NULL)
RETURNS TABLE (seq bigint, event_type text, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 1
AS $$
DECLARE
	least_seq CONSTANT bigint := -9223372036854775808;
	hi bigint := coalesce(at_most, 9223372036854775807);
	lo bigint;
	width bigint := 16;
BEGIN
	LOOP
		lo := CASE WHEN width < 1e9 AND hi >= least_seq + width
			THEN hi - width ELSE least_seq END;
		RETURN QUERY
		SELECT e.seq, e.event_type, e.created_at
		  FROM public_events(newest_event.job_id, lo, CASE
			WHEN lo = least_seq THEN 2147483647 ELSE width::int END) e
		 WHERE e.seq <= hi
		   AND (of_type IS NULL OR e.event_type = of_type)
		 ORDER BY e.seq DESC
		 LIMIT 1;
		EXIT WHEN FOUND OR lo = least_seq;
		hi := lo;
		width := width * 16;
	END LOOP;
END
$$;

-- Whether a job that job_detail() says neither of is closed: ended, and its
-- newest public event is older than the grace.
CREATE OR REPLACE FUNCTION is_over(job_id bigint, last_seq bigint, status text,
	job_created_at timestamptz, grace_s int)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN status IN ('SUCCESS', 'FAILURE')
	   AND statement_timestamp() - make_interval(secs => coalesce(grace_s, 10))
	     > coalesce((SELECT e.created_at
		FROM newest_event(is_over.job_id, is_over.last_seq) e),
		job_created_at);
END
$$;

-- A detail's rows of timeline(): the last public succeeded event of a job that
-- did succeed, and the newest public one, which often is the same.
CREATE OR REPLACE FUNCTION tail_events(job_id bigint, last_seq bigint,
	status text)
RETURNS TABLE (seq bigint, event_type text, stage text, message text,
	artifacts jsonb, extra jsonb, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 2
AS $$
DECLARE
	newest record;
	result bigint;
BEGIN
	SELECT n.* INTO newest FROM newest_event(job_id, last_seq) n;
	IF status = 'SUCCESS' AND newest.event_type <> 'succeeded' THEN
		SELECT n.seq INTO result
		  FROM newest_event(job_id, newest.seq - 1, 'succeeded') n;
	END IF;
	RETURN QUERY
	SELECT e.*
	  FROM unnest(ARRAY[result, newest.seq]) n
	 CROSS JOIN LATERAL public_events(tail_events.job_id, n - 1, 1) e;
END
$$;

-- The rows say by part what they are:
--   h  the head, first and once: the key's columns and, when a job was asked
--      for and found by a key that is capable, the job's
--   e  an event
--   b  only created_at, the newest event's, on an open job whose newest
--      event is not among the rows
--   m  nothing: more events follow than this page may hold
CREATE OR REPLACE FUNCTION timeline(key_sha256 bytea, capabilities text[],
	public_id text, since bigint, max_events int, max_bytes int,
	tail boolean, closed_grace_s int)
RETURNS TABLE (part "char", at timestamptz,
	tenant_id bigint, key_id bigint, capable boolean, expires_at timestamptz,
	job_id bigint, job_type text, status text, job_created_at timestamptz,
	request text, closed boolean, last_seq bigint,
	seq bigint, event_type text, stage text, message text, artifacts text,
	extra text, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	least_seq CONSTANT bigint := -9223372036854775808;
	room int := least(greatest(max_events, 1), 2147483645);
	job bigint;
	last bigint;
	open boolean;
	doc jsonb;
	artifacts_doc jsonb;
	extra_doc jsonb;
	after bigint;
	newest_at timestamptz;
	n_events int := 0;
	n_bytes bigint := 0;
BEGIN
	IF closed_grace_s <> 10 THEN -- what job_detail() takes without it
		PERFORM set_config('jobtail.reader_grace', closed_grace_s::text, true);
	END IF;

	-- One statement costs an idle poll less than two would. A key that is
	-- not capable asks for nobody's job.
	SELECT 'h', statement_timestamp(), a.tenant_id, a.key_id,
	       a.capabilities && timeline.capabilities,
	       a.expires_at, j.job_id, j.job_type, j.status, j.created_at,
	       j.request, j.closed, j.last_seq
	  INTO part, at, tenant_id, key_id, capable, expires_at, job_id, job_type,
	       status, job_created_at, doc, closed, last_seq
	  FROM authenticate(timeline.key_sha256) a
	  LEFT JOIN LATERAL job_detail(CASE
		WHEN a.capabilities && timeline.capabilities THEN a.tenant_id END,
		timeline.public_id) j ON true;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF job_id IS NULL THEN
		RETURN NEXT;
		RETURN;
	END IF;
	job := job_id;
	last := last_seq;
	IF closed IS NULL THEN
		closed := is_over(job, last, status, job_created_at, closed_grace_s);
	END IF;
	open := NOT closed;
	IF tail THEN
		request := without_keys(doc);
	END IF;
	RETURN NEXT;

	part := 'e';
	at := NULL; tenant_id := NULL; key_id := NULL; capable := NULL;
	expires_at := NULL; job_id := NULL; job_type := NULL;
	job_created_at := NULL; request := NULL; closed := NULL; last_seq := NULL;
	IF tail THEN
		FOR seq, event_type, stage, message, artifacts, extra, created_at IN
			SELECT e.seq, e.event_type, e.stage, e.message,
			       nullif(e.artifacts, '[]')::text,
			       nullif(e.extra, '{}')::text, e.created_at
			  FROM tail_events(job, last, status) e
		LOOP
			status := NULL;
			RETURN NEXT;
		END LOOP;
		RETURN;
	END IF;
	status := NULL;

	-- An open job is read from one before the cursor: when nothing follows
	-- the event there, its age is wanted.
	after := coalesce(since, least_seq);
	IF open AND after > least_seq THEN
		after := greatest(least(after, last), least_seq + 1) - 1;
	END IF;
	-- jsonb becomes text in the loop, which the ceiling ends: the rows that
	-- the query is ahead by would be converted in vain
	FOR seq, event_type, stage, message, artifacts_doc, extra_doc, created_at IN
		SELECT * FROM public_events(job, after, room + 2)
	LOOP
		IF seq <= since THEN
			newest_at := created_at;
			CONTINUE;
		END IF;
		artifacts := nullif(artifacts_doc, '[]');
		extra := nullif(extra_doc, '{}');
		n_bytes := n_bytes + coalesce(octet_length(message), 0)
			+ coalesce(octet_length(artifacts), 0)
			+ coalesce(octet_length(extra), 0);
		IF n_events > 0 AND (n_events = room OR n_bytes > max_bytes) THEN
			part := 'm';
			newest_at := NULL;
			EXIT;
		END IF;
		n_events := n_events + 1;
		RETURN NEXT;
	END LOOP;
	IF part = 'e' AND n_events > 0 THEN
		RETURN;
	END IF;

	seq := NULL; event_type := NULL; stage := NULL; message := NULL;
	artifacts := NULL; extra := NULL; created_at := NULL;
	IF part = 'm' THEN
		RETURN NEXT;
	END IF;
	IF open THEN
		part := 'b';
		created_at := coalesce(newest_at,
			(SELECT n.created_at FROM newest_event(job, last) n));
		IF created_at IS NOT NULL THEN
			RETURN NEXT;
		END IF;
	END IF;
END
$$;
