//! `sigma migrate`: a database moves to another engine while its servers go on.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::random::Rng;
use sigma_core::time::Clock;

use super::database::{Source, locked_source, source, target};
use super::shape::Sum;
use super::sync::{Sides, synchronize};
use super::{TransferError, Watch};
use crate::moving::{self, State};
use crate::options::StoreOptions;
use crate::store::Store;

/// How often the last comparison is repeated before it is given up: something writes that should not.
const ROUNDS: u32 = 5;
/// Servers learn within half a second that they may not write any more, and no caller waits longer than [`StoreOptions::patience`] for
/// what was queued before.
const NOTICE: Duration = Duration::from_secs(6);

/// A database that was moved.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Rows and checksum of each table, the same in both databases.
    pub sums: Vec<Sum>,
}

/// How a move looks to whoever began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The most of it is copied, while the source is in use.
    Copying,
    /// The source takes no writes any more, and the rest is copied.
    Finishing,
}

/// The two databases, opened by whoever moves one.
pub struct Move {
    from: (StoreOptions, Store),
    to: (StoreOptions, Store),
    clock: Arc<dyn Clock>,
    notice: Duration,
}

impl Move {
    /// Opens both, and creates the target. It is empty, or what an earlier attempt left.
    ///
    /// # Errors
    /// One cannot be opened, was moved already, or is not empty.
    pub fn begin(
        from: &StoreOptions,
        to: &StoreOptions,
        clock: Arc<dyn Clock>,
        rng: &Arc<dyn Rng>,
    ) -> Result<Self, TransferError> {
        let from = StoreOptions { moves: true, ..from.clone() };
        let to = StoreOptions { moves: true, make: true, ..to.clone() };
        let open = |options: &StoreOptions| Store::open(options, Arc::clone(&clock), Arc::clone(rng));
        let here = open(&from)?;
        if state(&here)? == Some(State::Filling) {
            here.close();
            return Err(State::Filling.refusal().into());
        }
        let there = open(&to)?;
        let this = Self { from: (from, here), to: (to, there), clock, notice: NOTICE };
        match state(&this.to.1)? {
            Some(State::Filling) => {}
            Some(left) => return Err(left.refusal().into()),
            None if state(&this.from.1)? == Some(State::Left) => return Err(State::Left.refusal().into()),
            None => {
                this.refuse_rows()?;
                this.set(&this.to.1, Some(State::Filling))?;
            }
        }
        Ok(this)
    }

    /// The same without waiting for servers to notice, where there are none.
    #[must_use]
    pub fn without_notice(mut self) -> Self {
        self.notice = Duration::ZERO;
        self
    }

    fn refuse_rows(&self) -> Result<(), TransferError> {
        let mut target = source(&self.to.0)?;
        for shape in target.shapes()? {
            if target.count(&shape.table)? > 0 {
                let advice = "name one that is, or that is not there yet";
                return Err(TransferError::NotEmpty("the database to move to".to_owned(), advice));
            }
        }
        Ok(())
    }

    fn set(&self, store: &Store, state: Option<State>) -> Result<(), TransferError> {
        let now = self.clock.now();
        store.write_blocking(move |tx| moving::set(tx, state, now)).map_err(TransferError::database("moves"))
    }

    /// Moves the database. Interrupted at any point, it is continued by another call.
    ///
    /// # Errors
    /// A database does not answer, or something writes to one all the time.
    pub fn run(&self, step: &mut dyn FnMut(Step), watch: Watch<'_>) -> Result<Moved, TransferError> {
        if state(&self.from.1)?.is_none() {
            step(Step::Copying);
            self.synchronize(source(&self.from.0)?, watch)?;
            self.set(&self.from.1, Some(State::Leaving))?;
        }
        // Also when it is continued: whoever began it may have been killed a moment after it said so.
        std::thread::sleep(self.notice);
        step(Step::Finishing);
        for _ in 0..ROUNDS {
            let (sums, changed) = self.synchronize(locked_source(&self.from.0)?, watch)?;
            if changed == 0 {
                // In this order: of a move that is interrupted here the target is still known to be incomplete.
                self.set(&self.from.1, Some(State::Left))?;
                self.set(&self.to.1, None)?;
                return Ok(Moved { sums });
            }
        }
        let how = "something writes to one of the databases, so that they never become the same".to_owned();
        Err(TransferError::Differs { table: "the databases".to_owned(), how })
    }

    fn synchronize(&self, mut from: Box<dyn Source>, watch: Watch<'_>) -> Result<(Vec<Sum>, u64), TransferError> {
        let (mut read, mut write) = (source(&self.to.0)?, target(&self.to.0)?);
        let mut sides = Sides { source: from.as_mut(), target: read.as_mut(), writer: write.as_mut() };
        let outcome = synchronize(&mut sides, watch)?;
        write.commit()?;
        Ok(outcome)
    }
}

impl Drop for Move {
    fn drop(&mut self) {
        self.from.1.close();
        self.to.1.close();
    }
}

/// Brings a database back into use that was to be moved, or was. What was written to the other one meanwhile is not there.
///
/// # Errors
/// The database does not answer, or is an incomplete copy itself.
pub fn cancel(options: &StoreOptions, clock: &Arc<dyn Clock>, rng: &Arc<dyn Rng>) -> Result<bool, TransferError> {
    let options = StoreOptions { moves: true, ..options.clone() };
    let store = Store::open(&options, Arc::clone(clock), Arc::clone(rng))?;
    let now = clock.now();
    let cancelled = match state(&store)? {
        None => Ok(false),
        Some(State::Filling) => Err(State::Filling.refusal().into()),
        Some(State::Leaving | State::Left) => {
            let back = store.write_blocking(move |tx| moving::set(tx, None, now));
            back.map(|()| true).map_err(TransferError::database("moves"))
        }
    };
    store.close();
    cancelled
}

fn state(store: &Store) -> Result<Option<State>, TransferError> {
    store.read_blocking(moving::state).map_err(TransferError::database("moves"))
}
