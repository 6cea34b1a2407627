//! What operations on merits return.

use sigma_core::merits::{AttachmentFault, MeritProblem, RequestFault};

use crate::Stop;

/// The outcome of an operation on merits.
pub type Decision<T> = Result<T, Stop<MeritProblem>>;

impl From<MeritProblem> for Stop<MeritProblem> {
    fn from(problem: MeritProblem) -> Self {
        Self::Refused(problem)
    }
}

impl From<RequestFault> for Stop<MeritProblem> {
    fn from(fault: RequestFault) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<AttachmentFault> for Stop<MeritProblem> {
    fn from(fault: AttachmentFault) -> Self {
        Self::Refused(fault.into())
    }
}
