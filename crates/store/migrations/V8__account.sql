-- What people do with their accounts: apps with access, deletion.

-- Grants that outlive their session are found by their user; the others by their session.
CREATE INDEX grants_offline_user ON grants (user_id, app_id) WHERE offline = 1;
-- To the day, written along with what is written anyway.
ALTER TABLE grants ADD COLUMN last_used_at BIGINT;
ALTER TABLE consents ADD COLUMN last_used_at BIGINT;

-- What was proven when a session of a workspace began.
ALTER TABLE org_sessions ADD COLUMN acr TEXT NOT NULL DEFAULT '1';

-- The language that a user chose for pages and mails, as a tag; the browser's otherwise.
ALTER TABLE users ADD COLUMN language TEXT;
-- When it is looked at again whether the account depends on a single key.
ALTER TABLE users ADD COLUMN remind_at BIGINT;
CREATE INDEX users_remind ON users (remind_at);

-- Browsers and networks that an account signed in from, by keyed digests: others are mailed. At most 40 of each account.
CREATE TABLE known_devices (
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- Accounts that are deleted at due_at unless their user changes their mind. The pseudonym replaces the user in the audit trail.
CREATE TABLE account_deletions (
    user_id TEXT NOT NULL PRIMARY KEY,
    pseudonym TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX account_deletions_due ON account_deletions (due_at);
