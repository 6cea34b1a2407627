-- Who made a connection of a directory or gave it its token, if that is a person: they may have kept the token when they leave.
ALTER TABLE scim_connections ADD COLUMN made_by TEXT;
-- When the admins were told that whoever that is administers the org no more.
ALTER TABLE scim_connections ADD COLUMN maker_left_at BIGINT;
