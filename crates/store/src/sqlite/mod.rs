//! The embedded engine: one file, one writer thread that commits many operations at once, and readers alongside.

mod connection;
mod engine;
mod lock;
mod owner;
mod reader;
mod schema;
mod tx;
mod writer;

pub(crate) use connection::{SqliteConnection, explain, prepare_file};
pub(crate) use engine::start;
pub(crate) use lock::ServerLock;
use reader::Reader;
use tx::SqliteTx;
pub(crate) use tx::decode;
use writer::{Pace, Writer};
