-- When the published record of an identity was last looked up, found or not.
ALTER TABLE identities ADD COLUMN resolved_at BIGINT;
