-- Tenants and their keys, for jobtail_operator. Only a key's SHA-256 is kept.

CREATE OR REPLACE FUNCTION create_tenant(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	new_id bigint;
BEGIN
	IF (length(name) BETWEEN 1 AND 200) IS NOT TRUE THEN
		RAISE EXCEPTION 'name must have 1 to 200 characters'
			USING ERRCODE = '22023';
	END IF;
	INSERT INTO tenant AS t (name) VALUES (create_tenant.name)
	RETURNING t.id INTO new_id;
	RETURN new_id;
END
$$;

-- A key that was made elsewhere. What the responder could not read in a
-- header (src/api/principal.c) is refused here.
CREATE OR REPLACE FUNCTION add_api_key(tenant_id bigint, key text,
	capabilities text[] DEFAULT '{jobs:read}',
	expires_at timestamptz DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	prefix CONSTANT text := d.key_prefix FROM data_set d;
	fault CONSTANT text := CASE
	WHEN NOT starts_with(key, prefix) OR key = prefix OR key IS NULL
	THEN 'a key of this data set begins with ' || prefix || ', and has more than that'
	WHEN length(key) > 512 OR key !~ '^[!-+\--~]*$'
	THEN 'a key has at most 512 characters, of visible ASCII without the comma'
	WHEN (cardinality(capabilities) > 0 AND array_ndims(capabilities) = 1) IS NOT TRUE
		OR array_position(capabilities, NULL) IS NOT NULL
		OR array_position(capabilities, '') IS NOT NULL
	THEN 'capabilities must be a list of at least one name'
	END;
	new_id bigint;
BEGIN
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION '%', fault USING ERRCODE = '22023';
	END IF;
	IF NOT EXISTS (SELECT FROM tenant t WHERE t.id = add_api_key.tenant_id) THEN
		RAISE EXCEPTION 'there is no tenant %', coalesce(tenant_id::text, 'NULL')
			USING ERRCODE = 'P0002';
	END IF;
	INSERT INTO api_key AS k (tenant_id, key_sha256, hint, capabilities, expires_at)
	VALUES (tenant_id, sha256(convert_to(key, 'UTF8')),
		prefix || CASE WHEN length(key) >= length(prefix) + 24
			THEN substr(key, length(prefix) + 1, 4) ELSE '' END || '...',
		capabilities, nullif(expires_at, 'infinity'))
	ON CONFLICT DO NOTHING
	RETURNING k.id INTO new_id;
	IF new_id IS NULL THEN
		RAISE EXCEPTION 'this key is stored already' USING ERRCODE = '23505';
	END IF;
	RETURN new_id;
END
$$;

-- A new key, told this once: 64 hexadecimal digits of 244 bits of chance.
CREATE OR REPLACE FUNCTION create_api_key(tenant_id bigint,
	capabilities text[] DEFAULT '{jobs:read}',
	expires_at timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	new_key CONSTANT text := d.key_prefix || encode(sha256(
		uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex')
		FROM data_set d;
BEGIN
	PERFORM add_api_key(tenant_id, new_key, capabilities, expires_at);
	RETURN new_key;
END
$$;

CREATE OR REPLACE FUNCTION revoke_api_key(key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	UPDATE api_key k
	   SET revoked_at = coalesce(k.revoked_at, clock_timestamp())
	 WHERE k.key_sha256 = sha256(convert_to(revoke_api_key.key, 'UTF8'));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such key' USING ERRCODE = 'P0002';
	END IF;
END
$$;

-- A new key with the same tenant, capabilities and expiry. The old one lives
-- on for the overlap, and without one is revoked at once.
CREATE OR REPLACE FUNCTION rotate_api_key(key text, overlap interval DEFAULT '0')
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
DECLARE
	old api_key;
BEGIN
	IF (overlap >= interval '0') IS NOT TRUE THEN
		RAISE EXCEPTION 'overlap must be an interval that is not negative'
			USING ERRCODE = '22023';
	END IF;
	SELECT k.* INTO old
	  FROM api_key k
	 WHERE k.key_sha256 = sha256(convert_to(rotate_api_key.key, 'UTF8'))
	   AND k.revoked_at IS NULL
	   AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
	   FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such key that is alive'
			USING ERRCODE = 'P0002';
	END IF;
	UPDATE api_key k
	   SET revoked_at = CASE WHEN overlap = interval '0' THEN clock_timestamp() END,
	       expires_at = CASE WHEN overlap = interval '0' THEN k.expires_at
		ELSE least(k.expires_at, clock_timestamp() + overlap) END
	 WHERE k.id = old.id;
	RETURN create_api_key(old.tenant_id, old.capabilities, old.expires_at);
END
$$;

-- Enough to tell keys apart; neither a key nor its hash.
CREATE OR REPLACE FUNCTION list_api_keys(tenant_id bigint)
RETURNS TABLE (id bigint, hint text, capabilities text[],
	created_at timestamptz, expires_at timestamptz, revoked_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, :"schema", pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT k.id, k.hint, k.capabilities, k.created_at, k.expires_at, k.revoked_at
	  FROM api_key k
	 WHERE k.tenant_id = list_api_keys.tenant_id
	 ORDER BY k.id;
END
$$;
