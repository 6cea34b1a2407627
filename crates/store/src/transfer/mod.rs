//! Whole databases: backed up into a file, restored from one, and moved from one engine to the other.
//!
//! All of it walks the same tables (`tables.rs`), row by row in the order of the primary key, on connections of its own: the queues and
//! time limits of the [`Store`](crate::Store) are made for requests. A walk sees one moment of the database, whatever is written
//! meanwhile. The rows of a table have a checksum that does not depend on the engine.

mod age;
mod archive;
mod backup;
mod database;
mod error;
mod file;
mod moves;
mod rekey;
mod restore;
mod revocation;
mod server;
mod shape;
mod sync;
mod tables;

pub use age::{AgeError, Identity, Recipient};
pub use archive::Header;
pub use backup::{About, backup, backup_to};
pub use error::TransferError;
pub use moves::{Move, Moved, Step, cancel};
pub use rekey::rekey;
pub use restore::{Checked, Order, Restored, check, clear_unfinished, restore};
pub use revocation::Revoked;
pub use shape::Sum;
pub use tables::{COPIED, LEFT};

/// How far a copy is: rows of all tables, and the table at which it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'t> {
    /// The table.
    pub table: &'t str,
    /// Rows that are done.
    pub done: u64,
    /// Rows in all, as counted at the beginning.
    pub all: u64,
}

/// Is told how far a copy is.
pub type Watch<'w> = &'w mut dyn FnMut(Progress<'_>);
