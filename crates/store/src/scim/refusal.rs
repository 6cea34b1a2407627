//! What operations for directories return.

use sigma_core::org::Refusal;
use sigma_core::scim::{Problem, ProblemKind};

use crate::Stop;

/// The outcome of an operation.
pub type Decision<T> = Result<T, Stop<Problem>>;

impl From<Problem> for Stop<Problem> {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// A refusal of the org, as the directory sees it.
pub(super) fn of_org(stop: Stop<Refusal>) -> Stop<Problem> {
    match stop {
        Stop::Failed(error) => Stop::Failed(error),
        Stop::Refused(refusal) => {
            let kind = match &refusal {
                Refusal::Unauthorized => ProblemKind::Unauthorized,
                Refusal::Denied(_) => ProblemKind::Forbidden,
                Refusal::NotFound { .. } | Refusal::Conflict(_) => ProblemKind::Conflict,
            };
            Stop::Refused(Problem::new(kind, refusal.to_string()))
        }
    }
}
