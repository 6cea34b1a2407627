//! What the server says about itself: [`catalogue`] lists every metric and [`Registry`] counts them; [`trace`] records spans;
//! [`prometheus`] and [`otlp`] write them. No I/O but reading `/proc` happens here: a listener and an exporter elsewhere ask for
//! the texts.

pub mod catalogue;
pub mod otlp;
mod process;
pub mod prometheus;
mod registry;
mod stopwatch;
pub mod trace;
mod written;

pub use self::catalogue::{Kind, Metric};
pub use self::registry::{Family, Registry, Series, Value};
pub use self::stopwatch::Stopwatch;
pub use self::written::Written;
