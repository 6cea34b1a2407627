-- Token exchange: people who act as others, and apps that act for a person. What they may is in a grant, so that ending it ends
-- their tokens.

-- Who may act as other people: at the apps of an org, or at every app if it is the operator's.
CREATE TABLE impersonators (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX impersonators_user ON impersonators (user_id, org_id);

-- Who acts as whom, for an hour at most.
CREATE TABLE impersonations (
    grant_id TEXT NOT NULL PRIMARY KEY,
    actor_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it ends, or ended.
    expires_at BIGINT NOT NULL
);
CREATE INDEX impersonations_user ON impersonations (user_id, expires_at);
CREATE INDEX impersonations_actor ON impersonations (actor_id, expires_at);
CREATE INDEX impersonations_sweep ON impersonations (expires_at);

-- Apps that act for the one person who made them.
CREATE TABLE agents (
    app_id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    -- Swept when it has expired; the agent stays listed until it is removed.
    grant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX agents_user ON agents (user_id, app_id);
