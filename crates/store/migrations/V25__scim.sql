-- Directories that provision the people of an org (SCIM 2.0).

-- A connection of a directory. Its token is stored as SHA-256; the one before the last rotation works until previous_until.
CREATE TABLE scim_connections (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What people get whom no group gives a role.
    role_id TEXT NOT NULL,
    -- Whether groups give the roles that are called like them.
    maps_roles BIGINT NOT NULL CHECK (maps_roles IN (0, 1)),
    hash BYTEA NOT NULL,
    previous_hash BYTEA,
    previous_until BIGINT,
    -- How many requests were logged; the log keeps the last ones.
    requests BIGINT NOT NULL CHECK (requests >= 0),
    created_at BIGINT NOT NULL,
    rotated_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX scim_connections_hash ON scim_connections (hash);
CREATE INDEX scim_connections_previous ON scim_connections (previous_hash);

-- People whom directories provision. member_id is the user_id of the membership: that of a pending one, until it is accepted.
CREATE TABLE scim_users (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_name_folded TEXT NOT NULL,
    external_id TEXT,
    member_id TEXT,
    -- As the directory wants it. What is shown is also up to the membership.
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    -- JSON.
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX scim_users_name ON scim_users (org_id, user_name_folded);
CREATE UNIQUE INDEX scim_users_member ON scim_users (org_id, member_id);
CREATE INDEX scim_users_external ON scim_users (org_id, external_id);

CREATE TABLE scim_groups (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    external_id TEXT,
    -- JSON, without the members.
    attributes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX scim_groups_name ON scim_groups (org_id, name_folded);
CREATE INDEX scim_groups_external ON scim_groups (org_id, external_id);

CREATE TABLE scim_group_members (
    org_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id)
);
CREATE INDEX scim_group_members_user ON scim_group_members (org_id, user_id, group_id);

-- The last requests of each connection. A slot is used again, so that there are never more.
CREATE TABLE scim_requests (
    org_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    slot BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status BIGINT NOT NULL,
    scim_type TEXT,
    micros BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, connection_id, slot)
);
CREATE INDEX scim_requests_page ON scim_requests (org_id, connection_id, number);
CREATE INDEX scim_requests_sweep ON scim_requests (expires_at);
