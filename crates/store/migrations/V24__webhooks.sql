-- Addresses that are told of events: of the operator, whose org has them, or of another org.
CREATE TABLE webhooks (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Actions and groups of them, separated by spaces; empty for everything.
    events TEXT NOT NULL,
    secret_kind TEXT NOT NULL CHECK (secret_kind IN ('hmac', 'ed25519')),
    -- Events before that are not delivered, by the time of the database.
    active_from BIGINT NOT NULL,
    disabled_at BIGINT,
    disabled_for TEXT CHECK (disabled_for IN ('choice', 'failures', 'gone')),
    -- Since when no delivery succeeded.
    failing_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX webhooks_active ON webhooks (active_from) WHERE disabled_at IS NULL;

-- The secrets that sign, sealed. A replaced one signs beside the current one for a while.
CREATE TABLE webhook_secrets (
    org_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    id TEXT NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (org_id, webhook_id, id)
);
CREATE INDEX webhook_secrets_sweep ON webhook_secrets (expires_at);

-- Webhooks with something to deliver, by org and id: each is worked on by one process at a time.
CREATE TABLE webhook_queues (
    webhook TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    -- Since its receiver last answered.
    failures BIGINT NOT NULL
);
CREATE INDEX webhook_queues_due ON webhook_queues (due_at);

-- What webhooks have to be told of, and for some days what they were told.
CREATE TABLE webhook_deliveries (
    org_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    action TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    -- NULL once it ended.
    next_at BIGINT,
    attempts BIGINT NOT NULL,
    outcome TEXT CHECK (outcome IN ('delivered', 'failed')),
    ended_at BIGINT,
    -- Of the last attempt: when, for how long, and what the receiver answered.
    attempted_at BIGINT,
    duration_ms BIGINT,
    status BIGINT,
    error TEXT,
    answer TEXT,
    delete_after BIGINT NOT NULL,
    PRIMARY KEY (org_id, webhook_id, event_id)
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (org_id, webhook_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (org_id, webhook_id, created_at, event_id);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (org_id, webhook_id, created_at, event_id)
    WHERE outcome = 'failed';
CREATE INDEX webhook_deliveries_sweep ON webhook_deliveries (delete_after);

-- How far the audit trail was read for webhooks: to its end, and once more where no transaction can still be missing.
CREATE TABLE webhook_cursors (
    name TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    event_id TEXT NOT NULL
);
