-- Requests that carry an Idempotency-Key: what was asked, who carries it out, and what was answered. A row is there from before its
-- request is carried out until a day later.
CREATE TABLE idempotency_keys (
    -- A digest of the app and the person who ask.
    caller BYTEA NOT NULL,
    -- A digest of the key.
    key_hash BYTEA NOT NULL,
    -- A digest of the request.
    fingerprint BYTEA NOT NULL,
    -- Whose turn it is: of two that carry the request out, only the latest can change anything.
    claim TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    -- Whether a transaction of the request was committed.
    changed BIGINT NOT NULL CHECK (changed IN (0, 1)),
    -- Sealed: it may show a secret that is shown once.
    answer BYTEA,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (caller, key_hash)
);
CREATE INDEX idempotency_keys_sweep ON idempotency_keys (expires_at);

-- How many keys each caller used in the current day.
CREATE TABLE idempotency_callers (
    caller BYTEA NOT NULL PRIMARY KEY,
    keys BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_callers_sweep ON idempotency_callers (expires_at);
