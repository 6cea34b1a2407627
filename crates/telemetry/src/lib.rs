//! What the server says about itself: [`catalogue`] lists every metric, [`Registry`] counts them, [`prometheus`] writes them.
//! No I/O but reading `/proc` happens here: a listener elsewhere asks for the text.

pub mod catalogue;
mod process;
pub mod prometheus;
mod registry;
mod stopwatch;

pub use self::catalogue::{Kind, Metric};
pub use self::registry::{Family, Registry, Series, Value};
pub use self::stopwatch::Stopwatch;
