-- What people do with their accounts: apps with access, deletion.

-- The grants that end with a session are found by it.
CREATE INDEX grants_offline_user ON grants (user_id, app_id) WHERE offline = 1;
-- To the day, written along with what is written anyway.
ALTER TABLE grants ADD COLUMN last_used_at BIGINT;
ALTER TABLE consents ADD COLUMN last_used_at BIGINT;

-- When an account whose only credential is a key was last reminded of that.
ALTER TABLE users ADD COLUMN reminded_at BIGINT;

-- Accounts that are deleted at due_at unless their user changes their mind. The pseudonym replaces the user in the audit trail.
CREATE TABLE account_deletions (
    user_id TEXT NOT NULL PRIMARY KEY,
    pseudonym TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX account_deletions_due ON account_deletions (due_at);
