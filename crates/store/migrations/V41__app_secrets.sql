-- The secret of an app that was replaced, for as long as it stays valid beside the present one.
ALTER TABLE apps ADD COLUMN former_secret_hash BYTEA;
ALTER TABLE apps ADD COLUMN former_secret_ends_at BIGINT;
