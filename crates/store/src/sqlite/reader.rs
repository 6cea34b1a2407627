//! A thread that reads from the file, alongside the writer and the other readers.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::connection::{SqliteConnection, explain};
use super::tx::SqliteTx;
use crate::engine::Message;
use crate::error::StoreError;
use crate::job::Job;
use crate::measure::Measures;

/// One reader of the database file.
pub(crate) struct Reader {
    pub(crate) path: PathBuf,
    pub(crate) patience: Duration,
    /// Timeout of one read: while it runs, the log cannot be shortened.
    pub(crate) limit: Duration,
    pub(crate) queue: Receiver<Message>,
    pub(crate) session: Option<SqliteConnection>,
}

impl Reader {
    /// Works until the store is closed.
    pub(crate) fn run(mut self) {
        let measures = Measures::of("read");
        while let Ok(Message::Run(mut job)) = self.queue.recv() {
            let begun = measures.begin(job.asked_at());
            let failure = self.read(job.as_mut()).err();
            measures.end(begun);
            measures.answered(failure.is_some());
            job.answer(failure);
        }
    }

    /// Runs `job` on one snapshot of the database.
    fn read(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => SqliteConnection::connect(&self.path, self.patience)
                .and_then(SqliteConnection::read_only)
                .map_err(|error| failed(&error))?,
        };
        session.run("BEGIN").map_err(|error| failed(&error))?;
        session.limit(self.limit);
        let mut tx = SqliteTx::reading(&session);
        let outcome = job.run(&mut tx);
        let outcome = tx.finish().and(outcome);
        session.unlimit();
        if !session.in_transaction() || session.run("ROLLBACK").is_ok() {
            self.session = Some(session);
        }
        outcome
    }
}

fn failed(error: &rusqlite::Error) -> StoreError {
    let failure = explain(error);
    tracing::error!(%error, %failure, "a read could not begin");
    failure
}
