//! Merits: what orgs issue to members, and what members let apps see. Every statement of an org's rows names the org.
//!
//! Requests of an org are decided in the transaction that performs them: [`acting`] reads what the app or person may do now,
//! the rules of [`sigma_core::merits`] judge, and a [`MeritProblem`](sigma_core::merits::MeritProblem) comes before anything is written. The org is locked
//! first, then the member.

pub mod access;
pub mod acting;
pub mod attachment;
pub mod batch;
pub mod credential;
mod decision;
pub mod edit;
pub mod erasure;
pub mod field;
pub mod holder;
pub mod issuer;
mod keyset;
pub mod link;
pub mod list;
pub mod member;
mod merit;
pub mod notice;
pub mod picture;
pub mod request;
pub mod send;
pub mod step;
pub mod template;
pub mod waiting;

pub use decision::Decision;
pub use keyset::Slice;
pub use merit::{Merit, find};
