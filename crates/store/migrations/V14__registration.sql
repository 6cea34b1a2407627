-- What an app registered about itself beyond what every app has: one JSON object.
ALTER TABLE apps ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';

CREATE INDEX brandings_logo ON brandings (logo);
CREATE INDEX apps_dynamic ON apps (dynamic, id);

-- Apps that registered themselves, or that people made for themselves.
CREATE TABLE registrations (
    app_id TEXT NOT NULL PRIMARY KEY,
    -- Of the token that manages the registration; a person manages theirs on their pages.
    token_hash BYTEA,
    -- By which it was registered.
    invitation_id TEXT,
    -- Who made it.
    made_by TEXT,
    -- The identity that they made it as.
    made_as TEXT,
    last_used_at BIGINT,
    -- When it is removed unless it is used before; NULL is never.
    expires_at BIGINT
);
CREATE INDEX registrations_expiry ON registrations (expires_at, app_id);
CREATE INDEX registrations_maker ON registrations (made_by, app_id);

-- Initial access tokens: what lets somebody register apps.
CREATE TABLE app_invitations (
    id TEXT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    uses BIGINT NOT NULL CHECK (uses > 0),
    uses_left BIGINT NOT NULL CHECK (uses_left >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX app_invitations_hash ON app_invitations (hash);
CREATE INDEX app_invitations_expiry ON app_invitations (expires_at);
