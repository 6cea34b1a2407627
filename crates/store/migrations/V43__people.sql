-- Accounts that are going to be merged into others: what was proposed, and the proof that came first, of the account that goes.
CREATE TABLE account_merges (
    gone_id TEXT NOT NULL PRIMARY KEY,
    -- The account that stays, if an operator proposed the merge.
    kept_id TEXT,
    -- The browser in which the owner of the account that goes confirmed. The account that stays confirms in the same.
    browser_hash BYTEA,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX account_merges_browser ON account_merges (browser_hash);
CREATE INDEX account_merges_kept ON account_merges (kept_id);
CREATE INDEX account_merges_sweep ON account_merges (expires_at);

-- Accounts that were merged into others. They are gone, and their ids are not used again.
CREATE TABLE merged_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    kept_id TEXT NOT NULL,
    merged_at BIGINT NOT NULL
);
CREATE INDEX merged_accounts_kept ON merged_accounts (kept_id);

-- The account that an authenticator takes a passkey to be of, where that is another than its owner's own: it was registered by an account that
-- was merged into it.
ALTER TABLE passkeys ADD COLUMN handle TEXT;

-- The app to which an invitation leads whoever accepts it.
ALTER TABLE memberships ADD COLUMN invited_app TEXT;

-- What a role allows in apps: names of the org's own, as a JSON array.
ALTER TABLE roles ADD COLUMN app_permissions TEXT NOT NULL DEFAULT '[]';
