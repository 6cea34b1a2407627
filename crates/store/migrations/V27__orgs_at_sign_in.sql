-- The org that a person acts for, from the choice to the tokens.
ALTER TABLE interactions ADD COLUMN org_id TEXT;
ALTER TABLE codes ADD COLUMN org_id TEXT;
ALTER TABLE grants ADD COLUMN org_id TEXT;
