-- The apps of an org.
CREATE INDEX apps_org ON apps (org_id, id);
