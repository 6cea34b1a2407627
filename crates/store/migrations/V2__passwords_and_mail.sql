-- Passwords, the links that set them, and mails on their way.

-- PHC strings of argon2id, of the credentials of that kind.
CREATE TABLE passwords (
    user_id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- How many passwords have a hash of which cost: what an unknown address should cost (see password_cost.rs).
CREATE TABLE password_costs (
    cost TEXT NOT NULL PRIMARY KEY,
    passwords BIGINT NOT NULL
);

-- Wrong passwords in a row, by account and by where they came from; '*' is everywhere. Addresses that are nobody's have
-- the rows of a keyed digest.
CREATE TABLE password_throttle (
    subject TEXT NOT NULL,
    source TEXT NOT NULL,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (subject, source)
);
CREATE INDEX password_throttle_sweep ON password_throttle (expires_at);

-- The same of browsers that sent the right password before, by the name of their device mark.
CREATE TABLE device_throttle (
    user_id TEXT NOT NULL,
    device TEXT NOT NULL,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, device)
);
CREATE INDEX device_throttle_sweep ON device_throttle (expires_at);

-- What is no failure but may not be done without end: mails to one person.
CREATE TABLE quotas (
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset', 'sign_up', 'sign_up_from_network', 'new_email',
        'new_email_of_user', 'merits_of_org', 'merit_requests_of_app', 'merit_mails', 'attachments_of_org')),
    subject TEXT NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, subject)
);
CREATE INDEX quotas_sweep ON quotas (expires_at);

-- Links that were mailed, by the SHA-256 of their secret: an invitation names its workspace, and in user_id the membership
-- that waits there.
CREATE TABLE one_time_links (
    hash BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    user_id TEXT NOT NULL,
    org_id TEXT,
    -- The address that it was sent to, folded: whoever opens it reads the mail there.
    email TEXT NOT NULL,
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

-- Accounts that people are making by e-mail. There is none before the address is proven; user_id is what it became then.
-- Where the address has an account already the row is the same, but nobody was sent its link and code.
CREATE TABLE email_sign_ups (
    -- The SHA-256 of the secret of the browser that began it.
    browser_hash BYTEA NOT NULL PRIMARY KEY,
    link_hash BYTEA NOT NULL,
    code_hash BYTEA NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- What the person is on the way to.
    interaction TEXT,
    guesses BIGINT NOT NULL,
    user_id TEXT,
    proven_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX email_sign_ups_link ON email_sign_ups (link_hash);
CREATE INDEX email_sign_ups_sweep ON email_sign_ups (expires_at);

-- Addresses that users are adding to their accounts: nobody's before the mailed code was entered. Where the address is
-- another account's the row is the same, but nobody was sent its code.
CREATE TABLE email_additions (
    user_id TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    guesses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX email_additions_sweep ON email_additions (expires_at);
