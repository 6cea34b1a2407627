-- The origins whose pages may embed the signer, as the operator declared them for an app.

CREATE TABLE signer_origins (
    app_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (app_id, origin)
);
CREATE INDEX signer_origins_origin ON signer_origins (origin);
