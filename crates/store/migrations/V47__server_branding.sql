-- How the server looks, where an operator said so in the console, by the API or in a file: one row. The settings say the rest.
CREATE TABLE server_branding (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'server'),
    name TEXT,
    -- The name of an object.
    logo TEXT,
    accent TEXT,
    terms_url TEXT,
    privacy_url TEXT,
    support_url TEXT,
    -- JSON: the words by the tags of their languages.
    welcome TEXT,
    updated_at BIGINT NOT NULL
);
