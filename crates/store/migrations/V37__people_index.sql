-- The index by which people are found by a part of their name or an address. It consists of segments of up to 2,048 people each,
-- which are never changed. People wait here until there are enough of them for a segment, and are searched one by one meanwhile.
CREATE TABLE people_unindexed (
    user_id TEXT NOT NULL PRIMARY KEY,
    -- Counts their changes, so that none that happens while a segment is written is lost.
    version BIGINT NOT NULL
);
INSERT INTO people_unindexed (user_id, version) SELECT id, 0 FROM users;

CREATE TABLE people_segments (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Whether it is searched: 0 while it is written, and once another has replaced it.
    live BIGINT NOT NULL CHECK (live IN (0, 1)),
    changed_at BIGINT NOT NULL,
    -- The first and the last of its people, by their ids.
    oldest TEXT NOT NULL,
    newest TEXT NOT NULL,
    -- Their ids, a line each. The number of the line is their place.
    people TEXT NOT NULL
);

-- Who of a segment has a gram in a name or an address, by their places.
CREATE TABLE people_grams (
    segment BIGINT NOT NULL,
    gram BIGINT NOT NULL,
    places BYTEA NOT NULL,
    PRIMARY KEY (segment, gram)
);

-- People of whom a segment may still hold what was removed: a name or an address that they had, or all of them.
CREATE TABLE people_outdated (
    id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

-- Names were searched by their beginning. The column stays for instances of an older version.
DROP INDEX users_name;
