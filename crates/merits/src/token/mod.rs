//! The tokens of this surface: JWTs of three kinds, all meant for `{issuer}/v2` (`docs/spec/tokens.md#kinds-of-token`).

mod handle;
mod org_access;

pub use handle::{Handle, issue_member_id, issue_org_id};
pub(crate) use handle::{member_of, org_of};
pub use org_access::VerifiedOrgAccess;
pub(crate) use org_access::{issue, verify};

use sigma_platform::state::AppState;

/// Tolerated clock skew between server processes, in seconds.
const SKEW: i64 = 60;

/// The audience of every token of this surface.
pub(crate) fn audience(sigma: &AppState) -> String {
    format!("{}/v2", sigma.issuer())
}
