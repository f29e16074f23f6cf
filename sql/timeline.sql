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

-- What timeline() gives. The rows say by part what they are:
--   h  the head, first and once: the key's columns and, when a job was asked
--      for and found by a key that is capable, the job's
--   e  an event
--   m  nothing: more events follow than this page may hold
--   b  only created_at, the newest event's, on an open job whose newest
--      event is not among the rows
SELECT to_regtype('timeline_row') IS NULL AS fresh \gset
\if :fresh
CREATE TYPE timeline_row AS (part "char", at timestamptz,
	tenant_id bigint, key_id bigint, capable boolean, expires_at timestamptz,
	job_id bigint, job_type text, status text, job_created_at timestamptz,
	request text, closed boolean, last_seq bigint,
	seq bigint, event_type text, stage text, message text, artifacts text,
	extra text, created_at timestamptz);
\endif

-- A detail's events: the last public succeeded one of a job that did succeed,
-- and the newest public one, which often is the same.
CREATE OR REPLACE FUNCTION tail_events(job_id bigint, last_seq bigint,
	status text)
RETURNS SETOF timeline_row
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 2
AS $$
DECLARE
	newest CONSTANT bigint := n.seq FROM newest_event(job_id, last_seq) n;
	result CONSTANT bigint := n.seq
		FROM newest_event(job_id, last_seq, 'succeeded') n
		WHERE status = 'SUCCESS';
BEGIN
	RETURN QUERY
	SELECT 'e'::"char", NULL::timestamptz, NULL::bigint, NULL::bigint,
	       NULL::boolean, NULL::timestamptz, NULL::bigint, NULL::text,
	       NULL::text, NULL::timestamptz, NULL::text, NULL::boolean,
	       NULL::bigint, e.seq, e.event_type, e.stage, e.message,
	       nullif(e.artifacts, '[]')::text, nullif(e.extra, '{}')::text,
	       e.created_at
	  FROM unnest(CASE WHEN result < newest THEN ARRAY[result, newest]
		ELSE ARRAY[newest] END) n
	 CROSS JOIN LATERAL public_events(tail_events.job_id, n - 1, 1) e
	 ORDER BY e.seq;
END
$$;

-- The events of a page behind the head, and what stands for those that are
-- not in it.
CREATE OR REPLACE FUNCTION page_events(job_id bigint, last_seq bigint,
	open boolean, since bigint, max_events int, max_bytes int)
RETURNS SETOF timeline_row
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp ROWS 10
AS $$
DECLARE
	least_seq CONSTANT bigint := -9223372036854775808;
	room CONSTANT int := least(greatest(max_events, 1), 2147483645);
	-- An open job is read from one before the cursor: when nothing follows
	-- the event there, its age is wanted.
	after CONSTANT bigint := CASE WHEN open AND since > least_seq
		THEN greatest(least(since, last_seq), least_seq + 1) - 1
		ELSE coalesce(since, least_seq) END;
	e record;
	rest timeline_row;
	newest_at timestamptz;
	n_events int := 0;
	n_bytes bigint := 0;
BEGIN
	FOR e IN
		SELECT 'e'::"char", NULL::timestamptz, NULL::bigint, NULL::bigint,
		       NULL::boolean, NULL::timestamptz, NULL::bigint, NULL::text,
		       NULL::text, NULL::timestamptz, NULL::text, NULL::boolean,
		       NULL::bigint, p.seq, p.event_type, p.stage, p.message,
		       nullif(p.artifacts, '[]')::text AS artifacts,
		       nullif(p.extra, '{}')::text AS extra, p.created_at
		  FROM public_events(page_events.job_id, after, room + 2) p
	LOOP
		IF e.seq <= since THEN
			newest_at := e.created_at;
			CONTINUE;
		END IF;
		n_bytes := n_bytes + octet_length(e.message)
			+ coalesce(octet_length(e.artifacts), 0)
			+ coalesce(octet_length(e.extra), 0);
		IF n_events > 0 AND (n_events = room OR n_bytes > max_bytes) THEN
			rest.part := 'm';
			RETURN NEXT rest;
			newest_at := NULL;
			EXIT;
		END IF;
		n_events := n_events + 1;
		RETURN NEXT e;
	END LOOP;

	IF open AND (n_events = 0 OR rest.part = 'm') THEN
		rest.part := 'b';
		rest.created_at := coalesce(newest_at,
			(SELECT n.created_at FROM newest_event(job_id, last_seq) n));
		IF rest.created_at IS NOT NULL THEN
			RETURN NEXT rest;
		END IF;
	END IF;
END
$$;

-- An idle poll is the most frequent call by far. What it passes through here
-- is one statement and as few expressions as can be: plpgsql prepares each of
-- those anew in every transaction. A key that is not capable asks for
-- nobody's job.
CREATE OR REPLACE FUNCTION timeline(key_sha256 bytea, capabilities text[],
	public_id text, since bigint, max_events int, max_bytes int,
	tail boolean, closed_grace_s int)
RETURNS SETOF timeline_row
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	least_seq CONSTANT bigint := -9223372036854775808;
	head record;
	n_events int;
BEGIN
	IF closed_grace_s <> 10 THEN -- what job_detail() takes without it
		PERFORM set_config('jobtail.reader_grace', closed_grace_s::text, true);
	END IF;
	SELECT 'h'::"char", statement_timestamp(), a.tenant_id, a.key_id,
	       a.capabilities && timeline.capabilities, a.expires_at,
	       j.job_id, j.job_type, j.status, j.created_at,
	       CASE WHEN tail THEN without_keys(j.request)::text END,
	       CASE WHEN j.closed IS NULL AND j.job_id IS NOT NULL
		THEN is_over(j.job_id, j.last_seq, j.status, j.created_at,
			closed_grace_s)
		ELSE j.closed END AS closed,
	       j.last_seq, NULL::bigint, NULL::text, NULL::text, NULL::text,
	       NULL::text, NULL::text, NULL::timestamptz
	  INTO head
	  FROM authenticate(timeline.key_sha256) a
	  LEFT JOIN LATERAL job_detail(CASE
		WHEN a.capabilities && timeline.capabilities THEN a.tenant_id END,
		timeline.public_id) j ON true;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	RETURN NEXT head;
	IF head.job_id IS NULL
	    OR NOT tail AND head.closed AND since >= head.last_seq THEN
		RETURN;
	END IF;
	IF tail THEN
		RETURN QUERY SELECT * FROM tail_events(head.job_id, head.last_seq,
			head.status);
		RETURN;
	END IF;

	-- Nothing follows the number of the job's last event: one statement for
	-- its age, unless it is an internal one.
	IF since >= head.last_seq THEN
		RETURN QUERY
		SELECT 'b'::"char", NULL::timestamptz, NULL::bigint, NULL::bigint,
		       NULL::boolean, NULL::timestamptz, NULL::bigint, NULL::text,
		       NULL::text, NULL::timestamptz, NULL::text, NULL::boolean,
		       NULL::bigint, NULL::bigint, NULL::text, NULL::text, NULL::text,
		       NULL::text, NULL::text, e.created_at
		  FROM public_events(head.job_id, head.last_seq - 1, 1) e;
		IF FOUND THEN
			RETURN;
		END IF;
	END IF;

	-- The usual page is short, and one statement is a quarter cheaper than
	-- the loop that watches the ceilings: a few events cannot exceed them by
	-- much, and the responder cuts what is too long for it. (The 17th can
	-- only come from tables whose numbers do not begin at 1.)
	IF coalesce(since, 0) BETWEEN head.last_seq - 16 AND head.last_seq - 1
	    AND max_events > 16 THEN
		RETURN QUERY
		SELECT 'e'::"char", NULL::timestamptz, NULL::bigint, NULL::bigint,
		       NULL::boolean, NULL::timestamptz, NULL::bigint, NULL::text,
		       NULL::text, NULL::timestamptz, NULL::text, NULL::boolean,
		       NULL::bigint, e.seq, e.event_type, e.stage, e.message,
		       nullif(e.artifacts, '[]')::text, nullif(e.extra, '{}')::text,
		       e.created_at
		  FROM public_events(head.job_id, coalesce(since, least_seq), 17) e;
		GET DIAGNOSTICS n_events = ROW_COUNT;
		IF n_events BETWEEN 1 AND 16 THEN
			RETURN;
		ELSIF n_events = 17 THEN
			RETURN QUERY SELECT (jsonb_populate_record(NULL::timeline_row,
				'{"part": "m"}')).*;
			RETURN;
		END IF;
	END IF;
	RETURN QUERY SELECT * FROM page_events(head.job_id, head.last_seq,
		NOT head.closed, since, max_events, max_bytes);
END
$$;
