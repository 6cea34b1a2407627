-- Merits: what orgs issue to people, and what people let apps see. Every key of a tenant's table begins with the org.
-- Lists go by id, which is ordered by time: each list has an index that ends with it.

-- The profile of an org. One that is not verified issues nothing that outsiders can accept.
ALTER TABLE orgs ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN website TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN contact_email TEXT NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN verified_at BIGINT;
CREATE INDEX orgs_verified ON orgs (name_folded, id) WHERE verified_at IS NOT NULL;

-- Where an app sends people back to after "Login with Sigma".
ALTER TABLE apps ADD COLUMN site_url TEXT;

-- An app that acts for an org which does not own it. Linking again raises the epoch, which ends earlier tokens.
CREATE TABLE merit_links (
    org_id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    permissions BIGINT NOT NULL CHECK (permissions > 0),
    epoch BIGINT NOT NULL,
    linked_by TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, app_id)
);
CREATE INDEX merit_links_app ON merit_links (app_id, org_id);

CREATE TABLE merit_fields (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX merit_fields_name ON merit_fields (org_id, name_folded);

CREATE TABLE merit_templates (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Of an org's one Access template come the merits that are consents.
    access BIGINT NOT NULL CHECK (access IN (0, 1)),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    once BIGINT NOT NULL CHECK (once IN (0, 1)),
    archived BIGINT NOT NULL CHECK (archived IN (0, 1)),
    cover TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX merit_templates_access ON merit_templates (org_id) WHERE access = 1;

-- The fields of a template. in_use: some merit has a value; shared_value: the one value of all merits so far.
CREATE TABLE merit_field_settings (
    org_id TEXT NOT NULL,
    template_id TEXT NOT NULL,
    field_id TEXT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    required BIGINT NOT NULL CHECK (required IN (0, 1)),
    value_for_all TEXT,
    in_use BIGINT NOT NULL CHECK (in_use IN (0, 1)),
    differs BIGINT NOT NULL CHECK (differs IN (0, 1)),
    shared_value TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, template_id, field_id)
);

CREATE TABLE merits (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    template_id TEXT NOT NULL,
    access BIGINT NOT NULL CHECK (access IN (0, 1)),
    status TEXT NOT NULL,
    -- Empty for one that was sent to a member whose address the sender does not know.
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    -- Whose account holds it; without one it waits for whoever proves the address.
    user_id TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    -- JSON: values by field.
    field_values TEXT NOT NULL,
    -- Of an Access Merit: the app that may see, and what.
    app_id TEXT,
    permissions TEXT,
    is_public BIGINT NOT NULL CHECK (is_public IN (0, 1)),
    reason TEXT,
    -- The new merit of one that was transferred.
    successor_id TEXT,
    -- Its place in the org's status list, once it was handed out as a credential.
    status_index BIGINT,
    -- When its recipient is told by mail.
    notify_at BIGINT,
    sent_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX merits_status ON merits (org_id, status, id);
CREATE INDEX merits_template ON merits (org_id, template_id, id);
CREATE INDEX merits_template_status ON merits (org_id, template_id, status, id);
CREATE INDEX merits_recipient ON merits (org_id, email_folded, id);
CREATE INDEX merits_address ON merits (email_folded, user_id, id);
CREATE INDEX merits_member ON merits (user_id, access, status, id) WHERE user_id IS NOT NULL;
CREATE INDEX merits_member_org ON merits (user_id, org_id, access, status, id) WHERE user_id IS NOT NULL;
CREATE INDEX merits_member_template ON merits (user_id, template_id, status, id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX merits_access ON merits (org_id, user_id, app_id) WHERE access = 1 AND status = 'Accepted';
CREATE UNIQUE INDEX merits_status_list ON merits (org_id, status_index) WHERE status_index IS NOT NULL;
-- A status list is public: what it costs is what was revoked, not what was issued.
CREATE INDEX merits_status_list_revoked ON merits (org_id, status_index, status)
    WHERE status_index IS NOT NULL AND status <> 'Accepted';
CREATE INDEX merits_notify ON merits (notify_at) WHERE notify_at IS NOT NULL;

CREATE TABLE merit_edits (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    merit_id TEXT NOT NULL,
    field_id TEXT NOT NULL,
    -- JSON.
    old_value TEXT,
    new_value TEXT,
    edited_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX merit_edits_merit ON merit_edits (org_id, merit_id, id);

-- Files of field values. The object is written after the row; one that no merit names is deleted when it expires.
CREATE TABLE merit_attachments (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size > 0),
    upload_hash BYTEA NOT NULL,
    stored_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX merit_attachments_upload ON merit_attachments (upload_hash);
CREATE INDEX merit_attachments_sweep ON merit_attachments (expires_at) WHERE expires_at IS NOT NULL;

-- Requests of "Login with Sigma" and "Link App", by the digest of their token. One that has expired is remembered for a day,
-- so that the person is sent back.
CREATE TABLE merit_requests (
    hash BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('login', 'link')),
    app_id TEXT NOT NULL,
    -- Of a login: the org on whose behalf the app asks.
    org_id TEXT,
    permissions TEXT NOT NULL,
    success_url TEXT NOT NULL,
    failure_url TEXT NOT NULL,
    state TEXT,
    used_at BIGINT,
    expires_at BIGINT NOT NULL,
    delete_after BIGINT NOT NULL
);
CREATE INDEX merit_requests_sweep ON merit_requests (delete_after);

-- Addresses that want no mail about merits of that org, by HMAC.
CREATE TABLE merit_unsubscribes (
    org_id TEXT NOT NULL,
    address_mac BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, address_mac)
);

-- An address was proven by one account while another holds merits that were sent to it: the holder is asked.
CREATE TABLE merit_claims (
    holder_id TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    claimant_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (holder_id, email_folded)
);
CREATE INDEX merit_claims_claimant ON merit_claims (claimant_id);
CREATE INDEX merit_claims_sweep ON merit_claims (expires_at);

-- A list of recipients that is sent step by step. done counts the lines that have an outcome.
CREATE TABLE merit_batches (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    template_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    created_by TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'stopped', 'finished')),
    proposed BIGINT NOT NULL CHECK (proposed IN (0, 1)),
    lines BIGINT NOT NULL CHECK (lines >= 0),
    done BIGINT NOT NULL CHECK (done >= 0),
    failed BIGINT NOT NULL CHECK (failed >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX merit_batches_sweep ON merit_batches (expires_at);

CREATE TABLE merit_batch_lines (
    org_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    line BIGINT NOT NULL CHECK (line > 0),
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    field_values TEXT NOT NULL,
    merit_id TEXT,
    -- The code of the error, if it could not be sent.
    error TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, batch_id, line)
);
CREATE INDEX merit_batch_lines_waiting ON merit_batch_lines (org_id, batch_id, line) WHERE merit_id IS NULL AND error IS NULL;
CREATE INDEX merit_batch_lines_error ON merit_batch_lines (org_id, batch_id, line) WHERE error IS NOT NULL;
CREATE INDEX merit_batch_lines_sweep ON merit_batch_lines (expires_at);

-- The keys that sign an org's credentials, sealed. They are never deleted: credentials have no end.
CREATE TABLE merit_keys (
    org_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (org_id, kid)
);

-- The next free place of an org's status lists.
CREATE TABLE merit_status_lists (
    org_id TEXT NOT NULL PRIMARY KEY,
    next_index BIGINT NOT NULL CHECK (next_index >= 0)
);
