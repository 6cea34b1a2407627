//! The changes of an operation, on their way to the caches.

/// One row of the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The id of the row, by which the feed recognizes changes that this process has seen.
    pub(crate) id: String,
    /// Which cache.
    pub(crate) kind: String,
    /// The key within the kind.
    pub(crate) key: String,
}

/// Writes one change, timestamped by the database; each engine has its own expression for that.
macro_rules! insert_change {
    ($now:literal) => {
        concat!("INSERT INTO changes (id, kind, key, at) VALUES ($1, $2, $3, ", $now, ")")
    };
}

/// The time of the database, and the changes that processes other than `$1` made in the last 10 s: at least one row. An
/// id ends with the name of its process, after 24 digits.
macro_rules! recent_changes {
    ($now:literal) => {
        concat!(
            "SELECT ",
            $now,
            ", changes.id, changes.kind, changes.key FROM (SELECT 1 AS always) AS one ",
            "LEFT JOIN changes ON changes.at > ",
            $now,
            " - 10000000 AND substr(changes.id, 25) <> $1"
        )
    };
}

/// Deletes changes that every process has read, at most 500.
macro_rules! delete_changes {
    ($now:literal) => {
        concat!(
            "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE at < ",
            $now,
            " - 60000000 ORDER BY at LIMIT 500)"
        )
    };
}

pub(crate) use {delete_changes, insert_change, recent_changes};
