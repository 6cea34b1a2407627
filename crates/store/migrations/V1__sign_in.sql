-- Sign-in for apps. Times are microseconds since the epoch; what has an expiry is swept by it.

-- The change feed: what every process has to forget (see feed.rs).
CREATE TABLE changes (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX changes_at ON changes (at);

-- The audit trail (see event.rs): only ever added to, but that failures of one minute are counted in one row. Ids and
-- addresses, never names or e-mail addresses. user_id is the person whose recent activity shows the event.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    user_id TEXT,
    org_id TEXT,
    target_kind TEXT,
    target_id TEXT,
    address TEXT,
    user_agent TEXT,
    request_id TEXT,
    count BIGINT NOT NULL CHECK (count > 0),
    -- JSON, see core::event::Details.
    details TEXT NOT NULL,
    -- Of a row that is counted up: the one network that all came from.
    network TEXT
);
CREATE INDEX events_at ON events (at, id);
CREATE INDEX events_user ON events (user_id, at, id) WHERE user_id IS NOT NULL;
CREATE INDEX events_org ON events (org_id, at, id) WHERE org_id IS NOT NULL;
CREATE INDEX events_target_user ON events (target_id, at, id) WHERE target_kind = 'user';

-- Tokens that were issued, by app, way and minute: what is issued often is counted instead of recorded.
CREATE TABLE token_counts (
    app_id TEXT NOT NULL,
    grant_type TEXT NOT NULL,
    minute BIGINT NOT NULL,
    tokens BIGINT NOT NULL CHECK (tokens > 0),
    PRIMARY KEY (app_id, grant_type, minute)
);
CREATE INDEX token_counts_sweep ON token_counts (minute);

-- What this installation made once: the secret that signs cookies, sealed.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('RS256', 'ES256', 'EdDSA')),
    private_key BYTEA NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT,
    delete_after BIGINT
);

-- The slug is a chosen name for addresses and commands; everything else goes by the id.
CREATE TABLE orgs (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX orgs_slug ON orgs (slug);

-- Slugs that an org had before. None passes to another org: old links would lead there.
CREATE TABLE retired_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    retired_at BIGINT NOT NULL
);

-- Audiences that an access token may be made for (RFC 8707).
CREATE TABLE resources (
    uri TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Name and description of each scope, and the ids of the apps that serve it: JSON.
    scopes TEXT NOT NULL,
    open BIGINT NOT NULL CHECK (open IN (0, 1)),
    servers TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The client id is what clients send and compare: the id, unless another was chosen. Everything else goes by the id.
CREATE TABLE apps (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    application_type TEXT NOT NULL CHECK (application_type IN ('web', 'native')),
    auth_method TEXT NOT NULL,
    secret_hash BYTEA,
    pubkey TEXT,
    jwks TEXT,
    jwks_uri TEXT,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    scopes TEXT NOT NULL,
    resources TEXT NOT NULL,
    require_pkce BIGINT NOT NULL CHECK (require_pkce IN (0, 1)),
    id_token_alg TEXT NOT NULL CHECK (id_token_alg IN ('RS256', 'ES256', 'EdDSA')),
    access_seconds BIGINT CHECK (access_seconds > 0),
    placeholder_email BIGINT NOT NULL CHECK (placeholder_email IN (0, 1)),
    id_token_claims BIGINT NOT NULL CHECK (id_token_claims IN (0, 1)),
    dynamic BIGINT NOT NULL CHECK (dynamic IN (0, 1)),
    disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    client_uri TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX apps_client_id ON apps (client_id);

-- A client id is never given out twice.
CREATE TABLE retired_client_ids (
    client_id TEXT NOT NULL PRIMARY KEY,
    retired_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    image TEXT,
    pubkey TEXT,
    origin_bound BIGINT NOT NULL CHECK (origin_bound IN (0, 1)),
    disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Addresses of users. One is known to be its user's since proven_at. The primary one is what apps are told.
CREATE TABLE emails (
    folded TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    address TEXT NOT NULL,
    proven_at BIGINT,
    is_primary BIGINT NOT NULL CHECK (is_primary IN (0, 1)),
    created_at BIGINT NOT NULL
);
CREATE INDEX emails_user ON emails (user_id);
CREATE UNIQUE INDEX emails_primary ON emails (user_id) WHERE is_primary = 1;

-- What users prove to be one with. The id of a key is the public key, which the account has signed with; that of a password
-- is its user's, and names its row in passwords. A retired key stays, so that it is never added again.
CREATE TABLE credentials (
    kind TEXT NOT NULL CHECK (kind IN ('key', 'password', 'passkey', 'provider', 'totp', 'recovery')),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- To the day.
    last_used_at BIGINT,
    retired_at BIGINT,
    PRIMARY KEY (kind, id)
);
CREATE INDEX credentials_user ON credentials (user_id, kind);

CREATE TABLE identities (
    bap_id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    pubkey TEXT NOT NULL,
    name TEXT NOT NULL,
    image TEXT,
    proof TEXT NOT NULL CHECK (proof IN ('none', 'address', 'record', 'identity_key')),
    root_address TEXT,
    current_address TEXT,
    profile TEXT,
    -- When the published record was last looked up, found or not.
    resolved_at BIGINT,
    is_primary BIGINT NOT NULL CHECK (is_primary IN (0, 1)),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX identities_user ON identities (user_id, created_at);

-- Grants that do not outlive their session read from it whether they live. An expired one stays while one of them does, an
-- ended one goes with them.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash BYTEA NOT NULL,
    user_id TEXT NOT NULL,
    bap_id TEXT,
    auth_time BIGINT NOT NULL,
    -- How the person proved who they are; acr and amr follow from it.
    methods TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    delete_after BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_secret ON sessions (secret_hash);
CREATE INDEX sessions_live ON sessions (user_id, auth_time, id, expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_sweep ON sessions (delete_after);

-- Interactions of people who are signed in; before that they are sealed in the page's address. One without a request came to
-- its end.
CREATE TABLE interactions (
    id TEXT NOT NULL PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    request TEXT,
    user_id TEXT,
    bap_id TEXT,
    account_chosen BIGINT NOT NULL CHECK (account_chosen IN (0, 1)),
    consented BIGINT NOT NULL CHECK (consented IN (0, 1)),
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX interactions_browser ON interactions (browser_hash);
CREATE INDEX interactions_user ON interactions (user_id, started_at);
CREATE INDEX interactions_sweep ON interactions (expires_at);

-- What a person agreed to; the empty resource is the server itself.
CREATE TABLE consents (
    user_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    bap_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, app_id, bap_id, resource)
);

-- A spent code stays until the last token that came of it has expired, so that a second use is known.
CREATE TABLE codes (
    hash BYTEA NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    bap_id TEXT,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    id_token_claims TEXT NOT NULL,
    resources TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    grant_id TEXT,
    delete_after BIGINT NOT NULL
);
CREATE INDEX codes_sweep ON codes (delete_after);

CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT,
    bap_id TEXT,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    id_token_claims TEXT NOT NULL,
    resources TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    offline BIGINT NOT NULL CHECK (offline IN (0, 1)),
    refresh_key BYTEA,
    code_hash BYTEA,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX grants_session ON grants (session_id, app_id);
CREATE INDEX grants_sweep ON grants (expires_at);

CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_sweep ON refresh_tokens (expires_at);

-- Signed messages that were used once and assertions (RFC 7523 §3).
CREATE TABLE replay_guard (
    key BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX replay_guard_sweep ON replay_guard (expires_at);

-- Access tokens without a grant (client credentials) that were revoked before their time.
CREATE TABLE revoked_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_sweep ON revoked_tokens (expires_at);

-- Signatures that did not hold, by network.
CREATE TABLE signature_throttle (
    network TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signature_throttle_sweep ON signature_throttle (expires_at);

-- Background jobs (see job_queue.rs). One whose id is its kind recurs; the others were queued and go when they are done.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- On whose behalf; the server's own without one.
    org_id TEXT,
    -- JSON.
    payload TEXT NOT NULL,
    -- When it may be taken: it is due, or the lease of its holder lapses. NULL is never again.
    next_at BIGINT,
    holder TEXT,
    turn BIGINT NOT NULL,
    -- Since it last succeeded.
    attempts BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    delete_after BIGINT
);
CREATE INDEX jobs_next ON jobs (kind, next_at);
CREATE INDEX jobs_org ON jobs (org_id);
CREATE INDEX jobs_sweep ON jobs (delete_after);

-- How apps and orgs look on pages (see branding.rs).
CREATE TABLE brandings (
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('app', 'org')),
    owner_id TEXT NOT NULL,
    -- The name of an object.
    logo TEXT,
    accent TEXT,
    terms_url TEXT,
    privacy_url TEXT,
    support_url TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
);
