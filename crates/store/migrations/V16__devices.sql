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
