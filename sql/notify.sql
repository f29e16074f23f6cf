-- The notice that wakes readers. It is a hint: the query is the truth.

-- NOTIFY takes a lock on the whole server at commit, which halves the rate of
-- appends; ALTER DATABASE ... SET jobtail.notify = off does without.
CREATE OR REPLACE FUNCTION give_notice(public_id text, seq bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	IF lower(current_setting('jobtail.notify', true))
	    IN ('off', 'false', 'no', '0') THEN
		RETURN;
	END IF;
	PERFORM pg_notify('jobtail',
		d.name || ' ' || give_notice.public_id || ' ' || give_notice.seq)
	   FROM data_set d;
END
$$;
