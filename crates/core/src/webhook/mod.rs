//! Webhooks (<https://www.standardwebhooks.com>): which events an address is told of, in which words, and by whose signature.

mod filter;
mod notification;
mod secret;

pub use filter::{EventFilter, EventFilterProblem};
pub use notification::{Notification, Reader};
pub use secret::{SecretKind, SecretProblem, SigningSecret, signatures};

/// The header with the id of a message, the same in every attempt to deliver it.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// The longest description of a webhook, in characters.
pub const LONGEST_DESCRIPTION: usize = 200;
