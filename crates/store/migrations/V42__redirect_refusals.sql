-- Redirect URIs that apps sent and had not registered: few of each app, for two weeks.
CREATE TABLE redirect_refusals (
    app_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    refusals BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, uri)
);
CREATE INDEX redirect_refusals_age ON redirect_refusals (last_at);
