//! Rows that bear the time of the database. Each engine has its own expression for that, so such an INSERT has two texts,
//! which differ in nothing else.

/// An INSERT of a row with the time of the database, made by `stamped!`. Its first parameters come from the engine: the id of
/// the row, and the time, if a clock stands for the database's.
#[derive(Debug)]
pub struct Stamped {
    /// What the ids of its rows begin with.
    pub(crate) prefix: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// `stamped!("evt_", "INSERT INTO t (id, at, x) VALUES ($1, COALESCE(CAST($2 AS BIGINT), ", "), $3)")`: the time stands
/// between both parts.
macro_rules! stamped {
    ($prefix:literal, $before:literal, $after:literal) => {
        $crate::stamped::Stamped {
            prefix: $prefix,
            sqlite: concat!($before, $crate::stamped::sqlite_now!(), $after),
            postgres: concat!($before, $crate::stamped::postgres_now!(), $after),
        }
    };
}

/// The time of the database, in microseconds.
macro_rules! sqlite_now {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000"
    };
}

/// The time of the database, in microseconds: each row has its own.
macro_rules! postgres_now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
}

pub(crate) use {postgres_now, sqlite_now, stamped};
