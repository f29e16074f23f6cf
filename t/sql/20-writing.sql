-- Jobs and their events.
\ir fixture.psql
SELECT plan(127);

-- create_job
SELECT create_job(:ours, 'TRY_ON') AS job \gset
UPDATE fixture SET job = :'job';
SELECT matches(:'job'::text, '^[0-7][0-9A-HJKMNP-TV-Z]{25}$', 'a job has a ULID');
SELECT isnt(create_job(:ours, 'TRY_ON'), create_job(:ours, 'TRY_ON'), 'each its own');
SELECT results_eq($$SELECT status, last_seq, closed, request, ended_at FROM job
	WHERE public_id = (SELECT job FROM fixture)$$,
	$$VALUES ('NOT_STARTED', 1::bigint, false, NULL::jsonb, NULL::timestamptz)$$,
	'a new job has not started');
SELECT results_eq($$SELECT seq, event_type, visibility, stage, message, artifacts, extra
	FROM job_event WHERE job_id = (SELECT id FROM job WHERE public_id =
	(SELECT job FROM fixture))$$,
	$$VALUES (1::bigint, 'queued', 'public', NULL, 'queued', '[]'::jsonb, '{}'::jsonb)$$,
	'and one event, that it is queued');
SELECT is(create_job(:ours, 'A', NULL, '01j8zq4t6v0000000000000abc'),
	'01J8ZQ4T6V0000000000000ABC', 'an id of one''s own is stored in upper case');
SELECT throws_ok($$SELECT create_job(theirs, 'A', NULL, '01J8ZQ4T6V0000000000000ABC') FROM fixture$$,
	'23505', 'there is a job 01J8ZQ4T6V0000000000000ABC already', 'no id twice, whoever asks');
SELECT throws_ok(format('SELECT create_job(ours, ''A'', NULL, %L) FROM fixture', id),
	'22023', NULL, to_json(id) || ' is no ULID')
  FROM unnest(ARRAY['', '01J8ZQ4T6V0000000000000AB', '01J8ZQ4T6V0000000000000ABCD',
	'81J8ZQ4T6V0000000000000ABC', '01J8ZQ4T6V0000000000000ABI', '01J8ZQ4T6V0000000000000ABL',
	'01J8ZQ4T6V0000000000000ABO', '01J8ZQ4T6V0000000000000ABU', '01J8ZQ4T6V0000000000000AB-',
	E'01J8ZQ4T6V0000000000000ABC\n', '01J8ZQ4T6V0000000000000ABı']) id;
SELECT lives_ok(format('SELECT create_job(ours, %L) FROM fixture', t), t || ' is a job_type')
  FROM unnest(ARRAY['A', 'TRY_ON', 'V2_X9']) t;
SELECT throws_ok(format('SELECT create_job(ours, %L) FROM fixture', t), '22023', NULL,
	coalesce(to_json(t)::text, 'NULL') || ' is no job_type')
  FROM unnest(ARRAY['', 'try_on', 'TRY-ON', '_A', 'A_', 'A__B', '9A', E'A\n', rpad('A', 101, 'A'), NULL]) t;
SELECT throws_ok($$SELECT create_job(-1, 'A')$$, 'P0002', 'there is no tenant -1', 'a job needs a tenant');
SELECT lives_ok($$SELECT create_job(ours, 'A', '{"a": [1]}') FROM fixture$$, 'a request is an object');
SELECT is(request, NULL, 'or null')
  FROM job WHERE public_id = create_job(:ours, 'A', 'null') OR false;
SELECT throws_ok(format('SELECT create_job(ours, ''A'', %L) FROM fixture', r), '22023', NULL,
	'a request is no ' || r)
  FROM unnest(ARRAY['[]', '"x"', '1', 'true']) r;
SELECT lives_ok(format('SELECT create_job(ours, ''A'', %L) FROM fixture',
	jsonb_build_object('a', repeat('x', 262144 - 9))), 'a request of 256 KiB is taken');
SELECT throws_ok(format('SELECT create_job(ours, ''A'', %L) FROM fixture',
	jsonb_build_object('a', repeat('x', 262144 - 8))), '22023', NULL, 'one byte more is not');
SELECT lives_ok(format('SELECT create_job(ours, ''A'', %L) FROM fixture',
	'{"a":' || repeat('[', 63) || repeat(']', 63) || '}'), '64 levels are taken');
SELECT throws_ok(format('SELECT create_job(ours, ''A'', %L) FROM fixture',
	'{"a":' || repeat('[', 65) || repeat(']', 65) || '}'), '22023', NULL, 'many more are not');

-- append_event: numbers, status
SELECT is(append_event(lower(:'job'), 'stage', 'one', 'first'), 2::bigint,
	'numbers count up, and an id is good in either case');
SELECT is(append_event(:'job', 'stage', 'two', visibility => 'internal'), 3::bigint,
	'internal events have numbers too');
CREATE FUNCTION pg_temp.now_is(job text) RETURNS text LANGUAGE sql AS $$
	SELECT j.status || CASE WHEN j.closed THEN ' closed' ELSE '' END
		|| CASE WHEN j.ended_at IS NOT NULL THEN ' ended' ELSE '' END
	  FROM job j WHERE j.public_id = $1 $$;
-- the events of a new job, as e1 is public and -e1 internal, and what comes of it
CREATE FUNCTION pg_temp.after(VARIADIC events text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	job text := create_job((SELECT ours FROM fixture), 'A');
	e text;
BEGIN
	FOREACH e IN ARRAY events LOOP
		PERFORM append_event(job, ltrim(e, '-'), 'm',
			visibility => CASE WHEN e LIKE '-%' THEN 'internal' ELSE 'public' END);
	END LOOP;
	RETURN pg_temp.now_is(job);
END $$;
SELECT is(pg_temp.now_is(:'job'), 'IN_PROGRESS', 'a stage is progress');
SELECT is(pg_temp.after('-stage'), 'IN_PROGRESS', 'an internal one too');
SELECT is(pg_temp.after('stage', 'odd'), 'IN_PROGRESS', 'an unknown type leaves the status');
SELECT is(pg_temp.after('odd'), 'NOT_STARTED', 'also of a new job');
SELECT is(pg_temp.after('stage', 'queued'), 'NOT_STARTED', 'queued again is not started');
SELECT is(pg_temp.after('succeeded'), 'SUCCESS closed ended', 'success is an end');
SELECT is(pg_temp.after('failed'), 'FAILURE closed ended', 'failure too');
SELECT is(pg_temp.after('-succeeded'), 'SUCCESS ended', 'an internal end does not close');
SELECT is(pg_temp.after('-failed', 'succeeded'), 'SUCCESS closed ended', 'a public one may follow it');
SELECT is(pg_temp.after('-failed', '-stage', 'stage', 'queued'), 'FAILURE ended', 'nothing else opens a job again');
SELECT is(pg_temp.after('succeeded', '-stage', '-failed', '-queued'), 'SUCCESS closed ended', 'what is closed stays as it is');
SELECT throws_ok($$SELECT pg_temp.after('succeeded', $$ || quote_literal(t) || ')', 'JT001', NULL,
	'a closed job takes no public event: ' || t)
  FROM unnest(ARRAY['stage', 'failed', 'succeeded', 'queued', 'odd']) t;

-- what the owner may not
SET CONSTRAINTS ALL IMMEDIATE;
SET LOCAL ROLE jobtail_owner;
SELECT throws_ok('UPDATE jobtail.job_event SET visibility = ''public''', '42501', NULL, 'the owner cannot change an event');
SELECT throws_ok('DELETE FROM jobtail.job_event', '42501', NULL, 'nor delete it');
SELECT throws_ok('TRUNCATE jobtail.job_event', '42501', NULL, 'nor all');
SELECT throws_ok('DELETE FROM jobtail.job', '42501',
	'DELETE of job is refused: a timeline only grows, and only purge() removes whole jobs', 'nor a job');
SELECT throws_ok('TRUNCATE jobtail.job CASCADE', '42501', NULL, 'nor all of them');
RESET ROLE;

-- the grace
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SET LOCAL jobtail.closed_grace = '0.2s';
SELECT create_job(:ours, 'A') AS late \gset
SELECT append_event(:'late', 'failed', 'm', visibility => 'internal') \g /dev/null
SELECT append_event(:'late', 'stage', 'in time') \g /dev/null
SELECT pg_sleep(0.25) \g /dev/null
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', 'JT001', NULL, 'a public event has to be committed within the grace');
SELECT create_job(:ours, 'A') AS brief \gset
SELECT append_event(:'brief', 'failed', 'm', visibility => 'internal') \g /dev/null
SELECT lives_ok(format('SELECT append_event(%L, ''stage'', ''m'')', :'brief'), 'within the grace public events are taken');
SELECT pg_sleep(0.25) \g /dev/null
SELECT throws_ok(format('SELECT append_event(%L, ''succeeded'', ''m'')', :'brief'), 'JT001', NULL, 'after it they are not');
SELECT is(append_event(:'brief', 'succeeded', 'm', visibility => 'internal'), 4::bigint, 'internal ones still are');
SELECT is(pg_temp.now_is(:'brief'), 'FAILURE ended', 'and change nothing');
RESET jobtail.closed_grace;

-- what is refused
SELECT throws_ok(format('SELECT append_event(%L, %s)', :'job', args), '22023', NULL, what)
  FROM (VALUES
	($$'stage', 'm', visibility => 'secret'$$, 'an unknown visibility'),
	($$'stage', 'm', visibility => NULL$$, 'no visibility'),
	($$'stage', 'm', visibility => 'Public'$$, 'another case'),
	($$'', 'm'$$, 'an empty type'),
	($$NULL, 'm'$$, 'no type'),
	($$repeat('x', 101), 'm'$$, 'a type of 101 characters'),
	($$'stage', NULL$$, 'no message'),
	($$'stage', repeat('ä', 32768) || 'x'$$, 'a message of 64 KiB and a byte'),
	($$'stage', 'm', repeat('x', 1025)$$, 'a long stage'),
	($$'stage', 'm', extra => '[]'$$, 'extra is an array'),
	($$'stage', 'm', extra => 'null'$$, 'extra is a JSON null'),
	($$'stage', 'm', extra => jsonb_build_object('a', repeat('x', 262144 - 8))$$, 'extra of 256 KiB and a byte'),
	($$'stage', 'm', artifacts => '{}'$$, 'artifacts are an object'),
	($$'stage', 'm', artifacts => 'null'$$, 'artifacts are a JSON null'),
	($$'stage', 'm', artifacts => (SELECT jsonb_agg('{"key":"k","kind":"x","role":"final"}'::jsonb) FROM generate_series(1, 1001))$$, '1,001 artifacts'),
	($$'stage', 'm', artifacts => (SELECT jsonb_agg(jsonb_build_object('key','k','kind','x','role','final','meta',jsonb_build_object('a', repeat('x', 70000)))) FROM generate_series(1, 60))$$, 'artifacts of more than 4 MiB')
  ) v (args, what);
SELECT throws_ok(format('SELECT append_event(%L, ''stage'', ''m'', artifacts => %L)', :'job',
	'[{"key":"k","kind":"x","role":"final"}, ' || a || ']'), '22023', NULL, 'an artifact is no ' || left(a, 60))
  FROM unnest(ARRAY['1', 'null', '[]', '{}',
	'{"kind":"x","role":"final"}', '{"key":"k","role":"final"}', '{"key":"k","kind":"x"}',
	'{"key":1,"kind":"x","role":"final"}', '{"key":"","kind":"x","role":"final"}',
	'{"key":"' || repeat('k', 1025) || '","kind":"x","role":"final"}',
	'{"key":"k","kind":null,"role":"final"}', '{"key":"k","kind":"x","role":"other"}',
	'{"key":"k","kind":"x","role":"final","label":1}', '{"key":"k","kind":"x","role":"final","meta":[]}',
	'{"key":"k","kind":"x","role":"final","meta":null}', '{"key":"k","kind":"x","role":"final","url":"u"}']) a;
SELECT throws_ok(format('SELECT append_event(%L, ''stage'', ''m'', artifacts => %L)', :'job',
	'[{"key":"k","kind":"x","role":"final","store":' || s || '}]'), '22023',
	'artifact 1 must be an object of key (1 to 1,024 bytes), kind, role (intermediate or final), label (a string or null), meta (an object) and store (1 to 32 of a-z, 0-9, _ and -), and of nothing else',
	'a store is not called ' || s)
  FROM unnest(ARRAY['""', 'null', '1', '[]', '"Media"', '"a b"', '"a.b"', '"a\n"', '"ä"', to_json(repeat('x', 33))::text]) s;
SELECT throws_ok($$SELECT append_event('01J8ZQ4T6V0000000000000XYZ', 'stage', 'm')$$, 'P0002',
	'there is no job 01J8ZQ4T6V0000000000000XYZ', 'an unknown job is named');
SELECT throws_ok($$SELECT append_event(NULL, 'stage', 'm')$$, 'P0002', NULL, 'no job is none');
SELECT is(last_seq, 3::bigint, 'what is refused takes no number') FROM job WHERE public_id = :'job';

-- what is taken
SELECT is(append_event(:'job', repeat('x', 100), repeat('ä', 32768), repeat('x', 1024),
	(SELECT jsonb_agg('{"key":"k","kind":"x","role":"final"}'::jsonb) FROM generate_series(1, 1000)),
	jsonb_build_object('a', repeat('x', 262144 - 9)), 'public'), 4::bigint, 'each ceiling can be reached');
SELECT is(append_event(:'job', 'stage', 'm', artifacts => NULL, extra => NULL), 5::bigint, 'nothing stands for the default');
SELECT results_eq(format('SELECT artifacts, extra FROM job_event WHERE seq = 5 AND job_id = (SELECT id FROM job WHERE public_id = %L)', :'job'),
	$$VALUES ('[]'::jsonb, '{}'::jsonb)$$, 'and is stored as such');
SELECT append_event(:'job', 'stage', 'm', artifacts => '[{"key":"a","kind":"x","role":"final"},
	{"key":"b","kind":"x","role":"intermediate","label":"l","meta":{"n":123456789012345678901234567890.10}}]') \g /dev/null
SELECT append_event(:'job', 'stage', 'm', artifacts => jsonb_build_array(
	jsonb_build_object('key', 'a', 'kind', 'x', 'role', 'final', 'store', 'a-z_09'),
	jsonb_build_object('key', 'b', 'kind', 'x', 'role', 'final', 'store', repeat('x', 32)))) AS stored \gset
SELECT is((SELECT array_agg(a ->> 'store') FROM jsonb_array_elements(artifacts) a), ARRAY['a-z_09', repeat('x', 32)],
	'an artifact may name its store')
  FROM job_event WHERE seq = :stored AND job_id = (SELECT id FROM job WHERE public_id = :'job');
SELECT is(artifacts, '[{"key":"a","kind":"x","role":"final","label":null,"meta":{}},
	{"key":"b","kind":"x","role":"intermediate","label":"l","meta":{"n":123456789012345678901234567890.10}}]'::jsonb,
	'artifacts keep their order, and what may be left out is filled in')
  FROM job_event WHERE seq = 6 AND job_id = (SELECT id FROM job WHERE public_id = :'job');

-- what holds
SET LOCAL synchronous_commit = off;
SELECT append_event(:'job', 'stage', 'm') \g /dev/null
SELECT is(current_setting('synchronous_commit'), 'on', 'an append is committed synchronously');
SET LOCAL synchronous_commit = remote_apply;
SELECT append_event(:'job', 'stage', 'm') \g /dev/null
SELECT is(current_setting('synchronous_commit'), 'remote_apply', 'or better');

-- purge
SET LOCAL jobtail.closed_grace = '0.1s';
SELECT throws_ok('SELECT purge(NULL)', '22023', NULL, 'purge is told an age');
SELECT throws_ok('SELECT purge(''-1 s'')', '22023', NULL, 'of the past');
SELECT purge('0') \g /dev/null
SELECT create_job(:ours, 'A') AS p_open, create_job(:ours, 'A') AS p_new, create_job(:ours, 'A') AS p_old,
       create_job(:ours, 'A') AS p_inside, create_job(:ours, 'A') AS p_grace \gset
SELECT append_event(:'p_new', 'failed', 'm'), append_event(:'p_old', 'failed', 'm'),
       append_event(:'p_inside', 'failed', 'm', visibility => 'internal'),
       append_event(:'p_grace', 'failed', 'm', visibility => 'internal') \g /dev/null
UPDATE job SET ended_at = now() - interval '3 days' WHERE public_id IN (:'p_old', :'p_inside');
SET LOCAL jobtail.closed_grace = '1 day';
UPDATE job SET ended_at = now() - interval '20 hours' WHERE public_id = :'p_grace';
SELECT is(purge('10 hours'), 2::bigint, 'purge counts the closed jobs that ended before');
SELECT is((SELECT count(*)::int FROM job WHERE public_id IN (:'p_old', :'p_inside')), 0, 'which are gone');
SELECT is((SELECT count(*)::int FROM job WHERE public_id IN (:'p_open', :'p_new', :'p_grace')), 3,
	'open ones, new ones and those within their grace are not');
SELECT is((SELECT count(*)::int FROM job_event e WHERE NOT EXISTS (SELECT FROM job j WHERE j.id = e.job_id)), 0,
	'no event is without its job');
SELECT throws_ok('DELETE FROM jobtail.job_event', '42501', NULL, 'after a purge nothing else may be deleted');

SELECT * FROM finish();
ROLLBACK;
