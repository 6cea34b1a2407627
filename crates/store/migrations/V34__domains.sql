-- Domains of orgs. Several orgs may claim one; it is proven for one of them at most.
CREATE TABLE org_domains (
    org_id TEXT NOT NULL,
    domain TEXT NOT NULL,
    -- What its record has to say. Everybody can read it there.
    token TEXT NOT NULL,
    -- The provider that signs in people with addresses at the domain, by its id.
    provider TEXT,
    created_at BIGINT NOT NULL,
    proven_at BIGINT,
    -- Since when the record of a proven domain has been missing.
    missing_since BIGINT,
    -- When the record of a proven domain is looked up again.
    check_after BIGINT,
    PRIMARY KEY (org_id, domain)
);
CREATE UNIQUE INDEX org_domains_proven ON org_domains (domain) WHERE proven_at IS NOT NULL;
CREATE INDEX org_domains_check ON org_domains (check_after) WHERE check_after IS NOT NULL;
