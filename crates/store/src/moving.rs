//! Whether a database is being moved to another. While it is, servers on it answer from it and write nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use sigma_core::time::Timestamp;

use crate::changes::Change;
use crate::error::{OpenError, StoreError};
use crate::{Tx, params};

/// The kind of the changes by which running servers learn of it.
const KIND: &str = "move";

/// Where a move is, seen from one of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is read, and takes no writes any more.
    Leaving,
    /// The other one is complete and has taken its place.
    Left,
    /// It is being filled from another one.
    Filling,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Leaving => "leaving",
            Self::Left => "left",
            Self::Filling => "filling",
        }
    }

    /// Why nobody else opens the database now.
    pub(crate) const fn refusal(self) -> OpenError {
        match self {
            Self::Leaving => OpenError::Leaving,
            Self::Left => OpenError::Left,
            Self::Filling => OpenError::Filling,
        }
    }
}

/// Where the move of this database is, if there is one.
///
/// # Errors
/// The store does not answer.
pub fn state(tx: &mut dyn Tx) -> Result<Option<State>, StoreError> {
    let Some(row) = tx.query_opt("SELECT state FROM moves", &[])? else { return Ok(None) };
    let text = row.text(0)?;
    let state = [State::Leaving, State::Left, State::Filling].into_iter().find(|state| state.name() == text);
    state.map(Some).ok_or_else(|| StoreError::Corrupt(format!("a move cannot be {text}")))
}

/// Notes where the move is, and tells running servers.
///
/// # Errors
/// The store does not answer.
pub fn set(tx: &mut dyn Tx, state: Option<State>, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("DELETE FROM moves", &[])?;
    if let Some(state) = state {
        tx.execute("INSERT INTO moves (id, state, since) VALUES (1, $1, $2)", params![state.name(), now])?;
    }
    tx.changed(KIND, "")
}

/// Whether this process may write, as far as it knows.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    is_leaving: AtomicBool,
    /// Changes may have been missed.
    is_unsure: AtomicBool,
}

impl Fence {
    pub(crate) fn is_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Acquire)
    }

    pub(crate) fn note(&self, change: &Change) {
        // Of several changes in one reading none is known to be the last: the database is asked.
        if change.kind == KIND {
            self.doubt();
        }
    }

    fn set(&self, is_leaving: bool) {
        if self.is_leaving.swap(is_leaving, Ordering::AcqRel) != is_leaving {
            if is_leaving {
                tracing::warn!(
                    "the database is being moved to another one (`sigma migrate`): nothing is written any more"
                );
            } else {
                tracing::info!("the move of the database was cancelled: it is written again");
            }
        }
    }

    pub(crate) fn doubt(&self) {
        self.is_unsure.store(true, Ordering::Release);
    }

    /// Whether the database has to be asked. If that fails, it is asked again.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_unsure.load(Ordering::Acquire)
    }

    pub(crate) fn settle(&self, is_leaving: bool) {
        self.is_unsure.store(false, Ordering::Release);
        self.set(is_leaving);
    }
}
