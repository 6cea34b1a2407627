-- Passkeys, one-time codes and recovery codes: what their credentials need besides.

-- The id by which authenticators know an account: random, so that it tells nobody who the user is (WebAuthn §14.6.1).
CREATE TABLE user_handles (
    user_id TEXT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL
);
CREATE UNIQUE INDEX user_handles_handle ON user_handles (handle);

-- By credential id, in base64url, as in credentials.
CREATE TABLE passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A COSE key.
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    backed_up BIGINT NOT NULL CHECK (backed_up IN (0, 1)),
    created_at BIGINT NOT NULL
);
CREATE INDEX passkeys_user ON passkeys (user_id, created_at, id);

-- Secrets of authenticator apps, sealed; one for each account. A code of last_step or an earlier step is refused.
CREATE TABLE totp_secrets (
    user_id TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Keyed digests of the codes that were not used yet.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (user_id, hash)
);

ALTER TABLE apps ADD COLUMN require_second_factor BIGINT NOT NULL DEFAULT 0 CHECK (require_second_factor IN (0, 1));
ALTER TABLE orgs ADD COLUMN require_second_factor BIGINT NOT NULL DEFAULT 0 CHECK (require_second_factor IN (0, 1));
