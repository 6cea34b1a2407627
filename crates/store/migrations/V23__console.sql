-- The name of a user in the form that is searched, as bytes: both engines compare those alike, whatever the collation. NULL until
-- a background job has read it.
ALTER TABLE users ADD COLUMN name_key BYTEA;
CREATE INDEX users_name ON users (name_key, id);

-- The audit trail by action, and of an app.
CREATE INDEX events_action ON events (action, at, id);
CREATE INDEX events_target_app ON events (target_id, at, id) WHERE target_kind = 'app';

-- Links that make whoever follows one the first owner of the installation, by the SHA-256 of their secret.
CREATE TABLE first_owner_links (
    hash BYTEA NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX first_owner_links_sweep ON first_owner_links (expires_at);
