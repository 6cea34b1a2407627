-- What waits for whoever proves an address is not over: what a deleted account left behind never attaches to another one.
DROP INDEX merits_address;
CREATE INDEX merits_address ON merits (email_folded, user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX merits_waiting ON merits (email_folded, id)
    WHERE user_id IS NULL AND status IN ('Pending', 'Unverified', 'Unapproved', 'UnapprovedUnverified');

-- Which merits name an attachment. One that none names any more is deleted.
CREATE TABLE merit_attachment_uses (
    org_id TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    merit_id TEXT NOT NULL,
    PRIMARY KEY (org_id, attachment_id, merit_id)
);
CREATE INDEX merit_attachment_uses_merit ON merit_attachment_uses (org_id, merit_id);
