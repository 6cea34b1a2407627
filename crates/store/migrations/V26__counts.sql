-- What happened in each hour, for the overview of the console: counted by a job from the index of the trail, so nothing is added to
-- what writes an event, and so no page reads the trail to count.
CREATE TABLE event_hours (
    hour BIGINT NOT NULL,
    action TEXT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (hour, action)
);

-- Tokens that were issued on each day (UTC), to each app, and under the app id '' to all of them; written with token_counts.
CREATE TABLE token_days (
    app_id TEXT NOT NULL,
    day BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (app_id, day)
);
CREATE INDEX token_days_top ON token_days (day, tokens);
INSERT INTO token_days (app_id, day, tokens)
    SELECT app_id, minute / 86400000000 * 86400000000, CAST(sum(tokens) AS BIGINT) FROM token_counts
    GROUP BY app_id, minute / 86400000000 * 86400000000;
INSERT INTO token_days (app_id, day, tokens)
    SELECT '', day, CAST(sum(tokens) AS BIGINT) FROM token_days GROUP BY day;
