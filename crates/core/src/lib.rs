//! Sigma's types and rules for accounts, apps, tokens, grants and workspaces. Pure: no I/O, no clock, no randomness of
//! its own, no HTTP and no SQL.

pub mod actor;
pub mod app;
pub mod authentication;
pub mod authorize;
pub mod backup;
pub mod branding;
pub mod client_assertion;
pub mod code;
pub mod digest;
pub mod email;
pub mod event;
pub mod fault;
pub mod grant;
pub mod ids;
pub mod interaction;
pub mod jose;
pub mod json;
pub mod org;
pub mod params;
pub mod password;
pub mod person;
pub mod pkce;
pub mod profile;
pub mod provider;
pub mod random;
pub mod redirect;
pub mod resource;
pub mod scope;
pub mod signer_origin;
pub mod slug;
pub mod time;
pub mod token;
pub mod totp;
pub mod unicode;
pub mod webauthn;
