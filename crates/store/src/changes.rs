//! What an operation changed, on its way to the caches.

/// One row of the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The id of the row, by which the feed recognises what this process has seen.
    pub(crate) id: String,
    /// Which cache.
    pub(crate) kind: String,
    /// Which of its keys.
    pub(crate) key: String,
}

/// Writes one change; its time is that of the database, which every engine words in its own way.
macro_rules! insert_change {
    ($now:literal) => {
        concat!("INSERT INTO changes (id, kind, key, at) VALUES ($1, $2, $3, ", $now, ")")
    };
}

/// The time of the database, and what other processes than `$1` changed in the last 10 s of it: one row at least. An id
/// ends with the name of its process, after 24 digits.
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

/// Deletes changes that every process has read, 500 at most.
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
