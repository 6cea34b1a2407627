//! What operations of orgs return.

use sigma_core::org::Refusal;

use crate::Stop;

/// The outcome of an operation of an org.
pub type Decision<T> = Result<T, Stop<Refusal>>;

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
