-- Devices without a browser that ask to be let in (RFC 8628). One that was let in stays until its code is redeemed.
CREATE TABLE device_codes (
    hash BYTEA NOT NULL PRIMARY KEY,
    -- Keyed: whoever reads the database cannot let a device in.
    user_code BYTEA NOT NULL,
    app_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    resources TEXT NOT NULL,
    -- Where the device asked from.
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decision TEXT CHECK (decision IN ('approved', 'denied')),
    -- Of the approval; the person of a denial too.
    user_id TEXT,
    session_id TEXT,
    bap_id TEXT,
    auth_time BIGINT,
    acr TEXT,
    amr TEXT,
    used_at BIGINT,
    delete_after BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_codes_user_code ON device_codes (user_code);
CREATE INDEX device_codes_app ON device_codes (app_id, expires_at);
CREATE INDEX device_codes_sweep ON device_codes (delete_after);

-- User codes that a signed-in person typed and that do not exist, until the window ends.
CREATE TABLE user_code_guesses (
    user_id TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL CHECK (count > 0),
    expires_at BIGINT NOT NULL
);
CREATE INDEX user_code_guesses_sweep ON user_code_guesses (expires_at);

-- Where an app is told that a session ended (OpenID Connect Back-Channel Logout 1.0).
ALTER TABLE apps ADD COLUMN backchannel_logout_uri TEXT;
ALTER TABLE apps ADD COLUMN backchannel_logout_session_required BIGINT NOT NULL DEFAULT 0
    CHECK (backchannel_logout_session_required IN (0, 1));

-- The apps that take part in a session and are told of its end: from the first token that they are given in it.
CREATE TABLE session_apps (
    session_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    PRIMARY KEY (session_id, app_id)
);

-- Apps that have to be told of something. A queue is due when it may be worked on, or the lease of who does so lapses.
CREATE TABLE logout_queues (
    app_id TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    -- Since its endpoint last answered.
    failures BIGINT NOT NULL
);
CREATE INDEX logout_queues_due ON logout_queues (due_at);

-- What apps have to be told of, and for some days what they were told.
CREATE TABLE logouts (
    app_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When the app was told, or it was given up.
    ended_at BIGINT,
    -- Of the app's last response.
    status BIGINT,
    error TEXT,
    delete_after BIGINT NOT NULL,
    PRIMARY KEY (app_id, session_id)
);
CREATE INDEX logouts_waiting ON logouts (app_id, next_at) WHERE ended_at IS NULL;
CREATE INDEX logouts_log ON logouts (app_id, created_at);
CREATE INDEX logouts_sweep ON logouts (delete_after);
