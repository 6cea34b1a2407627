-- What users say about themselves, by identity; the empty one is the account's own.
CREATE TABLE profiles (
    user_id TEXT NOT NULL,
    bap_id TEXT NOT NULL,
    -- The filled-in fields, JSON: see core::profile.
    fields TEXT NOT NULL,
    -- The uploaded picture that its image is.
    picture TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, bap_id)
);

-- Uploaded pictures. One without a profile is deleted with its objects once delete_after has passed.
CREATE TABLE pictures (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delete_after BIGINT
);
CREATE INDEX pictures_user ON pictures (user_id);
CREATE INDEX pictures_sweep ON pictures (delete_after);

-- The keys that an identity has, or had: one that was retired stays, so that it is never registered again.
CREATE TABLE identity_keys (
    bap_id TEXT NOT NULL,
    pubkey TEXT NOT NULL,
    user_id TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (bap_id, pubkey)
);
CREATE INDEX identity_keys_user ON identity_keys (user_id, added_at);

-- Wallets that users connected by a signature, by identity; the empty one is the account itself.
CREATE TABLE wallets (
    user_id TEXT NOT NULL,
    bap_id TEXT NOT NULL,
    address TEXT NOT NULL,
    pubkey TEXT NOT NULL,
    provider TEXT NOT NULL,
    is_primary BIGINT NOT NULL CHECK (is_primary IN (0, 1)),
    connected_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, bap_id, address)
);
