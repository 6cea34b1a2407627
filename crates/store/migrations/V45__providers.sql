-- Providers that were declared by `sigma apply`; those of the settings are not here. A server reads them when it starts.
CREATE TABLE providers (
    id TEXT NOT NULL PRIMARY KEY,
    -- JSON: the members of a provider in the settings, without its secret.
    settings TEXT NOT NULL,
    -- The client secret, sealed.
    secret BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
