//! Workspaces: orgs as their own software sees them. Every statement names the org; objects of another org are not
//! found.
//!
//! Requests are decided in the transaction that performs them: [`authority::lock`] reads the caller's current rights,
//! the rules of [`sigma_core::workspace`] judge, and a [`Refusal`] comes before anything is written.

pub mod active_member;
mod administrators;
pub mod api_key;
pub mod authority;
pub mod login;
pub mod membership;
pub mod page;
mod pagination;
mod permissions;
pub mod quick;
pub mod removal;
pub mod role;
pub mod secret;
pub mod session;
pub mod tenant;

use sigma_core::workspace::Refusal;

use crate::Stop;

pub use pagination::Page;

/// The outcome of an operation in a workspace.
pub type Decision<T> = Result<T, Stop<Refusal>>;

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
