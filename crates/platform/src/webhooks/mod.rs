//! Webhooks (`docs/guides/webhooks.md`): reads the audit trail, and delivers what webhooks are told of it.

mod deliver;
mod follow;
mod notices;
pub mod pages;
mod secrets;

pub use deliver::{deliver_due, run};
pub use follow::{follow, follow_due};
pub use notices::mail_disabled;
pub use secrets::{Made, make, to_verify};
