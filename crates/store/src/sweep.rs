//! Deletion of expired rows, in small batches.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::error::StoreError;
use crate::event;
use crate::replay_guard::MARGIN;
use crate::session;
use crate::store::{Store, WeakStore};
use crate::token_count;
use crate::workspace::removal;

/// Rows that one statement deletes at most: the writer is never held up for long.
const BATCH: u64 = 500;

/// A table whose rows expire.
#[derive(Clone, Copy, Debug)]
pub struct Expiring {
    /// The table.
    pub table: &'static str,
    /// The statement that deletes a batch of rows expired at or before `$1`.
    pub delete: &'static str,
    /// How much longer rows are kept, where a deleted row would let something expired in again.
    pub margin: Duration,
}

impl Expiring {
    /// Kept for as long as the slowest clock of any node may still accept it.
    pub(crate) const fn kept(self) -> Self {
        Self { margin: MARGIN, ..self }
    }
}

/// `expiring!("codes", "hash", "delete_after")`: the rows of `codes`, whose primary key is `hash` (or `"a, b"`), may be
/// deleted at `delete_after`. The column needs an index.
#[macro_export]
macro_rules! expiring {
    ($table:literal, $key:literal, $expiry:literal) => {
        $crate::Expiring {
            table: $table,
            delete: concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $expiry,
                " <= $1 ORDER BY ",
                $expiry,
                " LIMIT 500) AND ",
                $expiry,
                " <= $1"
            ),
            margin: ::std::time::Duration::ZERO,
        }
    };
}

/// Every table whose rows expire.
pub const EXPIRING: &[Expiring] = &[
    expiring!("interactions", "id", "expires_at"),
    expiring!("codes", "hash", "delete_after"),
    expiring!("refresh_tokens", "hash", "expires_at"),
    expiring!("grants", "id", "expires_at"),
    expiring!("replay_guard", "key", "expires_at").kept(),
    expiring!("revoked_tokens", "id", "expires_at").kept(),
    expiring!("signature_throttle", "network", "expires_at"),
    expiring!("password_throttle", "subject, source", "expires_at"),
    expiring!("quotas", "subject", "expires_at"),
    expiring!("one_time_links", "hash", "expires_at"),
    expiring!("email_sign_ups", "browser_hash", "expires_at"),
    expiring!("mails", "id", "expires_at"),
    expiring!("workspace_sessions", "org_id, jti", "expires_at"),
    expiring!("workspace_secrets", "org_id, kid", "delete_after"),
];

impl Store {
    /// Deletes everything expired by the database's clock, batch by batch; returns how many rows. Blocks: the
    /// background task does this every minute.
    pub fn sweep_once(&self) -> Result<u64, StoreError> {
        let now = self.database_now();
        let mut deleted = 0;
        for table in self.expiring() {
            deleted += self.batches(table.delete, Some(now.minus(table.margin).micros()))?;
        }
        for statement in session::SWEEP {
            deleted += self.batches(statement, Some(now.micros()))?;
        }
        if let Some(kept) = self.keep_events() {
            for statement in [event::SWEEP, token_count::SWEEP] {
                deleted += self.batches(statement, Some(now.minus(kept).micros()))?;
            }
        }
        deleted += self.removed_workspaces()?;
        Ok(deleted + self.batches(self.delete_changes(), None)?)
    }

    fn removed_workspaces(&self) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            match self.write_blocking(removal::delete_batch)? {
                0 => return Ok(deleted),
                batch => deleted += batch,
            }
        }
    }

    fn batches(&self, delete: &'static str, now: Option<i64>) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let batch = self.write_blocking(move |tx| match now {
                Some(now) => tx.execute(delete, crate::params![now]),
                None => tx.execute(delete, &[]),
            })?;
            deleted += batch;
            if batch < BATCH {
                return Ok(deleted);
            }
        }
    }
}

/// Sweeps every `interval` until `stop` is closed or the store is gone.
pub(crate) fn sweep(store: &WeakStore, interval: Duration, stop: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(interval) {
        let Some(store) = store.upgrade() else { return };
        match store.sweep_once() {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "expired rows were deleted"),
            Err(error) => tracing::warn!(%error, "expired rows could not be deleted; it is retried later"),
        }
    }
}
