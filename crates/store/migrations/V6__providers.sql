-- Accounts at upstream providers that people sign in with, each with its row in credentials of the same id. Unlinking
-- deletes both: unlike a key, such an account is not lost to whoever unlinked it, and may be linked again.

CREATE TABLE provider_accounts (
    -- provider|subject, as in credentials.
    id TEXT NOT NULL PRIMARY KEY,
    provider_id TEXT NOT NULL,
    -- The issuer whose subject it is: another one under the same id is another server.
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- As the provider told it last, verified or not: to tell accounts apart, and for nothing else.
    email TEXT,
    -- The identity that the account restores.
    bap_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX provider_accounts_user ON provider_accounts (user_id, created_at);
