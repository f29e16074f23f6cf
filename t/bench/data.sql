-- 200 tenants with a key each, 10,000 jobs, 12 events a job of which 8 are
-- public: straight into the tables, as a hundred thousand calls would take
-- longer than the measurement.
SET search_path = jobtail;
SET session_replication_role = replica;

INSERT INTO tenant (id, name) OVERRIDING SYSTEM VALUE
SELECT t, 'bench ' || t FROM generate_series(1, 200) t;

SELECT count(add_api_key(t, 'sk_live_bench' || lpad(t::text, 8, '0')))
  FROM generate_series(1, 200) t;

INSERT INTO job (id, public_id, tenant_id, job_type, status, closed, last_seq,
	created_at, ended_at) OVERRIDING SYSTEM VALUE
SELECT j, '01J8ZQ4T6V' || lpad(j::text, 16, '0'), 1 + j % 200, 'TRY_ON',
       'SUCCESS', true, 12, '2026-04-15T12:00:00Z', '2026-04-15T12:00:18Z'
  FROM generate_series(1, 10000) j;

INSERT INTO job_event (job_id, seq, event_type, visibility, stage, message,
	artifacts, extra, created_at)
SELECT j, s,
       CASE s WHEN 1 THEN 'queued' WHEN 12 THEN 'succeeded' ELSE 'stage' END,
       CASE WHEN s IN (3, 5, 7, 9) THEN 'internal' ELSE 'public' END,
       CASE WHEN s NOT IN (1, 12) THEN 'stage_' || s END,
       'Rendering the look, pass ' || s || ' of 12',
       CASE WHEN s IN (6, 8, 10) THEN jsonb_build_array(jsonb_build_object(
		'key', format('tenants/%s/jobs/%s/pass-%s.png', 1 + j % 200, j, s),
		'kind', 'on_model_render', 'role', 'intermediate', 'label', NULL,
		'meta', jsonb_build_object('w', 1024, 'h', 1536)))
	WHEN s = 12 THEN jsonb_build_array(jsonb_build_object(
		'key', format('tenants/%s/jobs/%s/final.png', 1 + j % 200, j),
		'kind', 'on_model_render', 'role', 'final', 'label', 'front',
		'meta', jsonb_build_object('w', 2048, 'h', 3072, 'seed', j)),
		jsonb_build_object(
		'key', format('tenants/%s/jobs/%s/catalog image.png', 1 + j % 200, j),
		'kind', 'catalog_image', 'role', 'final', 'label', 'catalog',
		'meta', '{}'::jsonb))
	ELSE '[]' END,
       CASE s WHEN 12 THEN '{"credits_cost": 4, "duration_ms": 18250}'::jsonb
	ELSE '{}' END,
       '2026-04-15T12:00:00Z'::timestamptz
	+ make_interval(secs => s * 1.5 + (j % 97) * 0.001)
  FROM generate_series(1, 10000) j, generate_series(1, 12) s;

ANALYZE;
