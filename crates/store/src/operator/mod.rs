//! What the operator's org is to the console and the management API: who has which role, and what they see and do. The rules of
//! [`sigma_core::operator`] are applied in the transaction that reads or writes.

pub mod account;
pub mod admins;
pub mod api_keys;
pub mod app_invitations;
pub mod apps;
pub mod audit;
mod authority;
pub mod branding;
pub mod declarations;
pub mod directories;
pub mod documents;
pub mod domains;
pub mod first_owner;
pub mod impersonators;
pub mod keys;
pub mod links;
pub mod mails;
pub mod new_person;
pub mod orgs;
pub mod overview;
pub mod people;
pub mod providers;
pub mod resources;
pub mod role;
pub mod sessions;
pub mod webhooks;

use sigma_core::operator::OperatorRefusal;

pub use authority::{Caller, find_role, may, role_of};

use crate::Stop;

/// The outcome of an operation of the console.
pub type Decision<T> = Result<T, Stop<OperatorRefusal>>;

impl From<OperatorRefusal> for Stop<OperatorRefusal> {
    fn from(refusal: OperatorRefusal) -> Self {
        Self::Refused(refusal)
    }
}
