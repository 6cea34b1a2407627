-- Why the last attempt to send a mail failed: shown to whoever runs the server. A mail that was given up has next_attempt_at at or after
-- its expiry, and stays until then.
ALTER TABLE mails ADD COLUMN error TEXT;
-- Until when a process has the mail for sending; nobody else touches it then.
ALTER TABLE mails ADD COLUMN leased_until BIGINT;
CREATE INDEX mails_failing ON mails (id) WHERE error IS NOT NULL;
