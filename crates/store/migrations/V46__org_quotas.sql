-- What an org may have at most, where the operator decided so: for the others the settings of the server hold.
CREATE TABLE org_quotas (
    org_id TEXT NOT NULL,
    quota TEXT NOT NULL,
    most BIGINT NOT NULL CHECK (most >= 0),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, quota)
);
