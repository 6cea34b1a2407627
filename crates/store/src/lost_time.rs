//! Times that a restore lost: what was issued then left no trace, so that nothing says whether it was revoked.
//!
//! Whatever has a row is missing after the restore, or was ended by it. A token that is nothing but a signature, such as that of an app
//! without a user, is refused by the time at which it was issued.

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// What the names of its rows in `meta` begin with; the time of the restore follows.
const PREFIX: &str = "lost-time:";
/// Records one. It is made anew by a second restore of the same moment.
pub(crate) const RECORD: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// The name and value that [`RECORD`] is run with, for the time from `since` to `until`.
pub(crate) fn row(since: Timestamp, until: Timestamp) -> (String, Vec<u8>) {
    (format!("{PREFIX}{}", until.seconds()), since.seconds().to_string().into_bytes())
}

/// The times of all restores that revoked what began since a time. A database that serves is never restored into: they are read once.
#[derive(Clone, Debug, Default)]
pub struct LostTimes(Box<[(i64, i64)]>);

impl LostTimes {
    /// Reads them.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn load(tx: &mut dyn Tx) -> Result<Self, StoreError> {
        let rows = tx.query_all("SELECT name, value FROM meta WHERE name LIKE $1", params![format!("{PREFIX}%")])?;
        let time = |row: &crate::Row| {
            let (name, value) = (row.text(0)?, row.bytes(1)?);
            let until = name.strip_prefix(PREFIX).and_then(|until| until.parse().ok());
            let since = std::str::from_utf8(&value).ok().and_then(|since| since.parse().ok());
            since.zip(until).ok_or_else(|| StoreError::Corrupt(format!("{name} is no time")))
        };
        rows.iter().map(time).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a token issued at `issued_at`, in seconds, is of such a time: both of its ends belong to it.
    pub fn include(&self, issued_at: i64) -> bool {
        self.0.iter().any(|(since, until)| (*since..=*until).contains(&issued_at))
    }
}
