//! Liveness and readiness probes.

pub mod live;
pub mod ok;
pub mod ready;

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::API;
use crate::http::Policy;
use crate::http::policy::Limit;

const PROBE: Policy = Policy { limit: Limit::Unlimited, ..API };

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}
