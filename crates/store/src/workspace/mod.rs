//! Workspaces: orgs as their own software sees them. Every statement names the org; what another org has is not found.
//!
//! Whatever a caller asks for is decided in the transaction that does it: [`authority::lock`] reads what they may at that
//! moment, the rules of [`sigma_core::workspace`] judge, and a [`Refusal`] has changed nothing.

pub mod api_key;
pub mod authority;
pub mod login;
pub mod membership;
mod pagination;
pub mod quick;
pub mod removal;
pub mod role;
pub mod secret;
pub mod session;
pub mod tenant;

use sigma_core::workspace::Refusal;

use crate::StoreError;

pub use pagination::Page;

/// What an operation comes to: done, refused, or the database failed.
pub type Decision<T> = Result<Result<T, Refusal>, StoreError>;

/// What was granted; a refusal ends the operation. Nothing may have been written before.
macro_rules! granted {
    ($judged:expr) => {
        match $judged {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}
pub(crate) use granted;

/// The key in the change feed of what a workspace calls `id`.
pub fn change_key(org_id: &sigma_core::ids::OrgId, id: &str) -> String {
    format!("{org_id}/{id}")
}
