//! Tokens of workloads: a job in CI, a service account of a cluster. Their issuer signs what they are, and rules on the claims
//! decide which app they act as (`docs/spec/token-exchange.md#workloads`).

mod pattern;
mod token;

pub use pattern::{ClaimRules, PatternProblem};
pub use token::{Accepted, VerifiedWorkload, WorkloadProblem, WorkloadToken};
