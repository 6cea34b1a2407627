//! Logging in to a workspace, and verifying its callers.

pub mod forward;
pub mod login;
pub mod logout;
pub mod me;
pub mod quick_login;
pub mod quick_logins;
pub mod refresh;
pub mod verify;
