//! `sigma people`: everybody at once, from another server and to one.

mod export;
mod import;
mod source;

pub use export::export;
pub use import::{Report, batches, import};
pub use source::Format;
