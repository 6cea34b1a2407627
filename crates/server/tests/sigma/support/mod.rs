//! What tests act with: a world with a server in it, browsers with their cookies, keys that sign, apps.

mod answer;
mod authenticator;
mod browser;
pub mod client;
pub mod client_host;
pub mod directory;
pub mod dpop;
pub mod forge;
mod key;
pub mod logs;
mod mails;
mod merit_pages;
pub mod merits;
pub mod openapi;
mod org;
mod pages;
pub mod receiver;
mod redact;
pub mod second_factors;
mod sign_in;
pub mod upstream;
mod world;

pub use answer::{Answer, leads, text};
pub use authenticator::{Authenticator, PASSKEYS, SIGN_IN_PASSKEY};
pub use browser::{Browser, ada};
pub use key::Key;
pub use merit_pages::BadgesApp;
pub use org::{As, PASSWORD, TestOrg};
pub use pages::{at, without_interaction};
pub use redact::redacted;
pub use sign_in::{DIRECT, SIGN_IN, SIGN_UP, claims, post};
pub use world::form_urlencoded as query;
pub use world::{APP, CHALLENGE, REDIRECT, VERIFIER, World};
