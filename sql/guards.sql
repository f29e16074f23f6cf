-- What holds even against the owner's own mistakes.

-- Events are never changed, and go only when purge() takes their whole job.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE'
	    AND current_setting('jobtail.purging', true) = 'on' THEN
		RETURN NULL;
	END IF;
	RAISE EXCEPTION '% of % is refused: a timeline only grows, and only purge() removes whole jobs',
		TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END
$$;

-- A public event after an internal end has to be committed within the grace,
-- not only begun: when it is over, readers have seen the end.
CREATE OR REPLACE FUNCTION refuse_late_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	IF clock_timestamp() >= NEW.ended_at + closed_grace()
	    AND EXISTS (SELECT FROM job_event e
			 WHERE e.job_id = NEW.id
			   AND e.seq = NEW.last_seq
			   AND e.visibility = 'public') THEN
		RAISE EXCEPTION 'job % was closed before this transaction ended',
			NEW.public_id USING ERRCODE = 'JT001';
	END IF;
	RETURN NULL;
END
$$;

SELECT NOT EXISTS (SELECT FROM pg_trigger
	WHERE tgrelid = 'job_event'::regclass AND tgname = 'events_stay')
	AS fresh \gset
\if :fresh
CREATE TRIGGER events_stay
	BEFORE UPDATE OR DELETE OR TRUNCATE ON job_event
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER jobs_stay
	BEFORE DELETE OR TRUNCATE ON job
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER no_late_commit
	AFTER UPDATE ON job DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL AND NOT OLD.closed)
	EXECUTE FUNCTION refuse_late_commit();
\endif
