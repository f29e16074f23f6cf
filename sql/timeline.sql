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
RETURNS TABLE (seq bigint, created_at timestamptz)
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
		SELECT e.seq, e.created_at
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

-- Where a detail's events are read from, ascending: the last public succeeded
-- event of a job that did succeed, and the newest public one.
CREATE OR REPLACE FUNCTION tail_starts(job_id bigint, last_seq bigint,
	status text)
RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	newest bigint := seq FROM newest_event(job_id, last_seq);
	result bigint := seq FROM newest_event(job_id, last_seq, 'succeeded')
		WHERE status = 'SUCCESS';
BEGIN
	RETURN CASE WHEN result < newest THEN ARRAY[result - 1, newest - 1]
		ELSE ARRAY[newest - 1] END;
END
$$;

-- The rows say by part what they are:
--   h  the head, first and once: the key's columns and, when a job was asked
--      for and found by a key that is capable, the job's
--   e  an event
--   b  only created_at: no event is deliverable on an open job, and its
--      newest one at or before the cursor is that old
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
	starts bigint[];
	e record;
	newest_at timestamptz;
	n_events int := 0;
	n_bytes bigint := 0;
BEGIN
	IF closed_grace_s IS NOT NULL THEN
		PERFORM set_config('jobtail.reader_grace', closed_grace_s::text, true);
	END IF;

	-- One statement costs an idle poll less than two would. A key that is
	-- not capable asks for nobody's job.
	SELECT a.tenant_id, a.key_id, a.capabilities && timeline.capabilities,
	       a.expires_at, j.job_id, j.job_type, j.status, j.created_at,
	       j.request, j.closed, j.last_seq
	  INTO tenant_id, key_id, capable, expires_at, job_id, job_type, status,
	       job_created_at, doc, closed, last_seq
	  FROM authenticate(timeline.key_sha256) a
	  LEFT JOIN LATERAL job_detail(CASE
		WHEN a.capabilities && timeline.capabilities THEN a.tenant_id END,
		timeline.public_id) j ON true;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	part := 'h';
	at := statement_timestamp();
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
		starts := tail_starts(job, last, status);
		room := 1;
	ELSIF open AND since > least_seq THEN
		-- from one before the cursor: when nothing follows the event
		-- there, its age is wanted
		starts := ARRAY[greatest(least(since, last), least_seq + 1) - 1];
	ELSE
		starts := ARRAY[coalesce(since, least_seq)];
	END IF;
	RETURN NEXT;

	part := 'e';
	at := NULL; tenant_id := NULL; key_id := NULL; capable := NULL;
	expires_at := NULL; job_id := NULL; job_type := NULL; status := NULL;
	job_created_at := NULL; request := NULL; closed := NULL; last_seq := NULL;
	FOR e IN
		SELECT x.*
		  FROM unnest(starts) s CROSS JOIN LATERAL
			public_events(job, s, CASE WHEN tail THEN 1 ELSE room + 2 END) x
	LOOP
		IF e.seq <= since AND NOT tail THEN
			newest_at := e.created_at;
			CONTINUE;
		END IF;
		artifacts := CASE WHEN e.artifacts <> '[]' THEN e.artifacts END;
		extra := CASE WHEN e.extra <> '{}' THEN e.extra END;
		n_bytes := n_bytes + octet_length(e.message)
			+ coalesce(octet_length(artifacts), 0)
			+ coalesce(octet_length(extra), 0);
		IF n_events > 0 AND NOT tail
		    AND (n_events = room OR n_bytes > max_bytes) THEN
			part := 'm';
			seq := NULL; event_type := NULL; stage := NULL; message := NULL;
			artifacts := NULL; extra := NULL; created_at := NULL;
			RETURN NEXT;
			RETURN;
		END IF;
		seq := e.seq;
		event_type := e.event_type;
		stage := e.stage;
		message := e.message;
		created_at := e.created_at;
		n_events := n_events + 1;
		RETURN NEXT;
	END LOOP;

	IF n_events = 0 AND open AND NOT tail AND since IS NOT NULL THEN
		part := 'b';
		created_at := coalesce(newest_at, (SELECT n.created_at
			FROM newest_event(job, least(since, last)) n));
		IF created_at IS NOT NULL THEN
			RETURN NEXT;
		END IF;
	END IF;
END
$$;
