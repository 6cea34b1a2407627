//! Orgs: the tenants, which own apps and resources, and are workspaces to their own software. Every statement names the
//! org; objects of another org are not found.
//!
//! Requests are decided in the transaction that performs them: [`authority::lock`] reads the caller's current rights,
//! the rules of [`sigma_core::org`] judge, and a [`Refusal`](sigma_core::org::Refusal) comes before anything is written.

pub mod active_member;
mod administrators;
pub mod admins;
pub mod api_key;
pub mod authority;
mod decision;
mod departure;
pub mod domain;
pub mod login;
pub mod membership;
pub(crate) mod merging;
mod named;
pub mod page;
mod pagination;
mod permissions;
pub mod provider_member;
pub mod quick;
pub mod quotas;
mod record;
pub mod removal;
pub mod role;
pub mod secret;
pub mod session;
pub mod webhooks;

pub use decision::Decision;
pub use departure::{leave_one, managed_alone};
pub use named::{find_named, load_operator, resolve};
pub use pagination::Page;
pub use record::{Change, NewOrg, Org, add, change, change_with, find, find_with_secrets, list, list_named, remove};
pub(crate) use record::{OWNS_APPS, SLUG_TAKEN, apply};
