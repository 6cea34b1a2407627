-- Encrypted backups of keys (see backup.rs): what the server cannot decrypt, sealed once more. A version is named by the
-- SHA-256 of its text; storing an earlier one again makes it the current one.
CREATE TABLE backups (
    user_id TEXT NOT NULL,
    bap_id TEXT NOT NULL,
    hash BYTEA NOT NULL,
    id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    -- Characters of the text.
    size BIGINT NOT NULL CHECK (size > 0),
    first_stored_at BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, bap_id, hash)
);
CREATE INDEX backups_retention ON backups (stored_at);
