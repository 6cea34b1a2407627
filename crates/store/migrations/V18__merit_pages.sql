-- Pictures of templates. One that no template shows is deleted with its objects once delete_after has passed.
CREATE TABLE merit_pictures (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delete_after BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX merit_pictures_sweep ON merit_pictures (delete_after) WHERE delete_after IS NOT NULL;

-- The people who hold merits of an org, and which.
CREATE INDEX merits_holders ON merits (org_id, user_id, id)
    WHERE user_id IS NOT NULL AND access = 0 AND status = 'Accepted';
