-- Apps that a document elsewhere describes, whose address is their client id.
CREATE TABLE client_documents (
    app_id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    -- The name of its host, by which the operator blocks.
    host TEXT NOT NULL,
    -- What it said when it was fetched last, as far as it matters here: JSON.
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- When it is fetched again before it counts.
    fresh_until BIGINT NOT NULL,
    -- Whether somebody let the app in: such a row is not replaced by a new one.
    used BIGINT NOT NULL CHECK (used IN (0, 1)),
    -- Whether the operator blocked it, or all of its host.
    blocked BIGINT NOT NULL CHECK (blocked IN (0, 1)),
    -- The object of its logo.
    logo TEXT,
    delete_after BIGINT NOT NULL
);

CREATE UNIQUE INDEX client_documents_url ON client_documents (url);
CREATE INDEX client_documents_host ON client_documents (host);
CREATE INDEX client_documents_logo ON client_documents (logo);
CREATE INDEX client_documents_sweep ON client_documents (delete_after);
