-- Whether this database is being moved to another, or filled from one. Without a row it is simply in use.
CREATE TABLE moves (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- 'leaving': it is read, and takes no writes any more. 'left': the same, and the other one is complete. 'filling': it is not complete.
    state TEXT NOT NULL CHECK (state IN ('leaving', 'left', 'filling')),
    since BIGINT NOT NULL
);
