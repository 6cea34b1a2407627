//! Failures of the server itself, as opposed to errors of its callers.

use std::fmt;

/// A failure that a caller did not cause. Its text is for the log, never for the caller.
pub trait Fault: fmt::Display {
    /// Whether the same request may succeed in a moment.
    fn is_transient(&self) -> bool;
}
