-- What apps must prove of their requests, and pushed authorization requests (RFC 9126).

-- JSON, see core::security::AppSecurity.
ALTER TABLE apps ADD COLUMN security TEXT NOT NULL DEFAULT '{}';

-- The key that the code is bound to (RFC 9449 §10): a JWK thumbprint.
ALTER TABLE codes ADD COLUMN dpop_jkt TEXT;

-- The key that the refresh tokens of a public app are bound to (RFC 9449 §5).
ALTER TABLE grants ADD COLUMN dpop_jkt TEXT;

-- An authorization request that its app sent ahead. The row outlives the request for as long as a person may take to
-- answer it, so that it is answered once.
CREATE TABLE pushed_requests (
    hash BYTEA NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    -- The parameters, form-encoded.
    query TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    delete_after BIGINT NOT NULL
);
CREATE INDEX pushed_requests_sweep ON pushed_requests (delete_after);
