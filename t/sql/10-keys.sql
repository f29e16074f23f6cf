-- Tenants and keys.
\ir fixture.psql
SELECT plan(47);

SELECT is(name, 'ours', 'a tenant has its name') FROM tenant WHERE id = :ours;
SELECT throws_ok($$SELECT create_tenant('')$$, '22023', NULL, 'an empty name is refused');
SELECT throws_ok($$SELECT create_tenant(NULL)$$, '22023', NULL, 'no name is refused');

SELECT matches(:'key'::text, '^sk_live_[0-9a-f]{64}$', 'a new key has the prefix and 64 digits of chance');
SELECT isnt(create_api_key(:ours), create_api_key(:ours), 'no key is like another');
SELECT matches(jobtail_test.create_api_key(jobtail_test.create_tenant('t')),
	'^sk_test_', 'the other data set has the other prefix');
SELECT is(count(*)::int, 0, 'no column of the table has the key')
  FROM api_key k WHERE strpos(k::text, substr(:'key', 13)) > 0;
SELECT is(key_sha256, sha256(convert_to(:'key', 'UTF8')), 'the hash is over the whole text')
  FROM api_key WHERE id = (SELECT min(id) FROM api_key WHERE tenant_id = :ours);

SELECT results_eq($$SELECT tenant_id, capabilities, expires_at FROM authenticate(
	(SELECT sha256(convert_to(key, 'UTF8')) FROM fixture))$$,
	$$SELECT ours, '{jobs:read}'::text[], NULL::timestamptz FROM fixture$$,
	'a key is its tenant''s');
SELECT is_empty($$SELECT * FROM authenticate('\x00')$$, 'an unknown hash is nobody');
SELECT is_empty($$SELECT * FROM authenticate(NULL)$$, 'no hash is nobody');
SELECT is_empty($$SELECT * FROM jobtail_test.authenticate(
	(SELECT sha256(convert_to(key, 'UTF8')) FROM fixture))$$,
	'a live key is nobody in the test data set');

-- keys made elsewhere
SELECT lives_ok($$SELECT add_api_key(ours, 'sk_live_made_elsewhere') FROM fixture$$,
	'any text with the prefix is a key');
SELECT throws_ok($$SELECT add_api_key(ours, 'sk_live_made_elsewhere') FROM fixture$$,
	'23505', 'this key is stored already', 'the same key twice is refused');
SELECT throws_ok($$SELECT add_api_key(theirs, 'sk_live_made_elsewhere') FROM fixture$$,
	'23505', 'this key is stored already', 'also for another tenant');
SELECT throws_ok($$SELECT add_api_key(ours, 'sk_test_made_elsewhere') FROM fixture$$,
	'22023', 'a key of this data set begins with sk_live_, and has more than that',
	'the other data set''s prefix is refused');
SELECT throws_ok($$SELECT jobtail_test.add_api_key(1, 'sk_live_x')$$, '22023',
	'a key of this data set begins with sk_test_, and has more than that',
	'the other way round as well');
SELECT throws_ok($$SELECT add_api_key(ours, 'sk_live_') FROM fixture$$, '22023', NULL,
	'the prefix alone is no key');
SELECT throws_ok($$SELECT add_api_key(ours, NULL) FROM fixture$$, '22023', NULL,
	'nothing is no key');
SELECT lives_ok($$SELECT add_api_key(ours, rpad('sk_live_', 512, '!~+-')) FROM fixture$$,
	'512 characters are a key');
SELECT throws_ok($$SELECT add_api_key(ours, rpad('sk_live_', 513, 'x')) FROM fixture$$,
	'22023', NULL, '513 are not');
SELECT throws_ok(format('SELECT add_api_key(ours, %L) FROM fixture', 'sk_live_a' || c || 'b'),
	'22023', NULL, 'a key has no ' || c)
  FROM unnest(ARRAY[' ', ',', E'\n', E'\x7f', 'ä']) c;
SELECT throws_ok($$SELECT create_api_key(ours, '{}') FROM fixture$$, '22023', NULL,
	'a key can do something');
SELECT throws_ok($$SELECT create_api_key(ours, '{a,NULL}') FROM fixture$$, '22023', NULL,
	'and it has a name');
SELECT throws_ok($$SELECT create_api_key(ours, NULL) FROM fixture$$, '22023', NULL,
	'no capabilities are refused');
SELECT throws_ok($$SELECT create_api_key(-1)$$, 'P0002', 'there is no tenant -1',
	'a key needs a tenant');

-- expiry and revocation
SELECT create_api_key(:ours, expires_at => now() + interval '1 hour') AS lent \gset
SELECT create_api_key(:ours, expires_at => now() - interval '1 s') AS past \gset
SELECT create_api_key(:ours, expires_at => 'infinity') AS ever \gset
SELECT is(expires_at, now() + interval '1 hour', 'a key tells its end')
  FROM authenticate(sha256(convert_to(:'lent', 'UTF8')));
SELECT is(count(*)::int, 0, 'an expired key is nobody')
  FROM authenticate(sha256(convert_to(:'past', 'UTF8')));
SELECT is(count(*)::int, 1, 'an end in infinity is none')
  FROM authenticate(sha256(convert_to(:'ever', 'UTF8'))) WHERE expires_at IS NULL;
SELECT set_eq(format('SELECT key_sha256 FROM keys_alive(ARRAY[%L, %L, %L]::bytea[])',
	sha256(convert_to(:'key', 'UTF8')), sha256(convert_to(:'past', 'UTF8')), '\x00'),
	ARRAY[sha256(convert_to(:'key', 'UTF8'))], 'keys_alive() returns those that live');
SELECT revoke_api_key(:'lent') \g /dev/null
SELECT is(count(*)::int, 0, 'a revoked key is nobody at once')
  FROM authenticate(sha256(convert_to(:'lent', 'UTF8')));
SELECT is(count(*)::int, 0, 'and lives no more')
  FROM keys_alive(ARRAY[sha256(convert_to(:'lent', 'UTF8'))]);
SELECT revoked_at AS first_time FROM api_key WHERE key_sha256 = sha256(convert_to(:'lent', 'UTF8')) \gset
SELECT revoke_api_key(:'lent') \g /dev/null
SELECT is(revoked_at, :'first_time'::timestamptz, 'revoking again changes nothing')
  FROM api_key WHERE key_sha256 = sha256(convert_to(:'lent', 'UTF8'));
SELECT throws_ok($$SELECT revoke_api_key('sk_live_unheard_of')$$, 'P0002', 'there is no such key',
	'an unknown key cannot be revoked');
SELECT throws_ok(format('SELECT rotate_api_key(%L)', :'lent'), 'P0002', NULL,
	'a revoked key cannot be rotated');
SELECT throws_ok(format('SELECT rotate_api_key(%L)', :'past'), 'P0002', NULL,
	'nor an expired one');
SELECT throws_ok(format('SELECT rotate_api_key(%L, interval ''-1 s'')', :'key'), '22023', NULL,
	'an overlap is not negative');

-- rotation
SELECT create_api_key(:ours, '{jobs:read,x}', now() + interval '1 day') AS old \gset
SELECT rotate_api_key(:'old') AS new \gset
SELECT is(count(*)::int, 0, 'without an overlap the old key ends at once')
  FROM authenticate(sha256(convert_to(:'old', 'UTF8')));
SELECT results_eq(format('SELECT tenant_id, capabilities, expires_at FROM authenticate(%L)',
	sha256(convert_to(:'new', 'UTF8'))),
	format('VALUES (%s::bigint, ''{jobs:read,x}''::text[], now() + interval ''1 day'')', :ours),
	'the new one is the same in all else');
SELECT rotate_api_key(:'new', '1 hour') AS newer \gset
SELECT ok(expires_at BETWEEN now() + interval '59 min' AND now() + interval '61 min',
	'with one it lives on that long')
  FROM authenticate(sha256(convert_to(:'new', 'UTF8')));
SELECT rotate_api_key(:'newer', '2 days') \g /dev/null
SELECT is(expires_at, now() + interval '1 day', 'but never longer than it would have')
  FROM authenticate(sha256(convert_to(:'newer', 'UTF8')));

-- the list
SELECT add_api_key(:theirs, 'sk_live_short') \g /dev/null
SELECT results_eq(format('SELECT hint, capabilities FROM list_api_keys(%s)', :theirs),
	format('VALUES (%L, ''{jobs:read}''::text[]), (''sk_live_...'', ''{jobs:read}'')',
		left(:'their_key', 12) || '...'),
	'the list has a tenant''s own keys, by hints that give nothing away');
SELECT is(count(*)::int, 0, 'neither keys nor hashes')
  FROM list_api_keys(:theirs) l
 WHERE strpos(l::text, 'short') > 0
    OR strpos(l::text, encode(sha256('sk_live_short'), 'hex')) > 0;

SELECT * FROM finish();
ROLLBACK;
