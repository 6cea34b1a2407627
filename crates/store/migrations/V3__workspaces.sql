-- Workspaces: an org seen by its own software.

ALTER TABLE orgs ADD COLUMN quick_logins BIGINT NOT NULL DEFAULT 0 CHECK (quick_logins IN (0, 1));
ALTER TABLE orgs ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- A removed org is nobody's workspace at once; what hangs on it is deleted in the background.
ALTER TABLE orgs ADD COLUMN removed_at BIGINT;
CREATE INDEX orgs_quick_logins ON orgs (quick_logins, id);

CREATE TABLE roles (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    switches BIGINT NOT NULL CHECK (switches >= 0),
    schema_permissions TEXT NOT NULL,
    catalog_permissions TEXT NOT NULL,
    -- How many schemas and catalogs have rules, and what all texts of the role take in bytes: lists read no text for it.
    schemas BIGINT NOT NULL CHECK (schemas >= 0),
    catalogs BIGINT NOT NULL CHECK (catalogs >= 0),
    bytes BIGINT NOT NULL CHECK (bytes >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX roles_name ON roles (org_id, name_folded);

-- People are listed bucket by bucket, so that a page costs the same wherever it is (see member_buckets). A session of an
-- earlier session epoch than the membership's is over.
CREATE TABLE memberships (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'inactive')),
    quick_login BIGINT NOT NULL CHECK (quick_login IN (0, 1)),
    bucket BIGINT NOT NULL,
    session_epoch BIGINT NOT NULL,
    -- Until they accept, all that is known is what whoever invited them wrote, and user_id is the random id of the
    -- membership itself: whether there is an account is looked up by who accepts, and nobody else.
    invited_name TEXT,
    invited_email TEXT,
    invited_folded TEXT,
    -- That id, once user_id is the account's.
    invitation_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, created_at, org_id);
CREATE INDEX memberships_page ON memberships (org_id, bucket, user_id);
CREATE INDEX memberships_role ON memberships (org_id, role_id, state);
CREATE UNIQUE INDEX memberships_invited ON memberships (org_id, invited_folded);
CREATE INDEX memberships_invited_folded ON memberships (invited_folded);
CREATE INDEX memberships_invitation ON memberships (org_id, invitation_id);
CREATE INDEX memberships_quick ON memberships (org_id, quick_login, user_id);

-- How many memberships each bucket of a workspace holds: their sum is the total of a list, and tells where a page begins.
CREATE TABLE member_buckets (
    org_id TEXT NOT NULL,
    bucket BIGINT NOT NULL,
    members BIGINT NOT NULL CHECK (members >= 0),
    PRIMARY KEY (org_id, bucket)
);

-- A person in a workspace, from login to logout, across refreshes.
CREATE TABLE org_sessions (
    org_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_epoch BIGINT NOT NULL,
    -- Begun by a click: it counts only while quick logins are allowed.
    quick BIGINT NOT NULL CHECK (quick IN (0, 1)),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (org_id, jti)
);
CREATE INDEX org_sessions_user ON org_sessions (user_id, created_at);
CREATE INDEX org_sessions_sweep ON org_sessions (expires_at);

-- HS256 secrets, sealed. A retired one verifies until the last token signed with it has expired.
CREATE TABLE org_secrets (
    org_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    delete_after BIGINT,
    PRIMARY KEY (org_id, kid)
);
CREATE INDEX org_secrets_sweep ON org_secrets (delete_after);

CREATE TABLE api_keys (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BYTEA NOT NULL,
    permissions BIGINT NOT NULL CHECK (permissions > 0),
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    made_by_key TEXT,
    made_by_user TEXT,
    -- What the maker was called then: it is told of them after they left.
    made_by_name TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_made_by ON api_keys (org_id, made_by_key);
CREATE INDEX api_keys_made_by_user ON api_keys (made_by_user, active);
