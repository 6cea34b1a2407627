//! People who are moved here and away, as lines of JSON (NDJSON).

mod export;
mod import;
mod lines;

pub use export::export;
pub use import::{Counts, Import, Manner, Told};

/// The media type of lines of JSON.
pub const NDJSON: &str = "application/x-ndjson";
