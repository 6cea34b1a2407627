//! Workspaces: orgs as their own software sees them. Every statement names the org; objects of another org are not
//! found.
//!
//! Requests are decided in the transaction that performs them: [`authority::lock`] reads the caller's current rights,
//! the rules of [`sigma_core::workspace`] judge, and a [`Refusal`] has changed nothing.

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

/// The outcome of an operation: done, refused, or the database failed.
pub type Decision<T> = Result<Result<T, Refusal>, StoreError>;

/// The granted value; a refusal ends the operation. Nothing may have been written before.
macro_rules! granted {
    ($judged:expr) => {
        match $judged {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}
pub(crate) use granted;

/// The key in the change feed of a workspace's object `id`.
pub fn change_key(org_id: &sigma_core::ids::OrgId, id: &str) -> String {
    format!("{org_id}/{id}")
}
