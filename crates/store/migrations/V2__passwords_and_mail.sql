-- Passwords, the links that set them, and mails on their way.

-- PHC strings of argon2id. Whoever has no row signs in by a key alone.
CREATE TABLE passwords (
    user_id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Links that were mailed, by the SHA-256 of their secret: an invitation names its workspace, and in user_id the membership
-- that waits there.
CREATE TABLE one_time_links (
    hash BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    user_id TEXT NOT NULL,
    org_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_links_user ON one_time_links (user_id, purpose);
CREATE INDEX one_time_links_sweep ON one_time_links (expires_at);

-- Mails that were promised with a change and are not delivered yet; sealed, since they hold links.
CREATE TABLE mails (
    id TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mails_next ON mails (next_attempt_at);
CREATE INDEX mails_sweep ON mails (expires_at);
