-- timeline() and the functions that it calls.
\ir fixture.psql
SELECT plan(76);

SELECT sha256(convert_to(:'key', 'UTF8')) AS hash, sha256(convert_to(:'their_key', 'UTF8')) AS their_hash \gset

-- the head
SELECT create_job(:ours, 'TRY_ON', '{"prompt": "x"}') AS job \gset
SELECT is_empty($$SELECT * FROM timeline('\x00', '{jobs:read}', NULL, NULL, 1, 1, false, 10)$$, 'no key, no row');
SELECT results_eq(format($$SELECT part, tenant_id, key_id IS NOT NULL, capable, expires_at, job_id, job_type, status,
		job_created_at, request, closed, last_seq, seq, event_type, stage, message, artifacts, extra, created_at
	FROM timeline(%L, '{ctm:read,jobs:read}', NULL, NULL, 1, 1, false, 10)$$, :'hash'),
	format($$VALUES ('h'::"char", %s::bigint, true, true, NULL::timestamptz, NULL::bigint, NULL, NULL, NULL::timestamptz, NULL,
		NULL::boolean, NULL::bigint, NULL::bigint, NULL, NULL, NULL, NULL, NULL, NULL::timestamptz)$$, :ours),
	'without a job the head is the key''s alone');
SELECT results_eq(format($$SELECT part, capable, job_id FROM timeline(%L, '{other}', %L, NULL, 100, 10000, false, 10)$$, :'hash', :'job'),
	$$VALUES ('h'::"char", false, NULL::bigint)$$, 'a key that is not capable sees no job');
SELECT results_eq(format($$SELECT part, at = statement_timestamp(), job_type, status, request, closed, last_seq FROM timeline(%L, '{jobs:read}', %L, NULL, 100, 10000, false, 10) LIMIT 1$$, :'hash', :'job'),
	$$VALUES ('h'::"char", true, 'TRY_ON', 'NOT_STARTED', NULL, false, 1::bigint)$$, 'a head has the job, without the request');
SELECT is(pg_temp.parts(:'job'), 'h e1', 'a new job has one event');
SELECT is(pg_temp.parts(lower(:'job')), 'h e1', 'an id is good in either case');
SELECT is(pg_temp.parts(:'job', key => :'their_key'), 'h', 'a foreign job is no job');
SELECT is(pg_temp.parts(:'job', tail_only => true, key => :'their_key'), 'h', 'neither for a detail');
SELECT is(pg_temp.parts('01J8ZQ4T6V0000000000000XYZ'), 'h', 'and so is an unknown one');
SELECT is(count(*)::int, 0, 'a foreign head says nothing of the job')
  FROM timeline(:'their_hash', '{jobs:read}', :'job', NULL, 100, 10000, false, 10) t
 WHERE coalesce(job_type, status, t.job_id::text, t.last_seq::text, t.closed::text) IS NOT NULL;

-- pages
SELECT append_event(:'job', 'stage', 'two', 'first', '[{"key":"a","kind":"x","role":"final"}]', '{"cost": 1.50}') \g /dev/null
SELECT append_event(:'job', 'stage', 'hidden', visibility => 'internal') \g /dev/null
SELECT append_event(:'job', 'stage', 'four') \g /dev/null
SELECT results_eq(format($$SELECT part, at, tenant_id, key_id, capable, expires_at, job_id, job_type, status, job_created_at, request, closed, last_seq,
		seq, event_type, stage, message, artifacts, extra, created_at > now() FROM timeline(%L, '{jobs:read}', %L, 1, 100, 10000, false, 10) OFFSET 1$$, :'hash', :'job'),
	$$VALUES ('e'::"char", NULL::timestamptz, NULL::bigint, NULL::bigint, NULL::boolean, NULL::timestamptz, NULL::bigint, NULL, NULL, NULL::timestamptz, NULL, NULL::boolean, NULL::bigint,
		2::bigint, 'stage', 'first', 'two', '[{"key": "a", "kind": "x", "meta": {}, "role": "final", "label": null}]', '{"cost": 1.50}', true),
		('e', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4, 'stage', NULL, 'four', NULL, NULL, true)$$,
	'an event has its own columns alone, and nothing for empty documents');
SELECT is(pg_temp.parts(:'job'), 'h e1 e2 e4', 'internal events are left out');
SELECT is(pg_temp.parts(:'job', 2), 'h e4', 'the cursor is exclusive');
SELECT is(pg_temp.parts(:'job', 3), 'h e4', 'and may be the number of an internal event');
SELECT is(pg_temp.parts(:'job', s), 'h e1 e2 e4', 'a cursor of ' || s || ' reads all')
  FROM unnest('{0,-1,-9223372036854775807,-9223372036854775808}'::bigint[]) s;
SELECT is(pg_temp.parts(:'job', s), 'h b', 'a cursor of ' || s || ' has nothing to come')
  FROM unnest('{4,5,9223372036854775807}'::bigint[]) s;
SELECT is((SELECT t.created_at FROM timeline(:'hash', '{jobs:read}', :'job', s, 100, 10000, false, 10) t WHERE part = 'b'),
	(SELECT created_at FROM job_event WHERE message = 'four' AND seq = 4 AND job_id = (SELECT id FROM job WHERE public_id = :'job')), 'but an age, also after ' || s)
  FROM unnest('{4,5,9223372036854775807}'::bigint[]) s;
SELECT append_event(:'job', 'stage', 'hidden', visibility => 'internal') FROM generate_series(1, 300) \g /dev/null
SELECT is(pg_temp.parts(:'job', s), 'h b', 'many internal events do not hide it, after ' || s)
  FROM unnest('{4,200,304,400}'::bigint[]) s;
SELECT is((SELECT t.created_at FROM timeline(:'hash', '{jobs:read}', :'job', 304, 100, 10000, false, 10) t WHERE part = 'b'),
	(SELECT created_at FROM job_event WHERE message = 'four' AND seq = 4 AND job_id = (SELECT id FROM job WHERE public_id = :'job')), 'it is the same');
SELECT is(pg_temp.parts(:'job', tail_only => true), 'h e4', 'nor the newest event from a detail');

-- cut by number
SELECT is(pg_temp.parts(:'job', n => 3), 'h e1 e2 e4', 'a page that just fits has no more');
SELECT is(pg_temp.parts(:'job', n => 2), 'h e1 e2 m b', 'a cut page says so');
SELECT is(pg_temp.parts(:'job', 1, 1), 'h e2 m b', 'also after a cursor');
SELECT is(pg_temp.parts(:'job', 2, 1), 'h e4', 'and the last one does not');
SELECT is(pg_temp.parts(:'job', n => v), 'h e1 m b', 'a page has at least one event: ' || v)
  FROM unnest('{0,-5,1}'::int[]) v;
SELECT is(pg_temp.parts(:'job', n => 2147483647), 'h e1 e2 e4', 'and as many as one likes');
SELECT results_eq(format($$SELECT part, coalesce(t.at::text, t.tenant_id::text, t.job_id::text, t.status, t.seq::text, t.message, t.artifacts, t.extra, t.created_at::text)
	FROM timeline(%L, '{jobs:read}', %L, NULL, 1, 10000, false, 10) t WHERE part = 'm'$$, :'hash', :'job'),
	$$VALUES ('m'::"char", NULL)$$, 'the row that says more is empty');

-- cut by bytes
SELECT create_job(:ours, 'A') AS big \gset
SELECT append_event(:'big', 'stage', repeat('ä', 500)), append_event(:'big', 'stage', '', extra => jsonb_build_object('a', repeat('x', 991))),
	append_event(:'big', 'stage', repeat('x', 1000)) \g /dev/null
-- short pages are not looked at so closely
SELECT append_event(:'big', 'stage', 'hidden', visibility => 'internal') FROM generate_series(1, 20) \g /dev/null
SELECT is(pg_temp.parts(:'big', 1, most => 3000), 'h e2 e3 e4', 'three times 1,000 bytes fit into 3,000');
SELECT is(pg_temp.parts(:'big', 1, most => 2999), 'h e2 e3 m b', 'not into 2,999');
SELECT is(pg_temp.parts(:'big', 1, most => 1999), 'h e2 m b', 'text counts by bytes, and documents count');
SELECT is(pg_temp.parts(:'big', 1, most => 10), 'h e2 m b', 'one event is over any ceiling');
SELECT is(pg_temp.parts(:'big', 3, most => 10), 'h e4', 'the last one too');
SELECT is(pg_temp.parts(:'big', tail_only => true, most => 10), 'h e4', 'a detail has no ceiling');

-- a walk by any page size is the whole
CREATE FUNCTION pg_temp.walk(job text, n int, most int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	cursor_at bigint;
	seen text := '';
	row record;
	found_one boolean;
BEGIN
	LOOP
		found_one := false;
		FOR row IN SELECT t.* FROM jobtail.timeline((SELECT sha256(convert_to(key, 'UTF8')) FROM fixture), '{jobs:read}', job, cursor_at, n, most, false, 10) t WHERE t.part = 'e' LOOP
			seen := seen || ' ' || row.seq;
			cursor_at := row.seq;
			found_one := true;
		END LOOP;
		EXIT WHEN NOT found_one;
	END LOOP;
	RETURN seen;
END $$;
SELECT create_job(:ours, 'A') AS mixed \gset
SELECT append_event(:'mixed', 'stage', repeat('x', (g * 37) % 200), visibility => CASE WHEN g % 3 = 0 OR g BETWEEN 30 AND 60 THEN 'internal' ELSE 'public' END)
  FROM generate_series(1, 100) g \g /dev/null
SELECT is(pg_temp.walk(:'mixed', n, most), (SELECT string_agg(' ' || e.seq, '' ORDER BY e.seq) FROM job_event e JOIN job j ON j.id = e.job_id
	WHERE j.public_id = :'mixed' AND e.visibility = 'public'), 'every event once in pages of ' || n || ' events and ' || most || ' bytes')
  FROM (VALUES (1, 10000), (7, 10000), (1000, 300), (3, 150)) v (n, most);

-- the end
SELECT append_event(:'job', 'succeeded', 'done') AS last_seq \gset
SELECT is(pg_temp.parts(:'job', :last_seq), 'h', 'a closed job has no age');
SELECT is(pg_temp.parts(:'job', 4), 'h e' || :last_seq, 'but its last event');
SELECT is(pg_temp.parts(:'job', tail_only => true), 'h e' || :last_seq, 'which is the only one of its detail');
SELECT append_event(:'job', 'stage', 'hidden', visibility => 'internal') FROM generate_series(1, 20) \g /dev/null
SELECT is(pg_temp.parts(:'job', tail_only => true), 'h e' || :last_seq, 'whatever follows inside');
SELECT ok(closed, 'it is closed') FROM timeline(:'hash', '{jobs:read}', :'job', NULL, 1, 1, false, 10) LIMIT 1;
-- an internal success, and a public event after it
SELECT create_job(:ours, 'A') AS inside \gset
SELECT append_event(:'inside', 'succeeded', 'm', visibility => 'internal'), append_event(:'inside', 'stage', 'm') \g /dev/null
SELECT is(pg_temp.parts(:'inside', tail_only => true), 'h e3', 'an internal success is nobody''s result');
UPDATE job SET ended_at = statement_timestamp() - interval '15 s' WHERE public_id = :'inside';
CREATE FUNCTION pg_temp.is_closed(job text, grace int) RETURNS boolean LANGUAGE sql AS $$
	SELECT t.closed FROM jobtail.timeline((SELECT sha256(convert_to(key, 'UTF8')) FROM fixture), '{jobs:read}', $1, NULL, 1, 1, false, $2) t LIMIT 1 $$;
SELECT ok(pg_temp.is_closed(:'inside', NULL), 'after the grace of 10 s an internal end closes');
SELECT ok(pg_temp.is_closed(:'inside', 10), 'the reader''s too');
SELECT ok(NOT pg_temp.is_closed(:'inside', 20), 'a reader may grant more');
SELECT set_config('jobtail.reader_grace', '', true) \g /dev/null
SET LOCAL jobtail.closed_grace = '20';
SELECT ok(NOT pg_temp.is_closed(:'inside', NULL), 'and so may writers');
SELECT ok(NOT pg_temp.is_closed(:'inside', 10), 'the longer one counts');
RESET jobtail.closed_grace;
SELECT results_eq(format('SELECT t.last_seq, t.closed FROM job_tails(ARRAY(SELECT id FROM job WHERE public_id IN (%L, %L)) || 0::bigint) t ORDER BY t.last_seq', :'inside', :'big'),
	$$VALUES (3::bigint, true), (24, false)$$, 'job_tails() says who has news, and who has ended');

-- somebody else's functions
SAVEPOINT ours;
CREATE OR REPLACE FUNCTION job_detail(tenant_id bigint, public_id text)
RETURNS TABLE (job_id bigint, job_type text, status text, created_at timestamptz, request jsonb, closed boolean, last_seq bigint)
LANGUAGE sql STABLE AS $$ SELECT 7::bigint, 'OWN', $2, now() - interval '1 h', NULL::jsonb, NULL::boolean, NULL::bigint $$;
CREATE OR REPLACE FUNCTION public_events(job_id bigint, since bigint, max_events int)
RETURNS TABLE (seq bigint, event_type text, stage text, message text, artifacts jsonb, extra jsonb, created_at timestamptz)
LANGUAGE sql STABLE AS $$
	SELECT v.seq, v.t, NULL, 'm', '[]'::jsonb, '{}'::jsonb, now() - v.age
	  FROM (VALUES (-3000000000000, 'queued', interval '1 h'), (5000000000000, 'succeeded', interval '5 min'),
		(5000000000007, 'odd', interval '15 s')) v (seq, t, age)
	 WHERE v.seq > $2 ORDER BY v.seq LIMIT $3 $$;
SELECT is(pg_temp.parts('IN_PROGRESS'), 'h e-3000000000000 e5000000000000 e5000000000007', 'numbers may be anything');
SELECT is(pg_temp.parts('IN_PROGRESS', 5000000000007), 'h b', 'also at the tail');
SELECT is(pg_temp.parts('IN_PROGRESS', 9223372036854775807), 'h b', 'and far beyond it');
SELECT is(pg_temp.parts('SUCCESS', tail_only => true), 'h e5000000000000 e5000000000007', 'a detail has the result and the newest');
SELECT is(pg_temp.parts('FAILURE', tail_only => true), 'h e5000000000007', 'but of a job that failed no result');
SELECT ok(NOT pg_temp.is_closed('IN_PROGRESS', 10), 'a job that goes on is not closed');
SELECT ok(pg_temp.is_closed('SUCCESS', 10), 'one that ended is, after the grace');
SELECT ok(NOT pg_temp.is_closed('FAILURE', 20), 'not before');
ROLLBACK TO ours;

-- what the request shows
CREATE TEMPORARY TABLE shown AS
SELECT create_job(:ours, 'A', v.r::jsonb) AS job, v.r, v.wanted
  FROM (VALUES
	('{}', '{}'),
	('{"key": 1, "a": 2}', '{"a": 2}'),
	('{"image_key": "x", "_key": 1, "keys": 1, "KEY": 2, "monkey": 3, "key_of": 4}',
	 '{"KEY": 2, "keys": 1, "key_of": 4, "monkey": 3}'),
	('{"a": {"b_key": {"c": 1}, "d": [{"key": 1}, [{"x_key": 2, "y": [null, true, "key", 1.50]}], 3]}}',
	 '{"a": {"d": [{}, [{"y": [null, true, "key", 1.50]}], 3]}}'),
	('{"a": [], "b": {}}', '{"a": [], "b": {}}'),
	('{"a":' || repeat('[', 62) || '{"key":1}' || repeat(']', 62) || '}',
	 '{"a": ' || repeat('[', 62) || '{}' || repeat(']', 62) || '}'),
	(NULL, NULL)
  ) v (r, wanted);
SELECT is((SELECT t.request FROM timeline(:'hash', '{jobs:read}', s.job, NULL, 1, 1, true, 10) t LIMIT 1),
	s.wanted, 'of a request is shown: ' || coalesce(left(s.wanted, 60), 'nothing')) FROM shown s;

SELECT * FROM finish();
ROLLBACK;
