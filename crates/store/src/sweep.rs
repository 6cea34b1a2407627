//! Deletion of expired rows, in small batches.

use crate::error::StoreError;
use crate::event;
use crate::event_count;
use crate::redirect_refusal;
use crate::session;
use crate::store::Store;
use crate::token_count;
use crate::tx::Tx;

/// Rows that one statement deletes at most: the writer is never held up for long.
const BATCH: u64 = 500;

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
                let refusals = (redirect_refusal::SWEEP, Some(now.minus(redirect_refusal::KEPT).micros()));
                tables.chain(sessions).chain([refusals]).chain([(self.delete_changes(), None)]).collect()
            }
            Swept::Audit => {
                let Some(kept) = self.keep_events() else { return Vec::new() };
                let before = Some(now.minus(kept).micros());
                [event::SWEEP, token_count::SWEEP, token_count::SWEEP_DAYS, event_count::SWEEP]
                    .map(|delete| (delete, before))
                    .into()
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
