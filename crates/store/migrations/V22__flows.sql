-- Hosts of documents that describe apps, and single documents, which the operator blocked.
CREATE TABLE document_blocks (
    -- The name of a host, or the address of a document.
    subject TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Objects that are logos of apps and orgs, until nothing shows them any more.
CREATE TABLE logos (
    name TEXT NOT NULL PRIMARY KEY,
    -- When it is looked up next whether something shows it.
    check_at BIGINT NOT NULL
);

CREATE INDEX logos_due ON logos (check_at);
