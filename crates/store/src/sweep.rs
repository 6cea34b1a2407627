//! Deletion of expired rows, in small batches.

use std::time::Duration;

use crate::error::StoreError;
use crate::event;
use crate::replay_guard::MARGIN;
use crate::session;
use crate::store::Store;
use crate::token_count;
use crate::tx::Tx;

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
    expiring!("email_additions", "user_id", "expires_at"),
    expiring!("mails", "id", "expires_at"),
    expiring!("jobs", "id", "delete_after"),
    expiring!("org_sessions", "org_id, jti", "expires_at"),
    expiring!("org_secrets", "org_id, kid", "delete_after"),
];

/// What is deleted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Rows that have expired, and changes that every process has read.
    Expired,
    /// Events and counts that are older than they are kept.
    Audit,
}

/// A statement that deletes a batch, and the time that it compares with.
type Statement = (&'static str, Option<i64>);

impl Store {
    /// Deletes everything expired by the database's clock, batch by batch; returns how many rows. Blocks.
    pub fn sweep_once(&self) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for statement in [self.statements(Swept::Expired), self.statements(Swept::Audit)].concat() {
            loop {
                let batch = self.write_blocking(move |tx| delete(tx, statement))?;
                deleted += batch;
                if batch < BATCH {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    /// Deletes what is expired by the database's clock, batch by batch; returns how many rows. It may be dropped between
    /// two batches.
    pub async fn sweep(&self, what: Swept) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for statement in self.statements(what) {
            loop {
                let batch = self.write(move |tx| delete(tx, statement)).await?;
                deleted += batch;
                if batch < BATCH {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    fn statements(&self, what: Swept) -> Vec<Statement> {
        let now = self.database_now();
        match what {
            Swept::Expired => {
                let expiring = self.expiring().iter();
                let tables = expiring.map(|table| (table.delete, Some(now.minus(table.margin).micros())));
                let sessions = session::SWEEP.into_iter().map(|delete| (delete, Some(now.micros())));
                tables.chain(sessions).chain([(self.delete_changes(), None)]).collect()
            }
            Swept::Audit => {
                let Some(kept) = self.keep_events() else { return Vec::new() };
                [event::SWEEP, token_count::SWEEP].map(|delete| (delete, Some(now.minus(kept).micros()))).into()
            }
        }
    }
}

fn delete(tx: &mut dyn Tx, (delete, before): Statement) -> Result<u64, StoreError> {
    match before {
        Some(before) => tx.execute(delete, crate::params![before]),
        None => tx.execute(delete, &[]),
    }
}
